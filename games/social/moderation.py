"""What staff do about chat. Each writes its audit row."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from accounts import audit
from accounts.models import User
from games.social.models import ChatMessage


@transaction.atomic
def hide(messages: Iterable[ChatMessage], *, hidden: bool, actor: User, now: datetime) -> int:
    """Take messages out of what is shown to newcomers (or put them back); the rows are kept. Answers how many."""
    ids = [message.pk for message in messages if message.hidden is not hidden]
    for message_id in ids:
        action = "chat.hidden" if hidden else "chat.shown"
        audit.record(action, f"chat:{message_id}", actor=actor, now=now)
    return ChatMessage.objects.filter(pk__in=ids).update(hidden=hidden)
