"""
What a round keeps secret until it crashes: seed, crash point and bonus, encrypted in its row.

Every serving process can open it, since cash-outs are decided where they arrive; nothing opened is ever sent or logged.
"""

import json
from functools import lru_cache
from typing import Protocol

from django.conf import settings

from casino.lib.sealing import Sealer
from games.crash.fairness import Result
from games.crash.rules import Course


class Sealed(Protocol):
    """A round's row, of whatever table."""

    sealed: str
    tick_ms: int


@lru_cache(maxsize=1)
def sealer() -> Sealer:
    return Sealer(settings.ENCRYPTION_KEYS)


def seal_result(result: Result, *, boost_percent: int) -> str:
    return sealer().seal(
        json.dumps(
            {
                "salt": result.salt,
                "crash_point": result.crash_point,
                "bonus_tick": result.bonus_tick,
                "boost_percent": boost_percent,
            }
        )
    )


@lru_cache(maxsize=256)
def _open(sealed: str) -> dict[str, int | str | None]:
    opened: dict[str, int | str | None] = json.loads(sealer().open(sealed))
    return opened


def course_of(round_: Sealed) -> Course:
    """How the round runs. Secret while it is live."""
    opened = _open(round_.sealed)
    return Course(
        tick_ms=round_.tick_ms,
        crash_point=int(opened["crash_point"] or 0),
        bonus_tick=None if opened["bonus_tick"] is None else int(opened["bonus_tick"]),
        boost_percent=int(opened["boost_percent"] or 0),
    )


def salt_of(round_: Sealed) -> str:
    return str(_open(round_.sealed)["salt"])
