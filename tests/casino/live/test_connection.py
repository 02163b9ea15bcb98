"""The hub against clients that read, read slowly, stop reading and go away."""

import asyncio
import weakref
from typing import Any

from casino.live.connection import Connection, Limits
from casino.live.hub import Hub
from tests.casino.live.helpers import Client, connect, run, turns, until


def test_a_text_goes_to_every_socket_of_its_topic_and_to_no_other() -> None:
    async def main() -> None:
        hub, alice, bob, charlie = Hub(), Client(), Client(), Client()
        connect(hub, alice)
        connect(hub, bob)
        connect(hub, charlie, "another game")
        assert hub.broadcast("game", "hello") == 2
        assert (alice.texts, bob.texts, charlie.texts) == (["hello"], ["hello"], [])

    run(main)


def test_an_opt_in_channel_reaches_only_those_who_asked_for_it() -> None:
    async def main() -> None:
        hub, alice, bob = Hub(), Client(), Client()
        subscriber = connect(hub, alice)
        connect(hub, bob)
        hub.subscribe(subscriber, "game", ["bets"])
        hub.broadcast("game", "delta", channel="bets")
        hub.unsubscribe(subscriber, "game", ["bets"])
        hub.broadcast("game", "late", channel="bets")
        assert (alice.texts, bob.texts) == (["delta"], [])
        assert not hub.has_subscribers("game", "bets")

    run(main)


def test_a_text_for_one_party_reaches_all_its_sockets_in_that_topic_only() -> None:
    async def main() -> None:
        hub = Hub()
        phone, desktop, elsewhere, bob = Client(), Client(), Client(), Client()
        connect(hub, phone, recipient="alice", user_id=1)
        subscriber = connect(hub, desktop, recipient="alice", user_id=1)
        connect(hub, elsewhere, "another game", recipient="alice", user_id=1)
        connect(hub, bob, recipient="bob", user_id=2)
        hub.to_recipient("game", "alice", "you won")
        hub.subscribe(subscriber, "game", ["account"])
        hub.to_recipient("game", "alice", "balance", channel="account")
        hub.to_user("game", 1, "note")
        assert phone.texts == ["you won", "note"]
        assert desktop.texts == ["you won", "balance", "note"]
        assert elsewhere.texts == bob.texts == []

    run(main)


def test_a_stalled_client_delays_nobody_and_gets_its_frames_in_order_when_it_reads_on() -> None:
    async def main() -> None:
        hub, alice, bob = Hub(), Client(), Client()
        connection = connect(hub, alice)
        connect(hub, bob)
        alice.stop_reading()
        for number in range(20):
            hub.broadcast("game", str(number))
        assert bob.texts == [str(number) for number in range(20)]  # before the loop has even turned
        assert connection.busy
        alice.read_on()
        await until(lambda: not connection.busy)
        hub.broadcast("game", "20")
        assert alice.texts == [str(number) for number in range(21)]
        assert hub.counts()["busy"] == 0

    run(main)


def test_frames_sent_between_the_turns_of_the_loop_never_overtake_each_other() -> None:
    async def main() -> None:
        hub, alice = Hub(), Client()
        connect(hub, alice)
        sent = []
        for number in range(200):
            if number % 7 == 3:
                alice.stop_reading()
            if number % 7 == 6:
                alice.read_on()
            hub.broadcast("game", str(number))
            sent.append(str(number))
            if number % 3 == 0:
                await asyncio.sleep(0)
        alice.read_on()
        await until(lambda: len(alice.texts) == len(sent))
        assert alice.texts == sent

    run(main)


def test_waiting_ticks_are_replaced_by_newer_ones_without_changing_the_order_of_the_rest() -> None:
    async def main() -> None:
        hub, alice = Hub(), Client()
        connect(hub, alice)
        alice.stop_reading()
        hub.broadcast("game", "being written")
        for tick in range(100):
            hub.broadcast("game", f"tick {tick}", conflate="multiplier")
        hub.broadcast("game", "crash")
        hub.broadcast("game", "tick of the next round", conflate="multiplier")
        alice.read_on()
        await until(lambda: len(alice.texts) == 3)
        await turns()
        assert alice.texts == ["being written", "crash", "tick of the next round"]
        assert hub.conflated == 100

    run(main)


def test_a_client_whose_backlog_is_full_is_closed_with_4408_and_forgotten() -> None:
    async def main() -> None:
        hub, alice, bob = Hub(limits=Limits(backlog_frames=5)), Client(), Client()
        connection = connect(hub, alice, user_id=1, session_id=1)
        connect(hub, bob)
        alice.stop_reading()
        for number in range(6):
            hub.broadcast("game", str(number))
        assert not connection.closed
        hub.broadcast("game", "one too many")
        assert connection.closed
        assert hub.counts() | {"delivered": 0} == {
            "connections": 1, "users": 0, "sessions": 0, "busy": 1, "delivered": 0, "conflated": 0, "closed_slow": 1,
            "topic:game": 1,
        }  # fmt: skip
        alice.read_on()
        await until(lambda: alice.close_codes == [4408])
        assert alice.texts == []  # what waited was thrown away
        connection.gone()
        remembered = weakref.ref(connection)
        del connection
        await until(lambda: remembered() is None)
        assert len(bob.texts) == 7

    run(main)


def test_a_client_that_takes_nothing_for_too_long_is_closed_without_another_frame_being_sent() -> None:
    async def main() -> None:
        hub, alice = Hub(limits=Limits(stalled_seconds=0.05)), Client()
        connection = connect(hub, alice)
        alice.stop_reading()
        hub.broadcast("game", "hello")
        await until(lambda: connection.closed)
        alice.read_on()
        await until(lambda: alice.close_codes == [4408])

    run(main)


def test_a_slow_client_that_keeps_taking_frames_is_not_closed() -> None:
    async def main() -> None:
        hub, alice = Hub(limits=Limits(stalled_seconds=0.2)), Client()
        connection = connect(hub, alice)
        alice.stop_reading()
        alice.sips = True
        for number in range(20):
            hub.broadcast("game", str(number))
        started = asyncio.get_running_loop().time()
        while connection.busy:
            alice.read_on()
            await asyncio.sleep(0.03)
        assert asyncio.get_running_loop().time() - started > 0.2
        assert not connection.closed
        assert alice.texts == [str(number) for number in range(20)]

    run(main)


def test_a_client_that_has_gone_is_removed_by_the_next_broadcast() -> None:
    async def main() -> None:
        hub, alice, bob = Hub(), Client(), Client()
        connect(hub, alice)
        connect(hub, bob)
        alice.lost = True
        hub.broadcast("game", "hello")
        assert bob.texts == ["hello"]
        assert hub.counts()["connections"] == 1

    run(main)


def test_a_polite_close_comes_after_what_is_already_on_its_way() -> None:
    async def main() -> None:
        hub, alice = Hub(), Client()
        connection = connect(hub, alice)
        alice.stop_reading()
        hub.broadcast("game", "first")
        hub.broadcast("game", "second")
        connection.close(4401, text="session ended")
        hub.broadcast("game", "not any more")
        assert hub.counts()["connections"] == 0
        alice.read_on()
        await until(lambda: alice.close_codes == [4401])
        assert alice.texts == ["first", "second", "session ended"]
        connection.gone()

    run(main)


def test_ending_a_session_closes_its_sockets_and_no_others_even_one_that_is_just_being_opened() -> None:
    async def main() -> None:
        hub, alice, bob, late = Hub(), Client(), Client(), Client()
        connect(hub, alice, session_id=1, farewell="1000")
        connect(hub, bob, session_id=2, farewell="1000")
        assert hub.close_sessions([1, 3]) == 1
        connect(hub, late, session_id=3, farewell="1000")
        for client in (alice, late):
            assert (client.texts, client.close_codes) == (["1000"], [4401])
        assert bob.close_codes == []
        assert hub.sessions() == [2]

    run(main)


def test_a_socket_that_leaves_while_it_is_written_to_leaves_no_task_behind() -> None:
    async def main() -> None:
        hub, alice = Hub(), Client()
        connection = connect(hub, alice, user_id=1, session_id=1)
        alice.stop_reading()
        hub.broadcast("game", "hello")
        await turns()
        connection.gone()
        await turns()
        assert asyncio.all_tasks() == {asyncio.current_task()}
        assert hub.counts() == {**dict.fromkeys(hub.counts(), 0), "delivered": 1}

    run(main)


class Transport:
    """As much of a transport as the hub uses, with buffers that are full."""

    def __init__(self) -> None:
        self.aborted = False

    def get_write_buffer_size(self) -> int:
        return 1000

    def abort(self) -> None:
        self.aborted = True


class Protocol(Client):
    """A server's protocol object, as uvicorn's: `send` is its method, and waits for `writable`."""

    def __init__(self) -> None:
        super().__init__()
        self.transport: Any = Transport()
        self.writable = self._reading


def test_a_stalled_client_is_sent_a_close_frame_at_once_and_its_connection_is_aborted_after_a_while() -> None:
    async def main() -> None:
        hub, alice = Hub(limits=Limits(backlog_frames=1, linger_seconds=0.05)), Protocol()
        connection = connect(hub, alice)
        alice.stop_reading()
        for number in range(3):
            hub.broadcast("game", str(number))
        assert connection.closed
        assert alice.close_codes == [4408]
        assert not alice.transport.aborted
        await until(lambda: alice.transport.aborted)

    run(main)


def test_a_connection_that_ends_with_bytes_still_on_their_way_is_aborted_after_a_while() -> None:
    async def main() -> None:
        hub, alice = Hub(limits=Limits(linger_seconds=0.05)), Protocol()
        connect(hub, alice).gone()
        await until(lambda: alice.transport.aborted)

    run(main)


def test_with_a_server_that_hides_its_transport_the_application_of_a_stalled_client_is_ended() -> None:
    async def main() -> None:
        hub, alice = Hub(limits=Limits(backlog_frames=1, linger_seconds=0.05)), Client()
        application = asyncio.create_task(asyncio.Event().wait())
        connection = Connection(hub, alice.send, app=application)
        hub.add(connection)
        alice.stop_reading()
        for number in range(3):
            connection.send(str(number))
        await until(application.cancelled)
        await turns()
        assert asyncio.all_tasks() == {asyncio.current_task()}

    run(main)
