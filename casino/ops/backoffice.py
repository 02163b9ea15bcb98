"""
What every page of the back office shares: read-only lists that stay fast on large tables, and pages with one form.

Money rows are looked at here and never edited, whoever is signed in; what staff may change goes through the same
operations as everything else, with an audit row.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django import forms
from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import quote
from django.core.exceptions import BadRequest, ObjectDoesNotExist, ValidationError
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from unfold.admin import ModelAdmin
from unfold.paginator import InfinitePaginator

from casino.lib.errors import DomainError
from casino.lib.money import format_minor

Row = TypeVar("Row", bound=Model)


def row_or_none(rows: type[Row] | QuerySet[Row], object_id: object) -> Row | None:
    """The row that an address names; None for whatever else stands there, which may be no id at all."""
    found = rows if isinstance(rows, QuerySet) else rows._default_manager.all()
    try:
        return None if "\0" in str(object_id) else found.get(pk=object_id)
    except (ObjectDoesNotExist, ValidationError, ValueError):
        return None


def row_or_404(rows: type[Row] | QuerySet[Row], object_id: object) -> Row:
    row = row_or_none(rows, object_id)
    if row is None:
        raise Http404
    return row


class OfficeAdmin(ModelAdmin):
    """Any page of the back office."""

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """`_00` in an address is a zero, which PostgreSQL would not take as a key."""
        return None if "\0" in object_id else super().get_object(request, object_id, from_field)

    def response_action(self, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        """What is chosen from a list are keys of its rows."""
        for chosen in request.POST.getlist(ACTION_CHECKBOX_NAME):
            try:
                self.opts.pk.clean(chosen, None)
            except ValidationError as error:
                raise BadRequest("There is no such row.") from error
            if "\0" in chosen:
                raise BadRequest("There is no such row.")
        return super().response_action(request, queryset)


class ReadOnlyAdmin(OfficeAdmin):
    """Rows that nobody edits here, superusers included: adding, changing and deleting answer 403."""

    paginator = InfinitePaginator  # pages without counting the table
    show_full_result_count = False
    list_per_page = 50
    sortable_by: Sequence[str] = ()  # any other order than the index's would sort the whole table
    actions: Sequence[str] | None = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@dataclass(frozen=True, slots=True)
class Panel:
    """A small table beside a row: what belongs to it elsewhere. `more_url` leads to all of it."""

    title: str
    headers: Sequence[str]
    rows: Sequence[Sequence[Any]] = field(default_factory=list)
    more_url: str = ""
    empty: str = "Nothing yet."


def money(amount_minor: int | None, denominator: int, code: str) -> str:
    """`1,234.56 BRL`, or a dash where a balance is not kept."""
    return "–" if amount_minor is None else f"{format_minor(amount_minor, denominator)} {code}"


def multiplier(hundredths: int | None) -> str:
    return "–" if hundredths is None else f"{hundredths // 100:,}.{hundredths % 100:02d}x"


def link_to(obj: Model | None, text: str | None = None) -> str:
    """A link to a row's page."""
    if obj is None:
        return "–"
    return format_html('<a href="{}" class="bo-link">{}</a>', page_of(obj), text or str(obj))


def page_of(obj: Model) -> str:
    """Its address. (A key such as `refund_40…` is quoted: the admin would read another one from it.)"""
    return reverse(f"admin:{obj._meta.app_label}_{obj._meta.model_name}_change", args=[quote(obj.pk)])


def list_url(model: type[Model], **filters: Any) -> str:
    query = "&".join(f"{name}={value}" for name, value in filters.items())
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist") + (
        f"?{query}" if query else ""
    )


def form_page(
    request: HttpRequest,
    admin: Any,
    obj: Model,
    *,
    title: str,
    form: forms.Form,
    perform: Callable[[dict[str, Any]], str],
    button: str,
    intro: str = "",
    ready: bool = True,
    template: str = "admin/form_page.html",
    **context: Any,
) -> HttpResponse:
    """
    A page with one form: shown on GET, done on POST (so nothing happens by following a link).

    `perform` takes the cleaned data, does it, and answers what to tell the person; a refusal is shown with the form.
    It is not done before it is `ready`: where a page shows what would come of it first.
    """
    if request.method == "POST" and form.is_valid() and ready:
        try:
            done = perform(form.cleaned_data)
        except DomainError as error:
            form.add_error(None, error.message)
        else:
            messages.success(request, done)
            return redirect(page_of(obj))
    shown = {
        **admin.admin_site.each_context(request),
        "title": title,
        "opts": obj._meta,
        "original": obj,
        "form": form,
        "intro": intro,
        "button": button,
        "back_url": page_of(obj),
        **context,
    }
    return TemplateResponse(request, template, shown)
