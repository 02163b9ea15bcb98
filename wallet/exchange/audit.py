"""Does every conversion have its transfers, every such transfer its conversion, and does the arithmetic hold?"""

from collections.abc import Callable, Iterator
from datetime import datetime
from fractions import Fraction

from wallet.audit import capped, rows
from wallet.exchange import rules
from wallet.exchange.models import Conversion

# What a conversion's transfers must be: the leg, its amount, and between which accounts.
LEGS = """
    SELECT c.id, 'paid' AS leg, c.paid_minor AS amount, c.source_account_id AS debit, h.id AS credit
    FROM exchange_conversion c JOIN wallet_account s ON s.id = c.source_account_id
    JOIN wallet_account h ON h.book = s.book AND h.kind = 'exchange'
    UNION ALL
    SELECT c.id, 'rest', c.rest_minor, c.source_account_id, h.id
    FROM exchange_conversion c JOIN wallet_account s ON s.id = c.source_account_id
    JOIN wallet_account h ON h.book = s.book AND h.kind = 'rounding' WHERE c.rest_minor > 0
    UNION ALL
    SELECT c.id, 'given', c.given_minor, h.id, c.target_account_id
    FROM exchange_conversion c JOIN wallet_account s ON s.id = c.target_account_id
    JOIN wallet_account h ON h.book = s.book AND h.kind = 'exchange'
"""


def findings(now: datetime) -> list[str]:
    """A line per conversion and per transfer of the exchange that the other side does not explain."""
    checks: tuple[Callable[[], Iterator[str]], ...] = (_legs_off, _transfers_without_conversion, _arithmetic_off)
    return [line for check in checks for line in capped(check)]


def _legs_off() -> Iterator[str]:
    sql = f"""
        SELECT l.id, l.leg, l.amount, t.amount_minor FROM ({LEGS}) l
        LEFT JOIN wallet_transfer t ON t.id = 'exchange:' || CAST(l.id AS text) || ':' || l.leg
            AND t.code = 'exchange' AND t.kind = 'posted'
            AND t.debit_account_id = l.debit AND t.credit_account_id = l.credit
        WHERE t.id IS NULL OR t.amount_minor <> l.amount ORDER BY l.id, l.leg
    """  # noqa: S608 constants of this module only
    for conversion, leg, amount, moved in rows(sql):
        have = "there is no such transfer" if moved is None else f"its transfer is of {moved}"
        yield f"conversion {conversion}: {amount} {leg}, and {have}"


def _transfers_without_conversion() -> Iterator[str]:
    sql = f"""
        SELECT t.id, t.amount_minor, t.book FROM wallet_transfer t
        WHERE t.code = 'exchange' AND NOT EXISTS (
            SELECT 1 FROM ({LEGS}) l WHERE t.id = 'exchange:' || CAST(l.id AS text) || ':' || l.leg) ORDER BY t.id
    """  # noqa: S608 constants of this module only
    for transfer, amount, book in rows(sql):
        yield f"transfer {transfer}: no conversion explains {amount} in {book}"


def _arithmetic_off() -> Iterator[str]:
    """From the stored rates again: nobody got more or less than the rule gives."""
    conversions = Conversion.objects.select_related("source_account__currency", "target_account__currency")
    for conversion in conversions.prefetch_related("steps__rate").order_by("pk").iterator(chunk_size=1000):
        steps = sorted(conversion.steps.all(), key=lambda step: step.position)
        rate = rules.product((step.rate.rate, step.inverted) for step in steps)
        price = rules.price(
            rate,
            source_denominator=conversion.source_account.currency.denominator,
            target_denominator=conversion.target_account.currency.denominator,
            spread_bps=conversion.spread_bps,
        )
        right = rules.exchange(conversion.source_minor, price)
        have = (conversion.paid_minor, conversion.rest_minor, conversion.given_minor)
        if not steps or Fraction(conversion.rate) != rate:
            yield f"conversion {conversion.pk}: its rate {conversion.rate} is not what its stored rates make"
        elif have != right[:3] or Fraction(conversion.remainder) != right.remainder:
            yield f"conversion {conversion.pk}: {conversion.source_minor} at {rate} does not make what is recorded"
        elif any(step.rate.valid_from > conversion.created_at for step in steps):
            yield f"conversion {conversion.pk}: made with a rate that was not in force"
