"""Partners in the back office: who they are, who works for them, and every key of theirs."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html_join
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from accounts.models import AuditEntry, User
from accounts.partners import operations, queries
from accounts.partners.models import ApiKey, Member, Partner
from accounts.partners.rules import Invalid, Role
from accounts.portal.forms import RotateForm
from casino.lib.clock import system_clock
from casino.ops.backoffice import Panel, ReadOnlyAdmin, form_page, link_to, list_url, row_or_404, row_or_none


class _Person(forms.Form):
    """Somebody by name, who works for no partner yet."""

    def clean_username(self) -> User:
        user = User.objects.filter(username=self.cleaned_data["username"]).first()
        if user is None:
            raise forms.ValidationError("There is nobody of this name.")
        if Member.objects.filter(user=user).exists():
            raise forms.ValidationError("They work for a partner already.")
        return user


class NewPartnerForm(_Person):
    name = forms.CharField(max_length=100, widget=UnfoldAdminTextInputWidget)
    slug = forms.SlugField(
        max_length=40, widget=UnfoldAdminTextInputWidget, help_text="Short name in addresses and logs; it stays."
    )
    username = forms.CharField(label="Owner", widget=UnfoldAdminTextInputWidget, help_text="Who signs in for them.")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for field in ("name", "slug"):
            if Partner.objects.filter(**{field: data.get(field)}).exists():
                self.add_error(field, "There is a partner of this name.")
        return data


class NewMemberForm(_Person):
    username = forms.CharField(widget=UnfoldAdminTextInputWidget)
    role = forms.ChoiceField(
        choices=[(str(role), str(role)) for role in Role], initial=Role.DEVELOPER, widget=UnfoldAdminSelectWidget
    )


class MemberForm(forms.Form):
    """One of those who work for the partner, and what becomes of them."""

    REMOVE = "remove"

    def __init__(self, *args: Any, partner: Partner, **options: Any) -> None:
        super().__init__(*args, **options)
        members = Member.objects.select_related("user").filter(partner=partner).order_by("created_at", "pk")
        self.fields["member"] = forms.ModelChoiceField(members, widget=UnfoldAdminSelectWidget)
        self.fields["member"].label_from_instance = lambda each: f"{each.user}, {each.role}"  # type: ignore[attr-defined]
        roles = [(str(role), f"is {role} from now on") for role in Role]
        choices = [("", "…"), *roles, (self.REMOVE, "is removed, and sees the portal no more")]
        self.fields["becomes"] = forms.ChoiceField(choices=choices, widget=UnfoldAdminSelectWidget)


class StaffRotateForm(RotateForm):
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["hours"].widget = UnfoldAdminSelectWidget(choices=self.fields["hours"].choices)  # type: ignore[attr-defined]


@admin.register(Partner)
class PartnerAdmin(ReadOnlyAdmin):
    list_display = ("name", "slug", "state", "live_keys", "created_at")
    list_filter = ("is_active",)
    search_fields = ("=slug", "^name")
    ordering = ("name",)
    fields = ("name", "slug", "state", "created_at")
    readonly_fields = ("state",)
    actions_list = ("new_partner",)
    actions_detail = ("add_member", "change_member", "switch_off", "switch_on")
    change_form_after_template = "admin/panels.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Partner]:
        live = Q(keys__revoked_at=None) & (Q(keys__expires_at=None) | Q(keys__expires_at__gt=system_clock.now()))
        found: QuerySet[Partner] = super().get_queryset(request)
        return found.annotate(key_count=Count("keys", filter=live))

    @display(description="state", label={"on": "success", "off": "danger"})
    def state(self, partner: Partner) -> str:
        return "on" if partner.is_active else "off"

    @display(description="keys in use")
    def live_keys(self, partner: Any) -> int:
        return int(partner.key_count)

    def has_manage_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("partners.manage_partner")

    @action(description="New partner", url_path="new", permissions=["manage"], icon="add")
    def new_partner(self, request: HttpRequest) -> HttpResponse:
        form = NewPartnerForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            wanted = form.cleaned_data
            made = operations.create_partner(
                wanted["name"],
                slug=wanted["slug"],
                owner=wanted["username"],
                now=system_clock.now(),
                actor=_actor(request),
            )
            messages.success(request, f"{made} may make keys now.")
            return redirect("admin:partners_partner_change", made.pk)
        context = {
            **self.admin_site.each_context(request),
            "title": "New partner",
            "opts": self.opts,
            "form": form,
            "button": "Make the partner",
            "back_url": reverse("admin:partners_partner_changelist"),
        }
        return TemplateResponse(request, "admin/form_page.html", context)

    @action(description="Add a member", url_path="member", permissions=["manage"], icon="person_add")
    def add_member(self, request: HttpRequest, object_id: str) -> HttpResponse:
        partner = row_or_404(Partner, object_id)

        def perform(data: dict[str, Any]) -> str:
            user, role = data["username"], Role(data["role"])
            operations.add_member(partner, user, role=role, actor=_actor(request), now=system_clock.now())
            return f"{user} works for {partner} now."

        form = NewMemberForm(request.POST or None)
        title = f"Add a member to {partner}"
        return form_page(request, self, partner, title=title, form=form, perform=perform, button="Add")

    @action(
        description="Change or remove a member",
        url_path="change-member",
        permissions=["manage"],
        icon="manage_accounts",
    )
    def change_member(self, request: HttpRequest, object_id: str) -> HttpResponse:
        partner = row_or_404(Partner, object_id)

        def perform(data: dict[str, Any]) -> str:
            member, becomes = data["member"], data["becomes"]
            if becomes == MemberForm.REMOVE:
                operations.remove_member(member, actor=_actor(request), now=system_clock.now())
                return f"{member.user} does not work for {partner} any more."
            operations.change_role(member, role=Role(becomes), actor=_actor(request), now=system_clock.now())
            return f"{member.user} is {becomes} of {partner} now."

        form = MemberForm(request.POST or None, partner=partner)
        title = f"Change or remove a member of {partner}"
        return form_page(request, self, partner, title=title, form=form, perform=perform, button="Save")

    @action(description="Switch off", url_path="off", permissions=["manage"], icon="block")
    def switch_off(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._switch(request, object_id, active=False)

    @action(description="Switch on", url_path="on", permissions=["manage"], icon="check")
    def switch_on(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._switch(request, object_id, active=True)

    def _switch(self, request: HttpRequest, object_id: str, *, active: bool) -> HttpResponse:
        partner = row_or_404(Partner, object_id)
        verb = "Switch on" if active else "Switch off"

        def perform(data: dict[str, Any]) -> str:
            operations.switch_partner(partner, active=active, actor=_actor(request), now=system_clock.now())
            return f"{partner} is {'on' if active else 'off'}."

        return form_page(
            request,
            self,
            partner,
            title=f"{verb} {partner}",
            form=forms.Form(request.POST),
            perform=perform,
            button=verb,
            intro=""
            if active
            else "Its keys open nothing and its players’ sessions end; open bets are settled as usual.",
        )

    def get_actions_detail(self, request: HttpRequest, object_id: int) -> list[Any]:
        offered = super().get_actions_detail(request, object_id)
        partner = row_or_none(Partner, object_id)
        senseless = "on" if partner is not None and partner.is_active else "off"
        return [entry for entry in offered if entry.path != senseless]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> Any:
        partner = row_or_none(Partner, object_id)
        panels = [_members(partner), _keys(partner), _audit(partner)] if partner is not None else []
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), "panels": panels})


def _members(partner: Partner) -> Panel:
    rows = [(link_to(each.user), each.role, f"{each.created_at:%Y-%m-%d}") for each in queries.members_of(partner)]
    return Panel(title="Members", headers=("who", "role", "since"), rows=rows)


def _keys(partner: Partner) -> Panel:
    keys = ApiKey.objects.select_related("partner").filter(partner=partner).order_by("-created_at")[:10]
    return Panel(
        title="Keys",
        headers=("key", "environment", "label", "state", "last used"),
        rows=[
            (link_to(key), key.environment, key.label or "–", key_state(key), _moment(key.last_used_at)) for key in keys
        ],
        more_url=list_url(ApiKey, partner__id__exact=partner.pk),
    )


def _audit(partner: Partner) -> Panel:
    entries = AuditEntry.objects.select_related("actor").filter(subject=f"partner:{partner.pk}").order_by("-at")[:10]
    return Panel(
        title="Audit trail",
        headers=("time (UTC)", "what", "by"),
        rows=[(_moment(entry.at), entry.action, str(entry.actor or "–")) for entry in entries],
        more_url=list_url(AuditEntry, q=f"partner:{partner.pk}"),
    )


def key_state(key: ApiKey) -> str:
    if key.revoked_at is not None:
        return "revoked"
    if not queries.key_is_live(key, now=system_clock.now()):
        return "over"
    return "replaced" if key.successor_id is not None else "live"


def _moment(at: Any) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}" if at else "–"


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin):
    """Every partner's keys. A key was shown once, to whoever made it; only its last characters are known."""

    list_display = ("key_id", "hint", "partner", "environment", "label", "state", "expires_at", "last_used_at")
    list_filter = ("environment", "partner")
    list_select_related = ("partner", "successor")
    search_fields = ("=key_id", "=hint", "=partner__slug")
    search_help_text = "A key's public name, its last characters, or a partner's short name"
    ordering = ("-id",)
    fields = (
        ("key_id", "state"),
        ("partner", "environment"),
        ("label", "hint"),
        "rights",
        ("ranges", "only_signature_v2"),
        ("created_at", "created_by"),
        ("expires_at", "revoked_at"),
        ("last_used_at", "last_used_address"),
        "successor",
    )
    readonly_fields = ("state", "rights", "ranges")
    actions_detail = ("rotate", "revoke")

    @display(description="state", label={"live": "success", "replaced": "warning", "revoked": "danger", "over": "info"})
    def state(self, key: ApiKey) -> str:
        return key_state(key)

    @display(description="scopes")
    def rights(self, key: ApiKey) -> str:
        return format_html_join(", ", "<code>{}</code>", ((scope,) for scope in key.scopes))

    @display(description="addresses")
    def ranges(self, key: ApiKey) -> str:
        return ", ".join(key.cidrs) or "any"

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiKey]:
        found: QuerySet[ApiKey] = super().get_queryset(request)
        return found.select_related("partner", "successor").defer("key_hash", "secret_sealed")

    def has_rotate_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("partners.rotate_apikey")

    def has_revoke_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("partners.revoke_apikey")

    @action(description="Rotate", url_path="rotate", permissions=["rotate"], icon="sync")
    def rotate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        key = row_or_404(ApiKey.objects.select_related("partner"), object_id)
        form = StaffRotateForm(request.POST or None)
        context = {
            **self.admin_site.each_context(request),
            "title": f"Rotate {key.label or key.key_id} of {key.partner}",
            "opts": self.opts,
            "form": form,
            "button": "Rotate",
            "intro": "A successor with the same rights is made; the old key lives on for as long as you choose.",
            "back_url": reverse("admin:partners_apikey_change", args=[key.pk]),
        }
        if request.method == "POST" and form.is_valid():
            try:
                issued = operations.rotate_key(key, actor=_actor(request), now=system_clock.now(), overlap=form.overlap)
            except Invalid as refusal:  # a second press finds the key rotated, and makes no further one
                form.add_error(None, f"{str(refusal).capitalize()}.")
            else:
                context |= {"issued": issued, "title": f"The new key of {key.partner}"}
                return TemplateResponse(request, "admin/key_made.html", context)
        return TemplateResponse(request, "admin/form_page.html", context)

    @action(description="Revoke", url_path="revoke", permissions=["revoke"], icon="key_off")
    def revoke(self, request: HttpRequest, object_id: str) -> HttpResponse:
        key = row_or_404(ApiKey.objects.select_related("partner"), object_id)

        def perform(data: dict[str, Any]) -> str:
            operations.revoke_key(key, actor=_actor(request), now=system_clock.now())
            return "The key opens nothing any more."

        return form_page(
            request,
            self,
            key,
            title=f"Revoke {key.label or key.key_id} of {key.partner}",
            form=forms.Form(request.POST),
            perform=perform,
            button="Revoke",
            intro="From the next request on, on every process. Its open feeds and game sessions are closed.",
        )


def _actor(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user
