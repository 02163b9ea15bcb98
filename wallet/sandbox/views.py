"""
The sandbox provider's pages and endpoints, under `/sandbox/psp/`. There only while `SANDBOX_PSP` is on.

What the platform asks for is signed with the shared secret: a payer cannot change the amount in the address, and
nobody else can order a withdrawal.
"""

import hmac
import json
from collections.abc import Callable
from datetime import date
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.webhooks.rules import BadSignature, check_signed, signature
from casino.lib.clock import iso, system_clock
from casino.lib.money import format_minor
from wallet.models import Currency
from wallet.sandbox import operations, queries, rules
from wallet.sandbox.models import SandboxPayment

View = Callable[..., HttpResponse]
MAX_BODY = 4096
CHOICES = {"pay": True, "decline": False, "wait": None}


def only_while_on(view: View) -> View:
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not settings.SANDBOX_PSP:
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


def error(status: int, message: str) -> JsonResponse:
    return JsonResponse({"error": message}, status=status)


@only_while_on
@require_http_methods(["GET", "POST"])
@never_cache
def pay(request: HttpRequest) -> HttpResponse:
    """The payer's page. Paying, declining and waiting are buttons, so nothing happens by following a link."""
    asked = _asked(request.GET)
    if asked is None:
        return render(request, "sandbox/refused.html", status=400)
    reference, amount, currency, return_url = asked
    if request.method == "POST":
        choice = request.POST.get("choice", "")
        if choice not in CHOICES:
            return render(request, "sandbox/refused.html", status=400)
        try:
            operations.decide_deposit(
                reference, amount, currency, paid=CHOICES[choice], origin=_origin(request), now=system_clock.now()
            )
        except operations.Differs:
            return render(request, "sandbox/refused.html", status=400)
        return redirect(return_url)
    known = queries.payment(SandboxPayment.Kind.DEPOSIT, reference)
    context = {
        "reference": reference,
        "amount": shown_amount(amount, currency),
        "currency": currency,
        "return_url": return_url,
        "state": known.state if known else "new",
        "name": rules.NAME,
    }
    return render(request, "sandbox/pay.html", context)


def _asked(query: QueryDict) -> tuple[str, int, str, str] | None:
    """What the merchant asks the payer for; None where the address is not as the merchant made it."""
    given = query.copy()
    signed = given.pop("signature", [""])
    reference, currency, return_url = (str(given.get(name, "")) for name in ("reference", "currency", "return_url"))
    try:
        at, amount = int(given.get("at", "")), int(given.get("amount", ""))
    except ValueError:
        return None
    right = signature(rules.secret(), reference, at, given.urlencode().encode())
    # Without a look at the time: a payer may take theirs.
    if not hmac.compare_digest(str(signed[-1]).encode("utf-8", "surrogatepass"), right.encode()):
        return None
    return reference, amount, currency, return_url


def shown_amount(amount_minor: int, currency: str) -> str:
    denominator = Currency.objects.filter(pk=currency).values_list("denominator", flat=True).first()
    return format_minor(amount_minor, denominator or 1)


def _origin(request: HttpRequest) -> str:
    return request.build_absolute_uri("/")


@csrf_exempt  # called by the platform's worker, which signs; there is no cookie to misuse
@only_while_on
@require_POST
def withdrawals(request: HttpRequest) -> HttpResponse:
    """`{reference, amount, currency}`, signed: 202, and a report follows. The same again is answered alike."""
    if len(request.body) > MAX_BODY:
        return error(413, "The order is too large.")
    try:
        check_signed(
            [rules.secret()],
            message_id=request.headers.get("webhook-id", ""),
            timestamp=request.headers.get("webhook-timestamp", ""),
            signatures=request.headers.get("webhook-signature", ""),
            body=request.body,
            now=system_clock.now(),
        )
    except BadSignature as refusal:
        return error(401, str(refusal))
    try:
        order = json.loads(request.body)
        reference, amount, currency = str(order["reference"])[:64], int(order["amount"]), str(order["currency"])[:8]
        payment = operations.take_withdrawal(
            reference, amount, currency, origin=_origin(request), now=system_clock.now()
        )
    except operations.Differs:
        return error(409, "This reference was used for another withdrawal.")
    except (KeyError, TypeError, ValueError):
        return error(400, "The order needs reference, amount and currency.")
    return JsonResponse({"provider_reference": payment.provider_reference, "status": "accepted"}, status=202)


@only_while_on
@require_GET
@never_cache
def report(request: HttpRequest) -> HttpResponse:
    """`?day=2026-11-21`: all that ended on that day (UTC), signed like a webhook, for reconciliation."""
    try:
        day = date.fromisoformat(request.GET.get("day", ""))
    except ValueError:
        return error(400, "day is a date such as 2026-11-21.")
    body = {
        "provider": rules.SLUG,
        "day": day.isoformat(),
        "payments": [
            {
                "type": payment.kind,
                "status": payment.state,
                "reference": payment.reference,
                "provider_reference": payment.provider_reference,
                "amount": payment.amount_minor,
                "currency": payment.currency_code,
                "at": iso(payment.concluded_at),
            }
            for payment in queries.concluded_on(day)
            if payment.concluded_at is not None
        ],
    }
    text = json.dumps(body, separators=(",", ":")).encode()
    name, at = f"report-{day}", int(system_clock.now().timestamp())
    headers = {
        "webhook-id": name,
        "webhook-timestamp": str(at),
        "webhook-signature": signature(rules.secret(), name, at, text),
    }
    return HttpResponse(text, content_type="application/json", headers=headers)
