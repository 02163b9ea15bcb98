"""The feed over a real Redis: between processes, and after a long silence."""

import asyncio
import itertools
import json
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
import redis
from channels.layers import channel_layers
from django.conf import settings
from django.test import override_settings

from casino.live import publisher
from casino.live.feed import feed_of
from casino.live.hub import current_hub
from tests.casino.live.helpers import Client, connect, run, until

pytestmark = pytest.mark.redis

REDIS_URL = settings.REDIS_URLS[0] if settings.REDIS_URLS else "redis://127.0.0.1:6379"

OWN_NAME = f"test-live-{os.getpid()}"

PUBLISH = """
import django
django.setup()
from casino.live.publisher import publish
publish("{topic}", {{"kind": "chat", "message": {{"messageType": "chat", "message": "from another process"}}}})
"""


@pytest.fixture
def redis_layer() -> Iterator[None]:
    """The channel layer as settings.py configures it for Redis."""
    try:
        redis.Redis.from_url(REDIS_URL, socket_connect_timeout=1).ping()
    except redis.RedisError:
        pytest.skip(f"no Redis answers at {REDIS_URL}")
    config = {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [{"address": REDIS_URL, "socket_timeout": None, "client_name": OWN_NAME}]},
    }
    with override_settings(CHANNEL_LAYERS={"default": config}):
        channel_layers.backends.pop("default", None)
        yield
    channel_layers.backends.pop("default", None)


def event(topic: str, seq: int) -> None:
    publisher.publish(topic, {"kind": "event", "epoch": 1, "seq": seq, "message": {"messageType": "wait"}})


def test_a_feed_still_receives_after_a_silence_longer_than_the_clients_default_timeout(redis_layer: None) -> None:
    async def main() -> None:
        topic = f"test.idle.{os.getpid()}"
        alice = Client()
        connect(current_hub(), alice, topic)
        await feed_of(topic)
        event(topic, 1)
        await until(lambda: len(alice.texts) == 1)
        await asyncio.sleep(6.5)  # the silence itself is what is tested: redis-py 8 ends idle sockets after 5 s
        event(topic, 2)
        await until(lambda: len(alice.texts) == 2)
        assert [json.loads(text)["seq"] for text in alice.texts] == [1, 2]

    run(main)


def test_a_command_in_another_process_reaches_the_sockets_here_before_it_exits(redis_layer: None) -> None:
    async def main() -> None:
        topic = f"test.command.{os.getpid()}"
        alice = Client()
        connect(current_hub(), alice, topic)
        await feed_of(topic)
        command = await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-c", PUBLISH.format(topic=topic)],
            env={**os.environ, "REDIS_URL": REDIS_URL, "DJANGO_SETTINGS_MODULE": "casino.settings"},
            cwd=settings.BASE_DIR,
            capture_output=True,
            timeout=30,
            check=False,
        )
        assert command.returncode == 0, command.stderr.decode()
        await until(lambda: len(alice.texts) == 1)
        assert json.loads(alice.texts[0])["message"] == "from another process"

    run(main)


def test_a_feed_survives_the_loss_of_its_connection_to_redis(redis_layer: None) -> None:
    async def main() -> None:
        topic = f"test.lost.{os.getpid()}"
        alice = Client()
        connect(current_hub(), alice, topic)
        await feed_of(topic)
        event(topic, 1)
        await until(lambda: len(alice.texts) == 1)
        with redis.Redis.from_url(REDIS_URL) as operator:
            own = [client for client in operator.client_list() if client["name"] == OWN_NAME]
            assert own
            for client in own:
                operator.client_kill_filter(_id=client["id"])
        seq = itertools.count(2)

        def heard_again() -> bool:
            event(topic, next(seq))  # those published meanwhile are lost, and the gap in `seq` says so
            return len(alice.texts) > 1

        await until(heard_again)

    run(main)
