"""Chat: what may be said, by whom, how often."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import settings

from games.social.models import ChatMessage
from games.social.operations import ChatMuted, ChatRefused, ChatTooFast, say

pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture
def alice(make_player: Callable[..., Any]) -> Any:
    return make_player("alice")


def write(author: Any, text: str | None, now: datetime) -> ChatMessage:
    return say(author.pk, text, game="BigPanda", topic="crash.BigPanda", now=now)


@pytest.mark.parametrize(
    "text", [None, "", "  \n ", "\u200b", "x" * 256, "http://a.example", "see www.panda", "try PANDA.com", "a。com now"]
)
def test_empty_long_and_linking_messages_are_refused_and_not_kept(alice: Any, now: datetime, text: str | None) -> None:
    with pytest.raises(ChatRefused) as refused:
        write(alice, text, now)
    assert refused.value.socket_code == 400
    assert not ChatMessage.objects.filter(author=alice).exists()


@pytest.mark.parametrize("text", ["gg", "1.50x was enough...", "x" * 255, "<b>panda</b>", "ok.next round"])
def test_ordinary_messages_are_kept_as_plain_text(alice: Any, now: datetime, text: str) -> None:
    assert write(alice, f"  {text} ", now).text == text


def test_a_muted_player_is_refused_until_the_mute_ends(alice: Any, now: datetime) -> None:
    alice.chat_muted_until = now + timedelta(minutes=1)
    alice.save()
    with pytest.raises(ChatMuted):
        write(alice, "hello", now)
    write(alice, "hello", now + timedelta(minutes=1))


def test_who_writes_too_fast_is_refused_and_may_go_on_after_the_window(alice: Any, now: datetime) -> None:
    for _ in range(settings.CHAT_MESSAGES_PER_WINDOW):
        write(alice, "hello", now)
    with pytest.raises(ChatTooFast) as refused:
        write(alice, "hello", now)
    assert refused.value.socket_code == 429
    write(alice, "hello", now + timedelta(seconds=settings.CHAT_WINDOW_SECONDS + 1))
