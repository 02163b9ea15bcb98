"""
The site's wallet page: balances, paying in and out, the statement. Only for the player's own signed-in session.

Nothing here takes a key or a game session token: who is not signed in on the site is asked to.
"""

import csv
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.models import User
from casino.lib.clock import system_clock
from casino.lib.errors import DomainError
from casino.lib.money import format_minor
from wallet import queries as wallet
from wallet.psp import operations, queries, rules, statement
from wallet.psp.forms import AmountForm, fresh_key
from wallet.psp.models import CashierLimits, Payment

PAYMENTS_SHOWN = 15
BADGES = {"succeeded": "good", "failed": "bad", "cancelled": "quiet"}


def _player(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


@require_GET
@never_cache
@login_required
def page(request: HttpRequest) -> HttpResponse:
    return _page(request)


def _page(request: HttpRequest, *, status: int = 200, **more: Any) -> HttpResponse:
    player = _player(request)
    demo_only = player.is_demo
    money = "demo" if demo_only or request.GET.get("money") == "demo" else "real"
    limits = queries.cashier_limits(player)
    providers = queries.enabled_providers() if limits else []
    account = wallet.player_account(player, is_demo=money == "demo")
    context = {
        "real": None if demo_only else _shown_balance(player, is_demo=False),
        "demo": _shown_balance(player, is_demo=True),
        "money": money,
        "cashier": _shown_limits(limits) if limits and providers else None,
        "providers": providers,
        "payments": [_shown(payment) for payment in queries.payments_of(player, limit=PAYMENTS_SHOWN)],
        "watching": queries.has_open(player),
        "statement": statement.page(account, before=_moment(request.GET.get("before", ""))),
        "deposit_key": fresh_key(),
        "withdrawal_key": fresh_key(),
        **more,
    }
    response = render(request, "wallet/page.html", context, status=status)
    # After "Deposit" the browser goes on to the provider, which the page's policy must name where it is elsewhere.
    elsewhere = {_origin(provider.base_url) for provider in providers if not provider.is_on_this_host}
    if elsewhere:
        response._csp_update = {"form-action": sorted(elsewhere)}  # type: ignore[attr-defined]
    return response


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _moment(text: str) -> datetime | None:
    """Where a page of the statement begins; anything else is its first page."""
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def _shown_balance(player: User, *, is_demo: bool) -> dict[str, Any]:
    held = wallet.balance(player, is_demo=is_demo)
    return {
        "available": format_minor(held.available_minor, held.denominator),
        "held": format_minor(held.held_minor, held.denominator) if held.held_minor else "",
        "currency": held.currency,
    }


def _shown_limits(limits: CashierLimits) -> dict[str, Any]:
    unit = limits.currency.denominator
    names = ("min_deposit", "max_deposit", "min_withdrawal", "max_withdrawal", "review_above")
    shown: dict[str, Any] = {name: format_minor(getattr(limits, f"{name}_minor"), unit) for name in names}
    quick = [minor for times in (1, 5, 10) if (minor := limits.min_deposit_minor * times) <= limits.max_deposit_minor]
    shown["quick"] = [format_minor(minor, unit).replace(",", "") for minor in quick]
    return {**shown, "currency": limits.currency_id}


def _shown(payment: Payment) -> dict[str, Any]:
    withdrawal = payment.direction == rules.Direction.WITHDRAWAL
    return {
        "reference": payment.reference,
        "what": "Withdrawal" if withdrawal else "Deposit",
        "provider": payment.provider.name,
        "amount": f"{'−' if withdrawal else '+'}{format_minor(payment.amount_minor, payment.currency.denominator)}",
        "currency": payment.currency_id,
        "status": payment.status,
        "state": _words(payment),
        "badge": BADGES.get(payment.status, "wait"),
        "reason": payment.reason,
        "at": payment.created_at,
        "can_cancel": withdrawal and payment.status == rules.Status.REQUESTED,
        "can_go_on": not withdrawal and payment.status == rules.Status.PENDING,
    }


def _words(payment: Payment) -> str:
    if payment.status == rules.Status.REQUESTED:
        waits = payment.needs_approval and not payment.approved_by_id
        return "Waits for our approval" if waits else "On its way out"
    if payment.status == rules.Status.PENDING:
        withdrawal = payment.direction == rules.Direction.WITHDRAWAL
        return "At the provider" if withdrawal else "Waits for your payment"
    return {"succeeded": "Done", "failed": "Failed", "cancelled": "Cancelled"}[payment.status]


# --- paying in and out ------------------------------------------------------------------------------------------------
@require_http_methods(["GET", "POST"])
@never_cache
@login_required
def deposit(request: HttpRequest) -> HttpResponse:
    if request.method == "GET":  # a page that was refused stands at this address: loaded again, it is the wallet
        return redirect("wallet")
    form, refused = _typed(request, "deposit")
    if refused is not None:
        return refused
    given = form.cleaned_data
    try:
        payment = operations.start_deposit(
            _player(request), given["provider"], given["amount"], form_key=given["form_key"], now=system_clock.now()
        )
    except DomainError as refusal:
        return _again(request, "deposit", refusal.message, refusal.status)
    return redirect(_payment_url(request, payment)) if payment.is_open else redirect("wallet")


@require_http_methods(["GET", "POST"])
@never_cache
@login_required
def withdraw(request: HttpRequest) -> HttpResponse:
    if request.method == "GET":
        return redirect("wallet")
    form, refused = _typed(request, "withdrawal")
    if refused is not None:
        return refused
    given = form.cleaned_data
    try:
        operations.request_withdrawal(
            _player(request),
            given["provider"],
            given["amount"],
            form_key=given["form_key"],
            origin=request.build_absolute_uri("/"),
            now=system_clock.now(),
        )
    except DomainError as refusal:
        return _again(request, "withdrawal", refusal.message, refusal.status)
    messages.success(request, "Your withdrawal is on its way. The amount is set aside until it has arrived.")
    return redirect("wallet")


def _typed(request: HttpRequest, what: str) -> tuple[AmountForm, HttpResponse | None]:
    """The form, and the page again where it is not filled in right."""
    currency = wallet.currency(_player(request).currency_code)
    form = AmountForm(request.POST, currency=currency)
    if form.is_valid():
        return form, None
    return form, _again(request, what, form.fault, 400)


def _again(request: HttpRequest, what: str, fault: str, status: int) -> HttpResponse:
    typed = request.POST.get("amount", "")[:26]
    return _page(request, status=status, **{f"{what}_fault": fault, f"{what}_amount": typed})


@require_POST
@never_cache
@login_required
def cancel(request: HttpRequest, reference: str) -> HttpResponse:
    try:
        operations.cancel_withdrawal(_player(request), reference, now=system_clock.now())
    except DomainError as refusal:
        if refusal.status == 404:
            raise Http404 from refusal
        messages.error(request, refusal.message)
    else:
        messages.success(request, "The withdrawal is cancelled. You can play with the money again.")
    return redirect("wallet")


@require_GET
@never_cache
@login_required
def go_on(request: HttpRequest, reference: str) -> HttpResponse:
    """Back to the provider's page of a deposit that was begun."""
    payment = queries.payment_of(_player(request), reference)
    if payment is None or payment.direction != rules.Direction.DEPOSIT:
        raise Http404
    return redirect(_payment_url(request, payment) if payment.is_open else "wallet")


def _payment_url(request: HttpRequest, payment: Payment) -> str:
    return rules.payment_url(
        payment.provider.base_url,
        payment.provider.secret,
        reference=payment.reference,
        amount_minor=payment.amount_minor,
        currency=payment.currency_id,
        return_url=request.build_absolute_uri(reverse("wallet")),
        at=int(payment.created_at.timestamp()),
    )


# --- looking ----------------------------------------------------------------------------------------------------------
@require_GET
@never_cache
@login_required
def standing(request: HttpRequest) -> HttpResponse:
    """`{"payments": {reference: status}}`: the page looks here until what it waits for has happened."""
    return JsonResponse({"payments": dict(queries.standing_of(_player(request), limit=PAYMENTS_SHOWN))})


class _Echo:
    def write(self, line: str) -> str:
        return line


@require_GET
@never_cache
@login_required
def export(request: HttpRequest) -> HttpResponseBase:
    """The statement as CSV: `?money=real` or `demo`."""
    player = _player(request)
    is_demo = player.is_demo or request.GET.get("money") == "demo"
    account = wallet.player_account(player, is_demo=is_demo)

    def lines() -> Iterator[str]:
        writer = csv.writer(_Echo())
        for record in statement.exported(account):
            yield writer.writerow(record)

    name = f"statement-{'demo' if is_demo else 'real'}-{system_clock.now():%Y-%m-%d}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingHttpResponse(lines(), content_type="text/csv; charset=utf-8", headers=headers)
