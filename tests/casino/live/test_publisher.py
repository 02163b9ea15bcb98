"""Publishing from any thread, in order, without waiting and without raising."""

import asyncio
import threading
from typing import Any

import pytest

from casino.live import publisher
from casino.live.feed import feed_of
from tests.casino.live.helpers import run, until


def numbered(number: int) -> dict[str, Any]:
    return {"kind": "chat", "message": {"messageType": "chat", "number": number}}


def test_events_of_a_thread_and_of_the_loop_arrive_in_the_order_they_were_published() -> None:
    async def main() -> None:
        feed = await feed_of("test.order")
        arrived: list[int] = []
        feed.on_event(lambda event: arrived.append(event["message"]["number"]))

        def publish_fifty() -> None:
            for number in range(50):
                publisher.publish("test.order", numbered(number))

        await asyncio.to_thread(publish_fifty)
        for number in range(50, 60):
            publisher.publish("test.order", numbered(number))
        await publisher.publish_async("test.order", numbered(60))
        await until(lambda: len(arrived) == 61)
        assert arrived == list(range(61))

    run(main)


def test_nothing_is_lost_when_many_threads_publish_at_once() -> None:
    async def main() -> None:
        feed = await feed_of("test.threads")
        arrived: list[int] = []
        feed.on_event(lambda event: arrived.append(event["message"]["number"]))

        def publish_from(first: int) -> None:
            for number in range(first, first + 100):
                publisher.publish("test.threads", numbered(number))

        threads = [threading.Thread(target=publish_from, args=(first,)) for first in range(0, 800, 100)]
        for thread in threads:
            thread.start()
        await until(lambda: len(arrived) == 800)
        for thread in threads:
            thread.join()
        assert sorted(arrived) == list(range(800))
        for first in range(0, 800, 100):
            own = [number for number in arrived if first <= number < first + 100]
            assert own == sorted(own)

    run(main)


def test_flush_waits_until_everything_has_left() -> None:
    async def main() -> None:
        feed = await feed_of("test.flush")
        arrived: list[int] = []
        feed.on_event(lambda event: arrived.append(event["message"]["number"]))

        def command() -> bool:
            for number in range(20):
                publisher.publish("test.flush", numbered(number))
            return publisher.flush()

        assert await asyncio.to_thread(command)
        await until(lambda: len(arrived) == 20)
        with pytest.raises(RuntimeError):
            publisher.flush()

    run(main)


def test_a_failure_to_send_is_logged_once_per_outage_and_never_raised(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        feed = await feed_of("test.broken")
        arrived: list[int] = []
        feed.on_event(lambda event: arrived.append(event["message"]["number"]))

        class Broken:
            async def group_send(self, group: str, message: dict[str, Any]) -> None:
                raise ConnectionError("no layer")

        with monkeypatch.context() as patch:
            patch.setattr(publisher, "get_channel_layer", Broken)
            for number in range(5):
                await publisher.publish_async("test.broken", numbered(number))
        await publisher.publish_async("test.broken", numbered(5))
        await until(lambda: arrived == [5])

    run(main)
    assert [record.levelname for record in caplog.records if record.name == "casino.live.publisher"] == [
        "ERROR",
        "WARNING",
    ]


def test_a_topic_that_cannot_be_a_group_is_logged_and_not_raised(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        await publisher.publish_async("no topic!", numbered(1))

    run(main)
    assert "could not be sent" in caplog.text


def test_publishing_after_the_loop_has_gone_is_harmless() -> None:
    async def main() -> None:
        await feed_of("test.gone")

    run(main)
    publisher.publish("test.gone", numbered(1))
    assert publisher.flush(1)


def test_an_event_published_from_a_loop_of_another_thread_leaves_from_the_home_loop() -> None:
    async def main() -> None:
        feed = await feed_of("test.elsewhere")
        arrived: list[int] = []
        feed.on_event(lambda event: arrived.append(event["message"]["number"]))
        await asyncio.to_thread(asyncio.run, publisher.publish_async("test.elsewhere", numbered(1)))
        await until(lambda: arrived == [1])
        assert await publisher.drain()

    run(main)
