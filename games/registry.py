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


def workers() -> list[Service]:
    """
    What brings news to partners, operators what they are owed, withdrawals to their providers, affiliates their shares,
    the count of what the house has gained, and what ends solo rounds that nobody looks at; `manage.py run_worker` in
    production.
    """
    from accounts.webhooks.worker import run_worker
    from games.solo.sweep import run_sweep
    from wallet.affiliates.worker import run_affiliates
    from wallet.bankroll.worker import run_bankrolls
    from wallet.operators.worker import run_operators
    from wallet.services import payment_services

    return [run_worker, run_operators, *payment_services(), run_bankrolls, run_affiliates, run_sweep]


def background_services() -> list[Service]:
    """What the embedded server hosts: the engines, and the workers."""
    return [*workers(), *(service for kind in KINDS for service in kind.services())]
