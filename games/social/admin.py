"""Chat, for moderation: hide a message, mute its author."""

from datetime import timedelta
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.decorators import action, display

from accounts import operations
from accounts.models import User
from casino.lib.clock import system_clock
from casino.ops.backoffice import ReadOnlyAdmin, link_to
from games.social import moderation
from games.social.models import ChatMessage

MUTE_TIME = timedelta(days=1)


@admin.register(ChatMessage)
class ChatMessageAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "game", "who", "text", "hidden")
    list_filter = ("game", "hidden")
    list_select_related = ("author",)
    search_fields = ("=author__username",)
    search_help_text = "An author's exact name"
    ordering = ("-id",)
    fields = ("created_at", "game", "who", "text", "hidden")
    readonly_fields = ("who",)
    actions = ("hide", "show", "mute_authors")

    @display(description="author")
    def who(self, message: ChatMessage) -> str:
        return link_to(message.author)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ChatMessage]:
        found: QuerySet[ChatMessage] = super().get_queryset(request)
        return found.select_related("author")

    def has_hide_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("social.change_chatmessage")

    def has_mute_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts.mute_user")

    @action(description="Hide", permissions=["hide"])
    def hide(self, request: HttpRequest, chosen: QuerySet[ChatMessage]) -> None:
        self._hide(request, chosen, hidden=True)

    @action(description="Show again", permissions=["hide"])
    def show(self, request: HttpRequest, chosen: QuerySet[ChatMessage]) -> None:
        self._hide(request, chosen, hidden=False)

    def _hide(self, request: HttpRequest, chosen: QuerySet[ChatMessage], *, hidden: bool) -> None:
        assert isinstance(request.user, User)
        count = moderation.hide(chosen, hidden=hidden, actor=request.user, now=system_clock.now())
        messages.success(request, f"{count} messages {'hidden' if hidden else 'shown again'}.")

    @action(description="Mute the authors for a day", permissions=["mute"])
    def mute_authors(self, request: HttpRequest, chosen: QuerySet[ChatMessage]) -> None:
        assert isinstance(request.user, User)
        now = system_clock.now()
        authors = {message.author_id: message.author for message in chosen}
        for author in authors.values():
            operations.mute(author, until=now + MUTE_TIME, actor=request.user, now=now)
        names: Any = ", ".join(sorted(author.username for author in authors.values()))
        messages.success(request, f"Muted until {now + MUTE_TIME:%Y-%m-%d %H:%M} UTC: {names}.")
