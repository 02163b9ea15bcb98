"""What players ask for at the cashier, and what staff decide about it."""

import json
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Sum

from accounts import audit
from accounts.models import User
from casino.lib.clock import iso
from casino.lib.money import format_minor
from wallet import operations as wallet
from wallet.models import Account
from wallet.protection import refuse_deposit
from wallet.psp import errors, queries
from wallet.psp.models import CashierLimits, Handover, Payment, Provider
from wallet.psp.operations.booking import end, locked, set_aside
from wallet.psp.rules import DEPOSIT_LIFE, MAX_OPEN, OPEN, Direction, Status, new_reference

AT_ONCE = 500  # deposits that are given up in one go


def start_deposit(player: User, provider: str, amount_minor: int, *, form_key: UUID, now: datetime) -> Payment:
    """
    A deposit that the player is sent to the provider with. Nothing moves until the provider reports on it.

    The same form gives the same payment. Raises a DomainError of `errors`.
    """
    return _ask(player, provider, Direction.DEPOSIT, amount_minor, form_key=form_key, origin="", now=now)


def request_withdrawal(
    player: User, provider: str, amount_minor: int, *, form_key: UUID, origin: str, now: datetime
) -> Payment:
    """
    Money is set aside, and the provider is asked to pay it out (`Handover`).

    Only for the player's own signed-in session on the site: no key and no game session leads here. `origin` is this
    site's own address, for a provider that runs on it. The same form gives the same payment.
    """
    return _ask(player, provider, Direction.WITHDRAWAL, amount_minor, form_key=form_key, origin=origin, now=now)


def _ask(
    player: User, slug: str, direction: Direction, amount_minor: int, *, form_key: UUID, origin: str, now: datetime
) -> Payment:
    found = _asked_before(player, direction, amount_minor, form_key)
    if found is not None:
        return found
    try:
        with transaction.atomic():
            return _create(player, slug, direction, amount_minor, form_key, origin, now)
    except IntegrityError:  # the same form at the same moment
        found = _asked_before(player, direction, amount_minor, form_key)
        if found is None:
            raise
        return found


def _asked_before(player: User, direction: Direction, amount_minor: int, form_key: UUID) -> Payment | None:
    found = Payment.objects.select_related("provider").filter(player=player, form_key=form_key).first()
    if found is not None and (found.direction, found.amount_minor) != (direction, amount_minor):
        raise errors.FormUsed
    return found


def _create(
    player: User,
    slug: str,
    direction: Direction,
    amount_minor: int,
    form_key: UUID,
    origin: str,
    now: datetime,
) -> Payment:
    account, limits = _cashier(player, now=now)
    provider = Provider.objects.filter(slug=slug, enabled=True).first()
    if provider is None:
        raise errors.NoProvider
    if direction is Direction.DEPOSIT:
        _accept_deposit(player, limits, amount_minor, now=now)
    else:
        _within(limits, amount_minor, limits.min_withdrawal_minor, limits.max_withdrawal_minor)
    _room(player, direction)
    withdrawal = direction is Direction.WITHDRAWAL
    payment = Payment.objects.create(
        reference=new_reference(direction),
        direction=direction,
        provider=provider,
        player=player,
        account=account,
        currency_id=account.currency_id,
        amount_minor=amount_minor,
        status=Status.REQUESTED if withdrawal else Status.PENDING,
        needs_approval=withdrawal and amount_minor > limits.review_above_minor,
        form_key=form_key,
        created_at=now,
    )
    if withdrawal:
        set_aside(payment, account, now=now)
        _prepare_handover(payment, provider, origin, now)
    return payment


def _accept_deposit(player: User, limits: CashierLimits, amount_minor: int, *, now: datetime) -> None:
    """The one place that says yes or no to a deposit: the cashier's limits here, the player's own beside them."""
    _within(limits, amount_minor, limits.min_deposit_minor, limits.max_deposit_minor)
    refuse_deposit(player, amount_minor, now=now, under_way=_under_way)


def _under_way(account_id: int) -> int:
    """Deposits that the player was sent to a provider with, and that may still arrive."""
    open_ones = Payment.objects.filter(account_id=account_id, direction=Direction.DEPOSIT, status__in=OPEN)
    return open_ones.aggregate(total=Sum("amount_minor"))["total"] or 0


def _cashier(player: User, *, now: datetime) -> tuple[Account, CashierLimits]:
    limits = queries.cashier_limits(player)
    if limits is None:
        raise errors.NoCashier
    return wallet.open_account(player, is_demo=False, now=now), limits


def _within(limits: CashierLimits, amount_minor: int, least: int, most: int) -> None:
    unit, code = limits.currency.denominator, limits.currency_id
    if amount_minor < least:
        raise errors.BelowMinimum(f"At least {format_minor(least, unit)} {code}.", var=least)
    if amount_minor > most:
        raise errors.AboveMaximum(f"At most {format_minor(most, unit)} {code} at once.", var=most)


def _room(player: User, direction: Direction) -> None:
    under_way = Payment.objects.filter(player=player, direction=direction, status__in=[str(s) for s in OPEN])
    if under_way.count() >= MAX_OPEN:
        raise errors.TooManyOpen


def _prepare_handover(payment: Payment, provider: Provider, origin: str, now: datetime) -> None:
    base = origin.rstrip("/") + provider.base_url if provider.is_on_this_host else provider.base_url
    body = {
        "reference": payment.reference,
        "amount": payment.amount_minor,
        "currency": payment.currency_id,
        "at": iso(now),
    }
    text = json.dumps(body, separators=(",", ":"))
    Handover.objects.create(payment=payment, url=f"{base}/withdrawals", body=text, next_attempt_at=now)


@transaction.atomic
def cancel_withdrawal(player: User, reference: str, *, now: datetime) -> Payment:
    """By the player, until it was handed over. Repeating it changes nothing."""
    payment = locked(player=player, reference=reference, direction=Direction.WITHDRAWAL)
    if payment is None:
        raise errors.NoSuchPayment
    if payment.status == Status.CANCELLED:
        return payment
    if payment.status != Status.REQUESTED:
        raise errors.TooLate
    end(payment, Status.CANCELLED, now=now, reason="cancelled by the player")
    return payment


# --- staff ------------------------------------------------------------------------------------------------------------
@transaction.atomic
def approve_withdrawal(payment: Payment, *, actor: User, now: datetime) -> Payment:
    """A withdrawal above the review limit may leave. Not by the player whose it is."""
    found = _to_decide(payment, actor)
    Payment.objects.filter(pk=found.pk).update(approved_by=actor, approved_at=now)
    _record("payment.approved", found, actor, now)
    found.refresh_from_db()
    return found


@transaction.atomic
def refuse_withdrawal(payment: Payment, *, actor: User, reason: str, now: datetime) -> Payment:
    """It does not leave; the player has the money back and is told why."""
    found = _to_decide(payment, actor)
    end(found, Status.CANCELLED, now=now, reason=f"refused: {reason}")
    _record("payment.refused", found, actor, now, reason=reason)
    return found


def _to_decide(payment: Payment, actor: User) -> Payment:
    found = locked(pk=payment.pk)
    if found is None or not found.needs_approval or found.approved_by_id or found.status != Status.REQUESTED:
        raise errors.TooLate
    if found.player_id == actor.pk:
        raise errors.NotYours
    return found


def _record(action: str, payment: Payment, actor: User, now: datetime, **details: object) -> None:
    subject = f"player:{payment.player_id}"
    audit.record(action, subject, actor=actor, now=now, payment=payment.reference, **details)


# --- time -------------------------------------------------------------------------------------------------------------
def give_up_deposits(*, now: datetime) -> int:
    """Deposits that nobody reported on for a week; answers how many. A late success is a case for staff."""
    old = Payment.objects.filter(
        direction=Direction.DEPOSIT, status=Status.PENDING, created_at__lt=now - DEPOSIT_LIFE
    ).order_by("created_at")
    given_up = 0
    for key in list(old.values_list("pk", flat=True)[:AT_ONCE]):
        with transaction.atomic():
            payment = locked(pk=key)
            if payment is not None and payment.is_open:
                end(payment, Status.CANCELLED, now=now, reason="nothing was paid")
                given_up += 1
    return given_up
