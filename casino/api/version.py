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
        "kind": "changed",
        "text": "`GET /reports/activity` counts all bets of your players: beside those that you placed for them, their "
        "own at the table, in solo rounds (`BigPanda/solo`) and of the instant games (dice, videopoker, shell, slots).",
    },
    {
        "version": "1.0.0",
        "date": "2026-11-21",
        "kind": "added",
        "text": "Transfer wallet: POST /wallet/transfers moves money between you and a player, once per reference; "
        "GET /wallet/transfers/{reference}. For payment providers: POST /psp/{provider}/webhook.",
    },
    {
        "version": "1.0.0",
        "date": "2026-11-21",
        "kind": "added",
        "text": "`GET /currencies` and `GET /exchange-rates`: what is played in, and what one currency is worth in "
        "another, with source and time.",
    },
    {
        "version": "1.0.0",
        "date": "2026-11-21",
        "kind": "added",
        "text": "`GET` and `PUT /user/limits`: limits of deposits, stakes, losses and sessions, cool-off, "
        "self-exclusion and reality checks of your players. Bets and sessions of an excluded player are refused with "
        "`player_blocked`, bets that would cross a limit with `limit_reached`; `player.limit_reached` tells it once.",
    },
    {
        "version": "1.0.0",
        "date": "2026-11-21",
        "kind": "added",
        "text": "First version: game state, rounds, bets with reservations, users, sessions, balances, reports, "
        "webhooks, multi, and the live feed.",
    },
]
