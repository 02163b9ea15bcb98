"""Players and staff, their sessions and keys, and the audit trail. Every action asks first and writes its audit row."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from unfold.admin import ModelAdmin
from unfold.decorators import action, display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from accounts import audit, operations, queries
from accounts.models import AuditEntry, GameSession, PlayerKey, User
from accounts.protection.queries import exists_exclusion
from accounts.staff import player_panels, protection_pages
from accounts.staff_forms import MuteForm, ReasonForm
from casino.lib.clock import system_clock
from casino.ops.backoffice import Panel, ReadOnlyAdmin, form_page, link_to, list_url, row_or_404, row_or_none


@admin.register(User)
class UserAdmin(DjangoUserAdmin, ModelAdmin):
    """
    A player's money, bets and sessions at one glance. The admin group edits players; who is staff, and what other staff
    sign in with, is a superuser's to say: else one person could be the second one who must approve as well.

    Whether someone can sign in is changed by Block and Unblock only, which end the sessions as well.
    """

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    show_full_result_count = False
    list_display = ("username", "role", "currency_code", "is_demo", "state", "date_joined", "last_login")
    list_filter = ("is_demo", "is_active", "is_staff", "groups")
    search_fields = ("^username", "=email")
    ordering = ("-id",)
    actions = None
    actions_detail = ("mute", "unmute", "protect", "revoke_sessions", "block", "unblock")
    change_form_after_template = "admin/panels.html"
    fieldsets = (
        (
            None,
            {"fields": ("username", "email", "plays_with", "state", "chat_muted_until", "date_joined", "last_login")},
        ),
        ("Staff", {"fields": ("is_staff", "is_superuser", "groups"), "classes": ("collapse",)}),
    )
    add_fieldsets = ((None, {"fields": ("username", "usable_password", "password1", "password2")}),)
    filter_horizontal = ("groups",)

    @display(description="role", label={"player": "info", "staff": "warning", "superuser": "danger"})
    def role(self, user: User) -> str:
        return "superuser" if user.is_superuser else "staff" if user.is_staff else "player"

    @display(
        description="state",
        label={"active": "success", "muted": "warning", "excluded": "warning", "blocked": "danger"},
    )
    def state(self, user: User) -> str:
        if not user.is_active:
            return "blocked"
        if getattr(user, "excluded", False):
            return "excluded"
        muted = user.chat_muted_until is not None and user.chat_muted_until > system_clock.now()
        return "muted" if muted else "active"

    @display(description="plays with")
    def plays_with(self, user: User) -> str:
        return f"demo {user.currency_code}" if user.is_demo else user.currency_code

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        users: QuerySet[User] = super().get_queryset(request)
        return users.annotate(excluded=exists_exclusion(now=system_clock.now()))

    # --- who may edit whom --------------------------------------------------------------------------------------------
    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Only a superuser changes other staff: a password or an address set for them would be a way to become them."""
        if isinstance(obj, User) and not request.user.is_superuser:
            colleague = obj.is_staff and obj.pk != request.user.pk
            if obj.is_superuser or colleague:
                return False
        return bool(super().has_change_permission(request, obj))

    def has_mute_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("accounts.mute_user")

    def has_protect_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("accounts.protect_user")

    def has_block_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("accounts.block_user")

    def has_revoke_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("accounts.revoke_gamesession")

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False  # people with a history are blocked, never deleted

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        fixed = ("plays_with", "state", "chat_muted_until", "date_joined", "last_login")
        return fixed if request.user.is_superuser else (*fixed, "is_staff", "is_superuser", "groups")

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        form.stood = queries.staff_standing(obj)
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Groups are saved here, so what has changed is written down only now."""
        super().save_related(request, form, formsets, change)
        stands = queries.staff_standing(form.instance)
        self._record(
            request,
            "user.changed" if change else "user.created",
            form.instance,
            fields=[name for name in form.changed_data if "password" not in name],
            changes={name: [was, stands[name]] for name, was in form.stood.items() if was != stands[name]},
        )

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        before = self.get_object(request, unquote(id))
        with transaction.atomic():
            response: HttpResponse = super().user_change_password(request, id, form_url)
            assert before is not None  # nobody to set it for is answered above
            user = User.objects.get(pk=before.pk)
            if user.password != before.password:
                self._record(request, "user.password_set", user)
                operations.close_all_of(user, now=system_clock.now(), actor=self._actor(request))
        return response

    # --- what staff do ------------------------------------------------------------------------------------------------
    @action(description="Mute in chat", url_path="mute", permissions=["mute"], icon="voice_over_off")
    def mute(self, request: HttpRequest, object_id: str) -> HttpResponse:
        user = self._target(request, object_id)

        def perform(data: dict[str, Any]) -> str:
            now = system_clock.now()
            until = now + timedelta(hours=int(data["hours"]))
            operations.mute(user, until=until, actor=self._actor(request), now=now)
            return f"{user} is muted until {until:%Y-%m-%d %H:%M} UTC."

        form = MuteForm(request.POST or None)
        return form_page(request, self, user, title=f"Mute {user}", form=form, perform=perform, button="Mute")

    @action(description="Unmute", url_path="unmute", permissions=["mute"], icon="record_voice_over")
    def unmute(self, request: HttpRequest, object_id: str) -> HttpResponse:
        user = self._target(request, object_id)

        def perform(data: dict[str, Any]) -> str:
            operations.unmute(user, actor=self._actor(request), now=system_clock.now())
            return f"{user} may write in chat again."

        return form_page(
            request, self, user, title=f"Unmute {user}", form=forms.Form(request.POST), perform=perform, button="Unmute"
        )

    @action(description="Limits and exclusions", url_path="protect", permissions=["protect"], icon="health_and_safety")
    def protect(self, request: HttpRequest, object_id: str) -> HttpResponse:
        (page,) = protection_pages
        return page(self, request, self._target(request, object_id))

    @action(description="End game sessions", url_path="revoke", permissions=["revoke"], icon="logout")
    def revoke_sessions(self, request: HttpRequest, object_id: str) -> HttpResponse:
        user = self._target(request, object_id)

        def perform(data: dict[str, Any]) -> str:
            operations.revoke_sessions_of(user, now=system_clock.now(), actor=self._actor(request))
            return f"All game sessions of {user} have ended."

        return form_page(
            request,
            self,
            user,
            title=f"End all game sessions of {user}",
            form=forms.Form(request.POST),
            perform=perform,
            button="End sessions",
            intro="Open sockets are closed at once. Open bets are settled as usual.",
        )

    @action(description="Block", url_path="block", permissions=["block"], icon="block")
    def block(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._block(request, object_id, blocked=True)

    @action(description="Unblock", url_path="unblock", permissions=["block"], icon="lock_open")
    def unblock(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._block(request, object_id, blocked=False)

    def _block(self, request: HttpRequest, object_id: str, *, blocked: bool) -> HttpResponse:
        user = self._target(request, object_id)
        verb = "Block" if blocked else "Unblock"

        def perform(data: dict[str, Any]) -> str:
            change = operations.block if blocked else operations.unblock
            change(user, actor=self._actor(request), now=system_clock.now(), reason=data["reason"])
            return f"{user} is blocked and signed out." if blocked else f"{user} may sign in again."

        return form_page(
            request,
            self,
            user,
            title=f"{verb} {user}",
            form=ReasonForm(request.POST or None),
            perform=perform,
            button=verb,
            intro="Sessions end at once; open bets are settled as usual." if blocked else "",
        )

    def _target(self, request: HttpRequest, object_id: str) -> User:
        """Whom it is done to: only a superuser acts upon a superuser."""
        user = row_or_404(User, object_id)
        if user.is_superuser and not request.user.is_superuser:
            raise PermissionDenied
        return user

    def _actor(self, request: HttpRequest) -> User:
        assert isinstance(request.user, User)
        return request.user

    def _record(self, request: HttpRequest, what: str, user: User, **details: Any) -> None:
        audit.record(what, f"player:{user.pk}", actor=self._actor(request), now=system_clock.now(), **details)

    # --- the player's page --------------------------------------------------------------------------------------------
    def get_actions_detail(self, request: HttpRequest, object_id: int) -> list[Any]:
        """Only what makes sense now: a blocked player is unblocked, a muted one unmuted."""
        offered = super().get_actions_detail(request, object_id)
        user = row_or_none(User, object_id)
        if user is None or (user.is_superuser and not request.user.is_superuser):
            return []
        muted = user.chat_muted_until is not None and user.chat_muted_until > system_clock.now()
        senseless = {"unblock" if user.is_active else "block", "mute" if muted else "unmute"}
        return [entry for entry in offered if entry.path not in senseless]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> Any:
        user = row_or_none(User, object_id)
        panels = []
        if user is not None and self.has_view_permission(request, user):
            panels = [*(panel(user) for panel in player_panels), sessions_panel(user), audit_panel(user)]
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), "panels": panels})


def sessions_panel(user: User) -> Panel:
    sessions = GameSession.objects.filter(player=user).order_by("-created_at")[:5]
    return Panel(
        title="Game sessions",
        headers=("opened (UTC)", "last seen", "money", "address", "state"),
        rows=[
            (
                link_to(session, f"{session.created_at:%Y-%m-%d %H:%M:%S}"),
                f"{session.last_seen_at:%Y-%m-%d %H:%M:%S}",
                "demo" if session.is_demo else "real",
                session.address or "–",
                session_state(session),
            )
            for session in sessions
        ],
        more_url=list_url(GameSession, q=user.username),
    )


def audit_panel(user: User) -> Panel:
    entries = AuditEntry.objects.select_related("actor").filter(subject=f"player:{user.pk}").order_by("-at")[:10]
    return Panel(
        title="Audit trail",
        headers=("time (UTC)", "what", "by"),
        rows=[(f"{entry.at:%Y-%m-%d %H:%M:%S}", entry.action, str(entry.actor or "–")) for entry in entries],
        more_url=list_url(AuditEntry, q=f"player:{user.pk}"),
    )


def session_state(session: GameSession) -> str:
    if session.revoked_at:
        return "revoked"
    return "live" if session.expires_at > system_clock.now() else "over"


@admin.register(GameSession)
class GameSessionAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "who", "is_demo", "last_seen_at", "address", "state")
    list_filter = ("is_demo",)
    list_select_related = ("player",)
    search_fields = ("=player__username",)
    search_help_text = "A player's exact name"
    ordering = ("-id",)
    fields = (
        "who",
        "is_demo",
        "created_at",
        "last_seen_at",
        "expires_at",
        "revoked_at",
        "address",
        "user_agent",
        "partner_key",
    )
    readonly_fields = ("who",)
    actions_detail = ("revoke",)

    @display(description="player")
    def who(self, session: GameSession) -> str:
        return link_to(session.player)

    @display(description="state", label={"live": "success", "revoked": "danger", "over": "info"})
    def state(self, session: GameSession) -> str:
        return session_state(session)

    def get_queryset(self, request: HttpRequest) -> QuerySet[GameSession]:
        found: QuerySet[GameSession] = super().get_queryset(request)
        return found.select_related("player").defer("token_hash")

    def has_revoke_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("accounts.revoke_gamesession")

    @action(description="End session", url_path="revoke", permissions=["revoke"], icon="logout")
    def revoke(self, request: HttpRequest, object_id: str) -> HttpResponse:
        session = row_or_404(GameSession.objects.select_related("player"), object_id)

        def perform(data: dict[str, Any]) -> str:
            assert isinstance(request.user, User)
            operations.revoke_session(session, now=system_clock.now(), actor=request.user)
            return "The session has ended."

        title = f"End this session of {session.player}"
        return form_page(
            request, self, session, title=title, form=forms.Form(request.POST), perform=perform, button="End session"
        )


@admin.register(PlayerKey)
class PlayerKeyAdmin(ReadOnlyAdmin):
    """Players' own keys. They were shown once; only their last characters are known."""

    list_display = ("created_at", "who", "ending", "revoked_at")
    list_select_related = ("player",)
    search_fields = ("=player__username",)
    search_help_text = "A player's exact name"
    ordering = ("-id",)
    fields = ("who", "ending", "created_at", "revoked_at")
    readonly_fields = ("who", "ending")
    actions_detail = ("revoke",)

    @display(description="player")
    def who(self, key: PlayerKey) -> str:
        return link_to(key.player)

    @display(description="key")
    def ending(self, key: PlayerKey) -> str:
        return f"…{key.hint}"

    def has_revoke_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("accounts.revoke_playerkey")

    @action(description="Revoke", url_path="revoke", permissions=["revoke"], icon="key_off")
    def revoke(self, request: HttpRequest, object_id: str) -> HttpResponse:
        key = row_or_404(PlayerKey.objects.select_related("player"), object_id)

        def perform(data: dict[str, Any]) -> str:
            assert isinstance(request.user, User)
            operations.revoke_player_key(key, now=system_clock.now(), actor=request.user)
            return "The key is revoked."

        title = f"Revoke the key …{key.hint} of {key.player}"
        return form_page(
            request, self, key, title=title, form=forms.Form(request.POST), perform=perform, button="Revoke"
        )


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    list_display = ("at", "action", "subject", "actor")
    list_select_related = ("actor",)
    search_fields = ("=subject", "=action", "=actor__username")
    search_help_text = "player:7, game:BigPanda, an action, or who did it"
    ordering = ("-at", "-id")
    fields = ("at", "action", "subject", "actor", "details")


admin.site.unregister(Group)


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin, ModelAdmin):
    """What the four groups may do. Superusers only: no group is given this page."""
