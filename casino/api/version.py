"""The API's version, and what has changed with each: what `/api/v1/changelog` and the portal show. Newest first."""

from typing import TypedDict

API_VERSION = "1.0.0"


class Change(TypedDict):
    version: str
    date: str
    kind: str  # added, changed, deprecated, removed, fixed
    text: str


CHANGES: list[Change] = [
    {
        "version": "1.0.0",
        "date": "2026-11-21",
        "kind": "added",
        "text": "First version: game state, rounds, bets with reservations, users, sessions, balances, reports, "
        "webhooks, multi, and the live feed.",
    },
]
