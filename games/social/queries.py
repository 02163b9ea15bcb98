"""What was said."""

from typing import Any

from games.social.models import ChatMessage


def recent_messages(game: str, limit: int = 30) -> list[dict[str, Any]]:
    """The last messages, oldest first, in the shape of the broadcast."""
    found = ChatMessage.objects.select_related("author").filter(game=game, hidden=False).order_by("-created_at")
    return [as_message(message) for message in reversed(found[:limit])]


def as_message(message: ChatMessage) -> dict[str, Any]:
    """As it goes to everyone; `timestamp` is in Unix seconds."""
    return {
        "messageType": "chat",
        "username": message.author.username,
        "message": message.text,
        "timestamp": int(message.created_at.timestamp()),
        "id": message.pk,
    }
