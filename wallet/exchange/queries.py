"""Questions about rates: what one currency is worth in another, since when, and who says so."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction

from django.conf import settings
from django.db.models import OuterRef, Subquery

from casino.lib.errors import DomainError
from wallet.exchange import rules
from wallet.exchange.models import Conversion, ExchangeRate
from wallet.exchange.rules import Exchanged
from wallet.models import Currency


class NoRate(DomainError):
    code = "no_exchange_rate"
    status = 409
    message = "There is no exchange rate between these currencies."


class RateTooOld(DomainError):
    """Refused rather than guessed: `message` says which rate, and how old it may be."""

    code = "exchange_rate_too_old"
    status = 409


class NotExchanged(DomainError):
    code = "currency_not_exchanged"
    status = 422
    message = "This is not a currency that is exchanged here."


@dataclass(frozen=True, slots=True)
class Used:
    """A stored rate, and whether it is taken against its direction."""

    row: ExchangeRate
    inverted: bool


@dataclass(frozen=True, slots=True)
class Found:
    """
    What one whole unit of `base` is worth in `quote`, over the stored rates `used`.

    `valid_from` is that of the oldest rate that can grow old (None where all are fixed).
    """

    base: Currency
    quote: Currency
    rate: Fraction
    used: tuple[Used, ...]
    is_stale: bool

    @property
    def valid_from(self) -> datetime | None:
        return min((used.row.valid_from for used in self.used if not used.row.is_fixed), default=None)

    @property
    def source(self) -> str:
        return ", ".join(dict.fromkeys(used.row.source for used in self.used))


@dataclass(frozen=True, slots=True)
class Quote:
    """What an amount would become right now. A conversion may ask to get at least as much."""

    found: Found
    source_minor: int
    spread_bps: int
    exchanged: Exchanged


def max_age() -> timedelta:
    return timedelta(hours=settings.EXCHANGE_RATE_MAX_AGE_HOURS)


def current_rates(now: datetime) -> dict[str, ExchangeRate]:
    """By base: the rate in force of every currency that is quoted in another."""
    of_base = ExchangeRate.objects.filter(base=OuterRef("base"), valid_from__lte=now)
    newest = Subquery(of_base.order_by("-valid_from").values("pk")[:1])
    rows = ExchangeRate.objects.filter(pk=newest).order_by("base_id")
    return {row.base_id: row for row in rows}


def quoted_in() -> dict[str, str]:
    """What each currency is quoted in, also where the first rate is yet to come into force."""
    return dict(ExchangeRate.objects.order_by().values_list("base_id", "quote_id").distinct())


def last_rate(base: str, quote: str) -> ExchangeRate | None:
    """The one with the latest beginning, also where that is yet to come."""
    return ExchangeRate.objects.filter(base=base, quote=quote).order_by("-valid_from").first()


def is_stale(row: ExchangeRate, now: datetime) -> bool:
    return not row.is_fixed and now - row.valid_from > max_age()


def find(source: str, target: str, *, now: datetime) -> Found:
    """The rate between two enabled currencies; a refusal where there is none, or only one that has grown old."""
    currencies = enabled_currencies()
    if source == target or source not in currencies or target not in currencies:
        raise NotExchanged
    found = _between(currencies, current_rates(now), source, target, now)
    if found is None:
        raise NoRate
    for used in found.used:
        if is_stale(used.row, now):
            pair, hours = f"{used.row.base_id} in {used.row.quote_id}", settings.EXCHANGE_RATE_MAX_AGE_HOURS
            since = f"{used.row.valid_from:%Y-%m-%d %H:%M} UTC"
            raise RateTooOld(f"The rate of {pair} is of {since}, older than {hours} hours: nothing is exchanged by it.")
    return found


def quote(source: str, target: str, amount_minor: int, *, now: datetime) -> Quote:
    found = find(source, target, now=now)
    spread_bps = int(settings.EXCHANGE_SPREAD_BPS)
    price = rules.price(
        found.rate,
        source_denominator=found.base.denominator,
        target_denominator=found.quote.denominator,
        spread_bps=spread_bps,
    )
    return Quote(found, amount_minor, spread_bps, rules.exchange(amount_minor, price))


def listing(now: datetime) -> list[Found]:
    """Every pair of enabled currencies that has a rate, stale ones marked."""
    currencies, rates = enabled_currencies(), current_rates(now)
    pairs = ((base, quote) for base in currencies for quote in currencies if base != quote)
    found = (_between(currencies, rates, base, quote, now) for base, quote in pairs)
    return [each for each in found if each is not None]


def enabled_currencies() -> dict[str, Currency]:
    return {currency.code: currency for currency in Currency.objects.filter(enabled=True).order_by("code")}


def conversion(player_id: int, reference: str) -> Conversion | None:
    rows = Conversion.objects.select_related("source_account", "target_account")
    return rows.filter(player=player_id, reference=reference).first()


def _between(
    currencies: Mapping[str, Currency], rates: Mapping[str, ExchangeRate], source: str, target: str, now: datetime
) -> Found | None:
    steps = rules.route({base: row.quote_id for base, row in rates.items()}, source, target)
    if steps is None:
        return None
    used = tuple(Used(rates[step.base], step.inverted) for step in steps)
    rate = rules.product((each.row.rate, each.inverted) for each in used)
    stale = any(is_stale(each.row, now) for each in used)
    return Found(currencies[source], currencies[target], rate, used, stale)
