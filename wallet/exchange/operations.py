"""Verbs of the exchange: setting rates, and turning a player's money of one currency into another."""

from datetime import datetime
from fractions import Fraction

from django.db import transaction

from accounts import audit
from accounts.models import User
from accounts.partners import queries as partners
from accounts.partners.operations import PlayerBlocked
from casino.lib.errors import DomainError
from wallet import ledger
from wallet import queries as wallet_queries
from wallet.chart import Code, House
from wallet.exchange import queries, rules
from wallet.exchange.models import Conversion, ConversionStep, ExchangeRate
from wallet.exchange.queries import Quote
from wallet.ledger import Result, TransferRequest
from wallet.models import Account, Currency
from wallet.operations import DemoMoneyOnly, TransferRefused, open_account

MICRO = 1_000_000
REFERENCE_QUOTE = "EUR"  # what Currency.reference_micros is counted in


class RateRefused(DomainError):
    code = "rate_refused"
    status = 422


class LargeJump(RateRefused):
    """More than 20 % away from the last rate: somebody has to say that it is meant."""

    code = "rate_jumps"


class ConversionRefused(DomainError):
    code = "conversion_refused"
    status = 422


class AmountTooSmall(ConversionRefused):
    code = "amount_below_minimum"
    message = "The amount is too small: it would give nothing."


class RateMoved(ConversionRefused):
    """The player was shown more than the rate gives now."""

    code = "rate_moved"
    status = 409


class ReferenceUsed(ConversionRefused):
    code = "idempotency_mismatch"
    message = "This reference was used for another conversion."


class InsufficientFunds(ConversionRefused):
    code = "insufficient_funds"
    status = 402
    message = "The available balance is below the amount."


# --- rates ------------------------------------------------------------------------------------------------------------
@transaction.atomic
def set_rate(
    base: str,
    quote: str,
    rate: Fraction,
    *,
    source: str,
    actor: User | None,
    now: datetime,
    reason: str = "",
    valid_from: datetime | None = None,
    is_fixed: bool = False,
    jump_is_meant: bool = False,
) -> ExchangeRate:
    """
    A new rate of a pair, from now or from a moment to come; earlier rates stay as they are.

    A rate more than 20 % away from the last one needs the word of whoever sets it (`jump_is_meant`), which is recorded.
    """
    codes = sorted(Currency.objects.select_for_update(no_key=True).order_by("code").values_list("code", flat=True))
    if base not in codes or quote not in codes:
        raise RateRefused("Both are currencies of this house.")
    refused = rules.refused_pair(queries.quoted_in(), base, quote)
    if refused is not None:
        raise RateRefused(refused)
    if not rules.is_storable(rate):
        raise RateRefused("A rate is positive, and no longer than 18 digits.")
    if not source.strip():
        raise RateRefused("A rate has a source.")
    valid_from = valid_from or now
    last = queries.last_rate(base, quote)
    if valid_from < now or (last is not None and valid_from <= last.valid_from):
        raise RateRefused("A rate begins now or later, and after the last one of its pair: the past is not changed.")
    if last is not None and last.is_fixed:
        raise RateRefused("This rate is fixed by definition.")
    distance = rules.jump(last.rate, rate) if last is not None else Fraction(0)
    if last is not None and distance > rules.LARGE_JUMP and not jump_is_meant:
        old, new = rules.shown(last.rate), rules.shown(rate)
        raise LargeJump(f"From {old} to {new} is a jump of {float(distance):.1%}. Confirm it, if it is right.")
    row = ExchangeRate.objects.create(
        base_id=base,
        quote_id=quote,
        numerator=rate.numerator,
        denominator=rate.denominator,
        is_fixed=is_fixed,
        source=source.strip(),
        reason=reason,
        valid_from=valid_from,
        set_by=actor,
        created_at=now,
    )
    audit.record(
        "exchange_rate.set",
        f"exchangerate:{row.pk}",
        actor=actor,
        now=now,
        pair=f"{base}/{quote}",
        rate=str(rate),
        before=str(last.rate) if last else None,
        jump_confirmed=distance > rules.LARGE_JUMP,
        source=row.source,
        reason=reason,
    )
    return row


@transaction.atomic
def ensure_demo_rates(*, now: datetime) -> int:
    """Demo data: rates as rough as the currencies' reference values, fresh again where they have grown old."""
    quotes, rates, made = queries.quoted_in(), queries.current_rates(now), 0
    for currency in Currency.objects.filter(reference_micros__gt=0).exclude(pk=REFERENCE_QUOTE).order_by("code"):
        if quotes.get(currency.code, REFERENCE_QUOTE) != REFERENCE_QUOTE:
            continue
        current = rates.get(currency.code)
        if current is not None and (current.source != "demo" or not queries.is_stale(current, now)):
            continue
        rate = Fraction(currency.reference_micros, MICRO)
        set_rate(currency.code, REFERENCE_QUOTE, rate, source="demo", actor=None, now=now, jump_is_meant=True)
        made += 1
    return made


# --- conversions ------------------------------------------------------------------------------------------------------
@transaction.atomic
def convert(
    player: User,
    *,
    source: str,
    target: str,
    amount_minor: int,
    reference: str,
    now: datetime,
    at_least_minor: int = 1,
) -> Conversion:
    """
    Turn real money of one currency into another, at the rate in force. Repeating a reference changes nothing.

    `at_least_minor` is what the player was shown: if the rate has moved since and gives less, nothing happens.
    """
    if not reference or len(reference) > 64:
        raise ConversionRefused("A conversion has a reference of 1 to 64 characters.")
    repeated = queries.conversion(player.pk, reference)
    if repeated is not None:
        return _same(repeated, source, target, amount_minor)
    if player.is_demo:
        raise DemoMoneyOnly
    if not player.is_active:
        raise PlayerBlocked
    if partners.is_partners(player):
        raise ConversionRefused("The money of a partner's player stays in the currency that the partner chose.")
    if not 0 < amount_minor <= ledger.MAX_AMOUNT:
        raise ConversionRefused("The amount is a positive integer of minor units, and not beyond all money.")
    wanted = queries.quote(source, target, amount_minor, now=now)
    if wanted.exchanged.given_minor < 1:
        raise AmountTooSmall
    if wanted.exchanged.given_minor < at_least_minor:
        raise RateMoved(f"The rate has moved: the amount gives {wanted.exchanged.given_minor} now.")
    accounts = _accounts(player, source, target, now)
    repeated = queries.conversion(player.pk, reference)  # it may have been made while the accounts' lock was awaited
    if repeated is not None:
        return _same(repeated, source, target, amount_minor)
    conversion = _record(player, accounts, wanted, reference, now)
    _move(conversion, accounts, now)
    return conversion


def _same(conversion: Conversion, source: str, target: str, amount_minor: int) -> Conversion:
    recorded = (conversion.source_account.currency_id, conversion.target_account.currency_id, conversion.source_minor)
    if recorded != (source, target, amount_minor):
        raise ReferenceUsed
    return conversion


def _accounts(player: User, source: str, target: str, now: datetime) -> dict[str, Account]:
    """Both accounts of the player by currency, locked in id order, as the ledger does."""
    found = wallet_queries.player_account(player, is_demo=False, currency=source)
    if found is None:
        raise InsufficientFunds
    wanted = [found.pk, open_account(player, is_demo=False, currency=target, now=now).pk]
    locked = Account.objects.select_for_update(no_key=True).filter(pk__in=wanted).order_by("pk")
    return {account.currency_id: account for account in locked}


def _record(player: User, accounts: dict[str, Account], wanted: Quote, reference: str, now: datetime) -> Conversion:
    exchanged, found = wanted.exchanged, wanted.found
    conversion = Conversion.objects.create(
        player=player,
        reference=reference,
        source_account=accounts[found.base.code],
        target_account=accounts[found.quote.code],
        source_minor=wanted.source_minor,
        paid_minor=exchanged.paid_minor,
        rest_minor=exchanged.rest_minor,
        given_minor=exchanged.given_minor,
        spread_bps=wanted.spread_bps,
        rate=str(found.rate),
        remainder=str(exchanged.remainder),
        created_at=now,
    )
    ConversionStep.objects.bulk_create(
        ConversionStep(conversion=conversion, position=position, rate=used.row, inverted=used.inverted)
        for position, used in enumerate(found.used, start=1)
    )
    return conversion


def _move(conversion: Conversion, accounts: dict[str, Account], now: datetime) -> None:
    source, target = conversion.source_account, conversion.target_account
    exchange = wallet_queries.house_accounts(House.EXCHANGE, [source.book, target.book])
    rounding = wallet_queries.house_accounts(House.ROUNDING, [source.book])
    legs = [
        ("paid", source.pk, exchange[source.book], conversion.paid_minor),
        ("rest", source.pk, rounding[source.book], conversion.rest_minor),
        ("given", exchange[target.book], target.pk, conversion.given_minor),
    ]
    requests = [
        TransferRequest(
            id=f"exchange:{conversion.pk}:{leg}",
            debit_account_id=debit,
            credit_account_id=credit,
            amount_minor=amount_minor,
            code=Code.EXCHANGE,
            reference=conversion.reference,
        )
        for leg, debit, credit, amount_minor in legs
        if amount_minor
    ]
    for outcome in ledger.post(requests, now=now, fresh=True):
        if outcome.result is Result.INSUFFICIENT_FUNDS:
            raise InsufficientFunds
        if not outcome.in_books:
            raise TransferRefused(outcome.result)
