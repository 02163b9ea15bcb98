"""What a feed makes of the channel layer's events: numbers, conflation, deltas, addresses."""

import asyncio
import json
from typing import Any

import pytest

from casino.lib.clock import ManualClock
from casino.live import feed as feed_module
from casino.live import publisher
from casino.live.feed import Feed, Sequence, feed_of
from casino.live.hub import Hub, current_hub
from tests.casino.live.helpers import Client, connect, run, until


def event(seq: int, kind: str = "wait", *, epoch: int = 1, conflate: bool = False, **fields: Any) -> dict[str, Any]:
    message = {"messageType": kind, **fields}
    return {"kind": "event", "epoch": epoch, "seq": seq, "message": message, "conflate": conflate}


def heard(client: Client) -> list[dict[str, Any]]:
    return [json.loads(text) for text in client.texts]


@pytest.mark.parametrize(
    ("incoming", "outgoing"),
    [
        ([(1, 1), (1, 2), (1, 3)], [1, 2, 3]),
        ([(1, 7), (1, 8)], [7, 8]),  # joined in the middle
        ([(1, 1), (1, 1), (1, 2), (1, 1)], [1, None, 2, None]),  # repeated and late
        ([(1, 1), (1, 2), (1, 5)], [1, 2, 5]),  # lost: the gap shows
        ([(1, 40), (2, 1), (2, 2)], [40, 41, 42]),  # a new engine that counts from one
        ([(1, 40), (2, 90), (2, 91)], [40, 41, 42]),  # a new engine that counts on, events lost with the old one
        ([(1, 40), (2, 41), (1, 41), (2, 42)], [40, 41, None, 42]),  # the old one was fenced, its event came late
        ([(1, 40), (2, 1), (3, 1), (3, 4)], [40, 41, 42, 45]),
    ],
)
def test_numbers_rise_without_gaps_across_engines_and_nothing_is_sent_twice(
    incoming: list[tuple[int, int]], outgoing: list[int | None]
) -> None:
    sequence = Sequence()
    assert [sequence.next(epoch, seq) for epoch, seq in incoming] == outgoing


def test_an_event_is_sent_with_its_number_and_remembered_as_the_latest_of_its_type() -> None:
    async def main() -> None:
        hub, alice = Hub(), Client()
        feed = Feed(hub, "game", tick_ms=1)
        told: list[dict[str, Any]] = []
        feed.on_event(lambda event: told.append(event["message"]))
        connect(hub, alice)
        feed.handle(event(1, "wait", time=5000))
        feed.handle(event(2, "start"))
        feed.handle(event(3, "wait", time=4000))
        assert [(m["messageType"], m["seq"]) for m in heard(alice)] == [("wait", 1), ("start", 2), ("wait", 3)]
        assert feed.latest == {
            "wait": {"messageType": "wait", "time": 4000, "seq": 3},
            "start": {"messageType": "start", "seq": 2},
        }
        assert told == heard(alice)

    run(main)


def test_a_callback_that_fails_keeps_nothing_from_the_sockets() -> None:
    async def main() -> None:
        hub, alice = Hub(), Client()
        feed = Feed(hub, "game", tick_ms=1)
        feed.on_event(lambda event: event["no such field"])
        connect(hub, alice)
        feed.handle(event(1))
        assert len(alice.texts) == 1

    run(main)


def test_only_ticks_are_conflated_for_a_client_that_reads_slowly() -> None:
    async def main() -> None:
        hub, alice = Hub(), Client()
        feed = Feed(hub, "game", tick_ms=1)
        connect(hub, alice)
        alice.stop_reading()
        feed.handle(event(1, "start"))
        for seq in range(2, 50):
            feed.handle(event(seq, "multiplier", conflate=True))
        feed.handle(event(50, "bonus"))
        feed.handle(event(51, "multiplier", conflate=True))
        feed.handle(event(52, "crash"))
        alice.read_on()
        await until(lambda: len(alice.texts) == 4)
        assert [m["seq"] for m in heard(alice)] == [1, 50, 51, 52]

    run(main)


def test_chat_counts_in_a_number_of_its_own() -> None:
    async def main() -> None:
        hub, alice = Hub(), Client()
        feed = Feed(hub, "game", tick_ms=1)
        connect(hub, alice)
        for text in ("hi", "ho"):
            feed.handle({"kind": "chat", "message": {"messageType": "chat", "message": text}})
        feed.handle(event(1))
        assert [(m.get("chatSeq"), m.get("seq")) for m in heard(alice)] == [(1, None), (2, None), (None, 1)]

    run(main)


def test_a_direct_message_reaches_its_party_and_charlie_sees_nothing() -> None:
    async def main() -> None:
        hub, alice, charlie = Hub(), Client(), Client()
        feed = Feed(hub, "game", tick_ms=1)
        connect(hub, alice, recipient="11")
        connect(hub, charlie, recipient="12")
        feed.handle({"kind": "direct", "to": {"11": [{"messageType": "win", "winAmount": 250}], "13": []}})
        feed.handle({"kind": "direct", "channel": "account", "to": {"11": [{"messageType": "balance"}]}})
        assert heard(alice) == [{"messageType": "win", "winAmount": 250}]
        assert charlie.texts == []

    run(main)


def test_deltas_of_a_tick_become_one_message_for_those_who_subscribed(clock: ManualClock) -> None:
    async def main() -> None:
        hub, alice, bob = Hub(), Client(), Client()
        feed = Feed(hub, "game", tick_ms=100, clock=clock)
        subscriber = connect(hub, alice)
        connect(hub, bob)
        hub.subscribe(subscriber, "game", ["bets"])
        started = asyncio.get_running_loop().time()
        for number in range(10):
            feed.handle({"kind": "delta", "channel": "bets", "roundId": "r1", "items": [{"bet": number}]})
            feed.handle({"kind": "delta", "channel": "cashouts", "roundId": "r1", "items": [{"bet": number}]})
        await until(lambda: len(alice.texts) == 1)
        feed.handle({"kind": "delta", "channel": "bets", "roundId": "r1", "items": [{"bet": 10}]})
        feed.handle({"kind": "delta", "channel": "bets", "roundId": "r2", "items": [{"bet": 11}]})
        feed.handle({"kind": "delta", "channel": "bets", "roundId": "r2", "items": [{"bet": 12}]})
        await until(lambda: len(alice.texts) == 3)
        assert asyncio.get_running_loop().time() - started >= 0.2  # three messages, two ticks between them
        assert [(m["deltaSeq"], m["roundId"], [item["bet"] for item in m["bets"]]) for m in heard(alice)] == [
            (1, "r1", list(range(10))),
            (2, "r1", [10]),
            (3, "r2", [11, 12]),
        ]
        assert heard(alice)[0]["messageType"] == "bets"
        assert heard(alice)[0]["timestamp"] == "2026-03-01T12:00:00.000Z"
        assert bob.texts == []

    run(main)


def test_a_flood_of_bets_is_spread_over_ticks_and_none_is_lost() -> None:
    async def main() -> None:
        hub, alice = Hub(), Client()
        feed = Feed(hub, "game", tick_ms=1)
        hub.subscribe(connect(hub, alice), "game", ["bets"])
        feed.handle({"kind": "delta", "channel": "bets", "roundId": "r1", "items": list(range(1200))})
        await until(lambda: len(alice.texts) == 3)
        assert [item for m in heard(alice) for item in m["bets"]] == list(range(1200))
        assert max(len(m["bets"]) for m in heard(alice)) == feed_module.ITEMS_PER_DELTA

    run(main)


def test_an_event_that_makes_no_sense_is_logged_and_the_feed_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        feed = await feed_of("test.nonsense")
        alice = Client()
        connect(current_hub(), alice, "test.nonsense")
        for nonsense in ({"kind": "event"}, {"kind": "what"}, {"kind": "direct", "to": 7}):
            publisher.publish("test.nonsense", nonsense)
        publisher.publish("test.nonsense", event(1))
        await until(lambda: len(alice.texts) == 1)
        assert feed.last_seq == 1

    run(main)
    assert len([record for record in caplog.records if record.name == "casino.live.feed"]) == 3


def test_a_session_ended_anywhere_closes_its_sockets_here() -> None:
    async def main() -> None:
        await feed_of(feed_module.CONTROL_TOPIC)
        alice, bob = Client(), Client()
        connect(current_hub(), alice, session_id=1, farewell="1000")
        connect(current_hub(), bob, session_id=2, farewell="1000")
        publisher.publish("control", {"kind": "control", "action": "close_sessions", "sessions": [1]})
        await until(lambda: alice.close_codes == [4401])
        assert alice.texts == ["1000"]
        assert bob.frames == []

    run(main)


class FlakyLayer:
    """A channel layer that loses its connection, twice when asked to join and once when asked for a message."""

    def __init__(self, events: list[dict[str, Any]]) -> None:
        self.failures = {"join": 2, "receive": 1}
        self.events = events

    def fail(self, what: str) -> None:
        if self.failures[what]:
            self.failures[what] -= 1
            raise ConnectionError(what)

    async def new_channel(self, prefix: str) -> str:
        return prefix

    async def group_add(self, group: str, channel: str) -> None:
        self.fail("join")

    async def group_discard(self, group: str, channel: str) -> None:
        raise ConnectionError

    async def receive(self, channel: str) -> dict[str, Any]:
        if len(self.events) == 1:
            self.fail("receive")
        if not self.events:
            await asyncio.Event().wait()
        return self.events.pop(0)


def test_a_feed_that_loses_the_channel_layer_comes_back_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        layer = FlakyLayer([event(1), event(2)])
        monkeypatch.setattr(feed_module, "get_channel_layer", lambda: layer)
        monkeypatch.setattr(feed_module, "FIRST_RETRY_SECONDS", 0.01)
        alice = Client()
        connect(current_hub(), alice, "test.flaky")
        await feed_of("test.flaky")
        await until(lambda: len(alice.texts) == 2)
        assert layer.failures == {"join": 0, "receive": 0}
        assert [m["seq"] for m in heard(alice)] == [1, 2]

    run(main)


def test_a_feed_keeps_its_place_in_the_group_so_that_the_layer_does_not_forget_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def main() -> None:
        joins: list[str] = []

        class Layer(FlakyLayer):
            async def group_add(self, group: str, channel: str) -> None:
                joins.append(group)

        monkeypatch.setattr(feed_module, "get_channel_layer", lambda: Layer([]))
        monkeypatch.setattr(feed_module, "REJOIN_SECONDS", 0.01)
        await feed_of("test.rejoin")
        await until(lambda: len(joins) >= 3)
        assert set(joins) == {"live.test.rejoin"}

    run(main)
