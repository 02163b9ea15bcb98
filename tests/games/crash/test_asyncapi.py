"""The AsyncAPI document against the code: every message that is sent or taken is in it, and fits what it says."""

import ast
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from jsonschema import Draft7Validator, FormatChecker

from casino.api.problems import CATALOGUE
from casino.lib.clock import ManualClock
from casino.lib.errors import DomainError
from games.crash import asyncapi, feed_messages, feed_schemas, messages, publisher, socket_schemas
from games.crash.engine import Settle, Sleep
from games.crash.models import Bet, Round
from games.crash.runner import Pace, Table
from games.crash.sealed import sealer
from games.solo import asyncapi as all_sockets
from tests.api.documents import described
from tests.games.crash.playing import make_play
from tests.partners import FeedClient, call
from tests.players import SocketPlayer
from tests.servers import ROOT, Site

Message = dict[str, Any]


# --- a whole document -------------------------------------------------------------------------------------------------
def refs(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        yield from [part["$ref"]] if "$ref" in part else []
        for inner in part.values():
            yield from refs(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from refs(inner)


def found(document: Message, ref: str) -> Any:
    for step in ref.removeprefix("#/").split("/"):
        document = document[step]
    return document


@pytest.mark.django_db
def test_the_document_is_served_and_every_reference_in_it_leads_somewhere() -> None:
    document = described("asyncapi.json")
    assert document == json.loads(json.dumps(all_sockets.document()))
    assert document["asyncapi"] == "3.0.0"
    assert {"title", "version"} <= document["info"].keys()
    assert all(found(document, ref) for ref in refs(document))


@pytest.mark.parametrize("document", [asyncapi.document(), all_sockets.document()], ids=["crash", "all"])
def test_every_message_is_in_a_channel_and_an_operation_and_its_schema_is_one(document: Message) -> None:
    named = document["components"]["messages"].keys()
    listed = [name for channel in document["channels"].values() for name in channel["messages"]]
    used = [ref["$ref"].split("/")[-1] for each in document["operations"].values() for ref in each["messages"]]
    assert sorted(listed) == sorted(used) == sorted(named)
    for operation in document["operations"].values():
        assert operation["action"] in ("send", "receive")
        assert all(ref["$ref"].startswith(operation["channel"]["$ref"] + "/") for ref in operation["messages"])
    for message in document["components"]["messages"].values():
        Draft7Validator.check_schema(message["payload"])


# --- what the code can send and take ----------------------------------------------------------------------------------
PARTS = ("games/crash", "games/social", "casino/live")
SOURCES = [path for part in PARTS for path in (ROOT / part).glob("*.py") if not path.stem.endswith("_schemas")]
# Functions that make messages, and which of their arguments is the type.
MAKERS = {"closed": 0, "broadcast": 0, "_broadcast": 0, "_delta": 1}
OPS = {"answer": 0}


def calls(makers: dict[str, int], sources: list[Path]) -> set[str]:
    """The types that are written where these functions are called."""
    kinds = set()
    for path in sources:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                place = makers.get(name, 99)
                if place < len(node.args) and isinstance(node.args[place], ast.Constant):
                    kinds.add(node.args[place].value)
    return kinds


def literals(key: str, sources: list[Path]) -> set[str]:
    """The values that this key has in dictionaries that are written out."""
    pairs = [
        (name, value)
        for path in sources
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Dict)
        for name, value in zip(node.keys, node.values, strict=True)
    ]
    named = [value for name, value in pairs if isinstance(name, ast.Constant) and name.value == key]
    return {value.value for value in named if isinstance(value, ast.Constant)}


def types_of(schemas: dict[str, Message], key: str) -> set[str]:
    return {schema["properties"][key]["const"] for schema in schemas.values()}


def test_every_message_that_players_may_send_is_in_it() -> None:
    assert types_of(socket_schemas.REQUESTS, "messageType") == messages.READERS.keys()


def test_every_message_that_players_can_be_sent_is_in_it() -> None:
    sent = calls(MAKERS, SOURCES) | literals("messageType", SOURCES)
    assert len(sent) > 15
    assert types_of(socket_schemas.TOLD, "messageType") == sent


def test_every_message_of_the_feed_is_in_it() -> None:
    source = [ROOT / "games/crash/feed_socket.py"]
    nodes = list(ast.walk(ast.parse(source[0].read_text())))
    cases = {n.value.value for n in nodes if isinstance(n, ast.MatchValue) and isinstance(n.value, ast.Constant)}
    assert types_of(feed_schemas.REQUESTS, "op") == cases | {"heartbeat_ack"}
    assert types_of(feed_schemas.TOLD, "op") == calls(OPS, source) | {"error"}
    told = {(channel, kind) for by_channel in feed_messages.TOLD.values() for channel, kind in by_channel.items()}
    of_bets = {("bets", f"bet.{'placed' if status == 'open' else status}") for status in Bet.Status}
    events = {
        (schema["properties"]["channel"]["const"], schema["properties"]["type"]["const"])
        for schema in feed_schemas.EVENTS.values()
    }
    assert events == told | of_bets


def refusals(kind: type[DomainError] = DomainError) -> Iterator[type[DomainError]]:
    for inner in kind.__subclasses__():
        yield inner
        yield from refusals(inner)


def test_every_code_of_an_error_is_in_it() -> None:
    codes = {kind.socket_code for kind in refusals() if kind.__module__.startswith(("games.crash", "games.social"))}
    assert len(codes - {0, None}) > 12
    assert codes - {0, None} <= socket_schemas.ERRORS.keys()
    assert feed_schemas.ERRORS.keys() <= CATALOGUE.keys()


# --- what is really sent ----------------------------------------------------------------------------------------------
def strict(schema: Any) -> Any:
    """The same, but with nothing that is not described."""
    if isinstance(schema, list):
        return [strict(inner) for inner in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {name: strict(inner) for name, inner in schema.items()}
    return {**closed, "additionalProperties": False} if "required" in schema and "properties" in schema else closed


def faults(message: Message, schemas: dict[str, Message], *keys: str) -> list[str]:
    """Why a message is not one of those that these schemas describe."""
    alike = [
        schema
        for schema in schemas.values()
        if all(schema["properties"].get(key, {}).get("const") == message.get(key) for key in keys)
    ]
    if not alike:
        return [f"not described: {message}"]
    found: list[list[str]] = []
    for schema in alike:
        errors = Draft7Validator(strict(schema), format_checker=FormatChecker()).iter_errors(message)
        found.append([f"{message}: {'.'.join(map(str, e.absolute_path))}: {e.message}" for e in errors])
    return min(found, key=len)


def wrong(seen: list[Message], schemas: dict[str, Message], *keys: str) -> list[str]:
    return [fault for message in seen for fault in faults(message, schemas, *keys)]


def test_a_message_that_is_not_as_described_would_be_found() -> None:
    good = {"messageType": "multipliers", "multiplierList": [100]}
    assert wrong([good], socket_schemas.TOLD, "messageType") == []
    for bad in ({"multiplierList": ["100"]}, {"messageType": "jump"}, {"more": 1}, {"multiplierList": None}):
        assert wrong([{**good, **bad}], socket_schemas.TOLD, "messageType"), bad


def test_everything_that_a_table_tells_is_as_described(live_site: Site) -> None:
    with SocketPlayer(live_site.socket_url("alice")) as alice, SocketPlayer(live_site.socket_url("bob")) as bob:
        alice.ask(messageType="subscribe", channels=["bets", "cashouts", "account"])
        alice.wait_for_betting()
        alice.wallet()
        alice.ask(messageType="chat", message="good luck")
        cancelled = alice.bet(300, 3)
        alice.ask(messageType="bet_cancel", betID=cancelled["betID"])
        alice.ask(messageType="nothing")
        for _ in range(20):  # a slow machine may let a round go by
            bob.ask(messageType="bet", amount=500, identifier=1, autoCashoutMultiplier=110)
            kept = alice.ask(messageType="bet", amount=200, identifier=1)
            alice.ask(messageType="bet", amount=200, identifier=2, autoCashoutMultiplier=105)
            alice.wait_for_multiplier(105)
            alice.ask(messageType="win", betID=kept.get("betID", "none"))
            alice.wallet()
            alice.wait_for("crash")
            if {"win", "cashouts"} <= {message["messageType"] for message in alice.seen}:
                break
            alice.wait_for_betting()
        for period in ("day", "month", "year"):
            alice.ask(messageType="top_win", time=period)
        alice.ask(messageType="bet_history")
        alice.ask(messageType="multipliers")
        alice.ask(messageType="bet", amount=1)
        alice.wait_for_betting()
        alice.wallet()
        assert wrong(alice.seen + bob.seen, socket_schemas.TOLD, "messageType") == []
        seen = {message["messageType"] for message in alice.seen}
    elsewhere = {"bonus", "refund", "reality_check"}  # in the next test, and in tests/protection
    assert types_of(socket_schemas.TOLD, "messageType") - seen == elsewhere


@pytest.mark.django_db
def test_bonus_and_refund_are_as_described(make_player: Any, now: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Message] = []

    def tell(topic: str, event: Message) -> None:
        told.extend([event["message"] | {"seq": event["seq"]}] if event["kind"] == "event" else [])
        told.extend(message for to in event.get("to", {}).values() for message in to)

    monkeypatch.setattr(publisher, "publish", tell)
    monkeypatch.setattr("django.db.transaction.on_commit", lambda work: work())
    alice = make_player("alice", real=100_00)
    play = make_play(alice, now)
    play.open()
    play.placed(alice)
    clock = ManualClock(play.now + timedelta(seconds=30))
    table = Table(play.game, clock=clock, pace=Pace(5000, 200, 300), tell=tell)
    table._take_over()  # what the last engine left is undone
    table.advance()
    table.advance()
    live = Round.objects.get(game_id=play.game, state="waiting")
    kept = json.loads(sealer().open(live.sealed))
    Round.objects.filter(pk=live.pk).update(
        sealed=sealer().seal(json.dumps({**kept, "crash_point": 150, "bonus_tick": 3}))
    )
    while not isinstance(step := table.advance(), Settle):
        if isinstance(step, Sleep):
            clock.current = step.until
    assert {"refund", "bonus", "crash"} <= {message["messageType"] for message in told}
    assert wrong(told, socket_schemas.TOLD, "messageType") == []


def test_everything_that_the_feed_tells_is_as_described(live_site: Site) -> None:
    key = live_site.seed["partner"]["test"]
    with FeedClient(live_site.ws) as feed, SocketPlayer(live_site.socket_url("bob")) as bob:
        feed.ask(op="nonsense")
        feed.ask(op="auth", key=key["key"])
        bob.wait_for_betting()
        place = feed.ask(op="subscribe", channels=list(feed_messages.CHANNELS))["channels"]["round_updates"]
        bets: list[Message] = [
            {"identifier": 1, "auto_cashout": 110},
            {"identifier": 2, "client_reference": uuid4().hex},
            {"identifier": 3, "confirm": False},
            {"identifier": 4, "confirm": False},
        ]
        tickets = [call(live_site, key, "POST", "/bets", {"user": "p-1", "amount": 200, **bet})[1] for bet in bets]
        call(live_site, key, "POST", f"/bets/{tickets[3]['ticket_id']}/cancel", {})
        bob.bet(20_000, 1, auto=120)  # a win for the leaderboard
        feed.wait_for(type="round.settled")
        feed.wait_for(type="leaderboard.updated")
        feed.wait_for(type="round.waiting")
        since = {"epoch": place["epoch"], "seq": place["seq"]}
        feed.ask(op="unsubscribe", channels=["round_updates"])
        feed.ask(op="subscribe", channels=["round_updates"], since=since)
        feed.ask(op="subscribe", channels=["round_updates"], since={"epoch": "other", "seq": 1})
    answers = [message for message in feed.seen if "op" in message]
    answers.append(json.loads(feed_messages.answer("heartbeat", n=1)))  # the first is fifteen seconds away
    events = [message for message in feed.seen if "channel" in message]
    assert wrong(answers, feed_schemas.TOLD, "op") == []
    assert wrong(events, feed_schemas.EVENTS, "channel", "type") == []
    assert types_of(feed_schemas.TOLD, "op") - {message["op"] for message in answers} == set()
    kinds = types_of(feed_schemas.EVENTS, "type")
    # A refund is a bet as the others are; rounds of this server end as they should.
    assert kinds - {message["type"] for message in events} == {"bet.refunded"}
