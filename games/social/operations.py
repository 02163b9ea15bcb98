"""Saying something in chat."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from accounts.models import User
from casino.lib.errors import DomainError
from casino.live.publisher import publish
from games.social import rules
from games.social.models import ChatMessage
from games.social.queries import as_message


class ChatRefused(DomainError):
    code = "invalid_request"
    status = 400
    socket_code = 400


class ChatMuted(ChatRefused):
    message = "You are muted in chat."


class ChatTooFast(ChatRefused):
    code = "rate_limited"
    status = 429
    socket_code = 429
    message = "You are writing too fast. Wait a little."


def say(author_id: int, text: str | None, *, game: str, topic: str, now: datetime) -> ChatMessage:
    """
    Keep a message and send it to everyone at the game, or refuse it: empty, too long, with a link, muted, too fast.

    The limit counts the author's rows, so it holds on every process.
    """
    if text is None:
        raise ChatRefused("The message must be a text.")
    text = rules.clean(text)
    if not 1 <= len(text) <= rules.MAX_LENGTH:
        raise ChatRefused(f"A message has 1 to {rules.MAX_LENGTH} characters.")
    if rules.has_link(text):
        raise ChatRefused("Links are not allowed in chat.")
    with transaction.atomic():
        # The author's row is locked, so that messages sent at once are counted one after the other.
        author = User.objects.select_for_update(no_key=True).get(pk=author_id)
        if author.chat_muted_until is not None and author.chat_muted_until > now:
            raise ChatMuted
        window = now - timedelta(seconds=settings.CHAT_WINDOW_SECONDS)
        recent = ChatMessage.objects.filter(author=author, created_at__gt=window).count()
        if recent >= settings.CHAT_MESSAGES_PER_WINDOW:
            raise ChatTooFast
        message = ChatMessage.objects.create(game=game, author=author, text=text, created_at=now)
        transaction.on_commit(lambda: publish(topic, {"kind": "chat", "message": as_message(message)}))
    return message
