"""An account's next secret, encrypted in its row until the bet that uses it."""

from functools import lru_cache

from django.conf import settings

from casino.lib.sealing import Sealer
from games.instant.fairness import Secret


@lru_cache(maxsize=1)
def _sealer() -> Sealer:
    return Sealer(settings.ENCRYPTION_KEYS)


def seal(secret: Secret) -> str:
    return _sealer().seal(secret.text)


def opened(sealed: str) -> Secret:
    return Secret.of(_sealer().open(sealed))
