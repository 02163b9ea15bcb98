"""Chat: plain text, kept 90 days."""

from django.conf import settings
from django.db import models


class ChatMessage(models.Model):
    game = models.CharField(max_length=32)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    text = models.CharField(max_length=255)
    created_at = models.DateTimeField()
    hidden = models.BooleanField(default=False)

    class Meta:
        indexes = [
            models.Index(fields=["game", "-created_at"]),
            models.Index(fields=["author", "-created_at"]),
        ]

    def __str__(self) -> str:
        return self.text
