"""Verbs about money: opening accounts and putting money into them. Each is one transaction and may be repeated."""

from datetime import datetime

from django.db import transaction

from accounts.models import User
from accounts.partners import operations as partners
from accounts.partners.models import Partner, PartnerPlayer
from accounts.partners.rules import Environment
from casino.lib.errors import DomainError
from wallet import ledger, queries
from wallet.chart import PLAYER, Code, House, book_of
from wallet.ledger import Outcome, Result, TransferRequest
from wallet.models import Account, Currency
from wallet.operators import operations as operators

DEMO_GRANT_UNITS = 1_000  # what a new demo account holds, in whole units
DEMO_GRANT_UNITS_BY_CURRENCY = {"BTC": 1, "BITS": 100_000, "COIN": 1}


class TransferRefused(DomainError):
    """The ledger did not take a transfer; `result` says why."""

    code = "transfer_refused"
    status = 409

    def __init__(self, result: Result) -> None:
        self.result = result
        super().__init__(f"The transfer was refused: {result}.")


class OwnCurrencyOnly(DomainError):
    """Demo money exists in the player's own currency alone: it is not exchanged."""

    code = "own_currency_only"
    status = 403
    message = "Demo money is held in the player's own currency only."


class DemoMoneyOnly(DomainError):
    """A demo player never has a real account."""

    code = "demo_money_only"
    status = 403
    message = "This player plays with demo money only."


def demo_grant_minor(currency: Currency) -> int:
    return DEMO_GRANT_UNITS_BY_CURRENCY.get(currency.code, DEMO_GRANT_UNITS) * currency.denominator


@transaction.atomic
def open_account(
    player: User, *, is_demo: bool, now: datetime, granted: bool = True, currency: str | None = None
) -> Account:
    """
    The player's account in real or in demo money, made when it is first asked for.

    A new demo account comes with demo money, where it is `granted` some; a new real one is empty. `currency` is the
    player's own unless said otherwise: games are played in that one, real money of others is what was exchanged.
    """
    code = currency or player.currency_code
    found = queries.player_account(player, is_demo=is_demo, currency=code)
    if found is not None:
        return found
    if player.is_demo and not is_demo:
        raise DemoMoneyOnly
    if is_demo and code != player.currency_code:
        raise OwnCurrencyOnly
    book = book_of(code, is_demo=is_demo)
    account, created = Account.objects.get_or_create(
        owner=player,
        book=book,
        defaults={
            "kind": PLAYER,
            "currency_id": code,
            "is_demo": is_demo,
            "posted_minor": 0,
            "held_minor": 0,
            "created_at": now,
        },
    )
    if created and is_demo and granted:
        own = Currency.objects.get(code=code)
        _credit(account, House.DEMO_ISSUE, demo_grant_minor(own), f"grant:{account.pk}", Code.GRANT, now=now)
        account.refresh_from_db()
    return account


@transaction.atomic
def seat_partner_player(
    partner: Partner, environment: Environment, external_id: str, *, currency: str, wallet: str, now: datetime
) -> tuple[PartnerPlayer, Account, bool]:
    """A partner's player with an account, made where there is none; whether it was made now. Repeating is a no-op."""
    player, created = partners.ensure_player(
        partner, environment, external_id, currency=currency, wallet=wallet, now=now
    )
    if player.wallet != PartnerPlayer.Wallet.SEAMLESS:
        return player, open_account(player.user, is_demo=player.is_demo, now=now), created
    account = open_account(player.user, is_demo=player.is_demo, now=now, granted=False)
    operators.join(player, account)
    return player, account, created


@transaction.atomic
def refill_demo(player: User, *, now: datetime) -> Account:
    """Bring a demo balance that has run low back to the first grant. Demo money only, so nothing is lost by it."""
    account = open_account(player, is_demo=True, now=now)
    account = Account.objects.select_for_update(no_key=True).get(pk=account.pk)
    missing = demo_grant_minor(Currency.objects.get(code=player.currency_code)) - account.available_minor
    if missing > 0:
        reference = f"refill:{account.pk}:{now.isoformat()}"
        _credit(account, House.DEMO_ISSUE, missing, reference, Code.GRANT, now=now)
        account.refresh_from_db()
    return account


@transaction.atomic
def deposit(player: User, amount_minor: int, *, reference: str, now: datetime) -> Outcome:
    """Real money arrives from outside. `reference` is the id of the arrival and makes it happen once."""
    account = open_account(player, is_demo=False, now=now)
    return _credit(account, House.FUNDING, amount_minor, reference, Code.DEPOSIT, now=now)


def _credit(
    account: Account, source: House, amount_minor: int, transfer_id: str, code: Code, *, now: datetime
) -> Outcome:
    request = TransferRequest(
        id=transfer_id,
        debit_account_id=queries.house_accounts(source, [account.book])[account.book],
        credit_account_id=account.pk,
        amount_minor=amount_minor,
        code=code,
        reference=transfer_id,
    )
    outcome = ledger.post([request], now=now)[0]
    if not outcome.in_books:
        raise TransferRefused(outcome.result)
    return outcome
