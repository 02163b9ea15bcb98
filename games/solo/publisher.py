"""That something has happened in an account's rounds, for its sockets in every process: they then read what it is."""

from collections.abc import Iterable

from casino.live.publisher import publish


def topic_of(game: str) -> str:
    return f"solo.{game}"


def moved(places: Iterable[tuple[str, int]]) -> None:
    """`places` are game and account. Called on commit; no secret and no money goes through here."""
    for game, account_id in places:
        publish(topic_of(game), {"kind": "aside", "account": account_id})
