from tests.games.instant.conftest import casino

__all__ = ["casino"]
