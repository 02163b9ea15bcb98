"""
The games of the platform: what each needs to run in the background. Adding a game is a folder and a line here.

`services` run for as long as the process does; the embedded server hosts them all, in production each kind of process
runs its own (`manage.py run_crash` for the engines).
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

Service = Callable[[asyncio.Event], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class GameKind:
    name: str
    services: Callable[[], list[Service]]


def _crash_services() -> list[Service]:
    from games.crash.runner import run_all_tables

    return [run_all_tables]


KINDS = (GameKind("crash", _crash_services),)


def background_services() -> list[Service]:
    return [service for kind in KINDS for service in kind.services()]
