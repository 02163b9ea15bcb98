"""
Rounds with known crash points, for tests with real servers.

The house cannot do this: a chain is announced before its client seed is drawn. A test makes both, so it may look for
client seeds under which a short chain's rounds all crash within a range.
"""

import secrets

from django.utils import timezone

from games.crash import fairness
from games.crash.models import GameConfig, SeedChain
from games.crash.rules import CAPS
from games.crash.sealed import sealer

CHAIN = 4


def steer(game: str, *, low: int, high: int, rounds: int) -> None:
    """The game's next `rounds` rounds crash between `low` and `high` hundredths."""
    config = GameConfig.objects.filter(game_id=game).latest("version")
    for _ in range(-(-rounds // CHAIN)):
        root = secrets.token_bytes(32)
        seeds = [fairness.seed_at(root, length=CHAIN, index=index) for index in range(CHAIN)]
        for attempt in range(1_000_000):
            client_seed = f"steered-{attempt}"
            points = [
                fairness.result_of(
                    seed,
                    client_seed,
                    rtp=config.rtp,
                    cap=CAPS[config.volatility],
                    bonus_probability=config.bonus_probability,
                    boost_percent=config.bonus_boost_percent,
                ).crash_point
                for seed in seeds
            ]
            if all(low <= point <= high for point in points):
                break
        now = timezone.now()
        SeedChain.objects.create(
            game_id=game,
            length=CHAIN,
            terminal_hash=fairness.terminal_hash(root, length=CHAIN),
            root_sealed=sealer().seal(root.hex()),
            announced_at=now,
            client_seed=client_seed,
            client_seed_source="a test",
            client_seed_at=now,
        )
