"""Operators: where they are, who plays with their money, and what they say of a player."""

import secrets
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction

from accounts import audit
from accounts.models import User
from accounts.partners.models import Partner, PartnerPlayer, sealer
from accounts.partners.rules import Environment
from casino.lib.errors import DomainError
from casino.ops.together import release_connection
from wallet.chart import book_of
from wallet.models import Account
from wallet.operators import rules
from wallet.operators.client import Endpoint, caller
from wallet.operators.models import Operator, RemoteWallet
from wallet.operators.operations.rows import tell_balances
from wallet.operators.protocol import Call, Confirmed, Refused
from wallet.operators.waiting import turn_to_wait

NOT_ADMITTED = ("player_blocked", "session_expired", "player_not_found", "limit_reached")


class NoOperator(DomainError):
    code = "temporarily_unavailable"
    status = 503
    socket_code = 1005
    message = "The bet could not be placed: the player's wallet cannot be reached."


class NotAdmitted(DomainError):
    code = "player_blocked"
    status = 403
    socket_code = 1005
    message = "The operator does not admit the player."


@transaction.atomic
def connect(
    partner: Partner,
    environment: Environment,
    *,
    slug: str,
    base_url: str,
    secret: str | None = None,
    actor: User | None,
    now: datetime,
) -> tuple[Operator, str]:
    """The partner's seamless wallet is there from now on; and the secret that both sides sign with."""
    secret = secret or f"os_{secrets.token_urlsafe(32)}"
    operator = Operator.objects.create(
        partner=partner,
        environment=str(environment),
        slug=slug,
        base_url=rules.checked_url(base_url, allow_private=settings.OPERATORS_ALLOW_PRIVATE),
        secret_sealed=sealer().seal(secret),
        created_at=now,
    )
    audit.record("operator.connected", f"operator:{operator.pk}", actor=actor, now=now, slug=slug, url=base_url)
    seamless = PartnerPlayer.objects.filter(
        partner=partner, environment=str(environment), wallet=PartnerPlayer.Wallet.SEAMLESS
    )
    for player in seamless.select_related("user"):
        _join(player, operator)
    return operator, secret


@transaction.atomic
def move(operator: Operator, *, base_url: str, actor: User | None, now: datetime) -> None:
    """Its server is somewhere else."""
    base_url = rules.checked_url(base_url, allow_private=settings.OPERATORS_ALLOW_PRIVATE)
    if Operator.objects.filter(pk=operator.pk).exclude(base_url=base_url).update(base_url=base_url):
        audit.record("operator.moved", f"operator:{operator.pk}", actor=actor, now=now, url=base_url)


@transaction.atomic
def renew_secret(operator: Operator, *, actor: User | None, now: datetime) -> str:
    """A new secret, shown this once; calls are signed with it from now on."""
    secret = f"os_{secrets.token_urlsafe(32)}"
    Operator.objects.filter(pk=operator.pk).update(secret_sealed=sealer().seal(secret))
    audit.record("operator.secret_renewed", f"operator:{operator.pk}", actor=actor, now=now)
    return secret


@transaction.atomic
def switch(operator: Operator, *, active: bool, actor: User | None, now: datetime) -> None:
    """An operator that is off takes no stakes; what it is owed is still brought to it."""
    if Operator.objects.filter(pk=operator.pk).exclude(is_active=active).update(is_active=active):
        action = "operator.switched_on" if active else "operator.switched_off"
        audit.record(action, f"operator:{operator.pk}", actor=actor, now=now)


def join(player: PartnerPlayer, account: Account) -> RemoteWallet | None:
    """The player's account is at the partner's operator, where there is one."""
    operator = Operator.objects.filter(partner_id=player.partner_id, environment=player.environment).first()
    if operator is None:
        return None
    wallet, _ = RemoteWallet.objects.get_or_create(
        account=account, defaults={"operator": operator, "user": player.external_id}
    )
    return wallet


def _join(player: PartnerPlayer, operator: Operator) -> None:
    book = book_of(player.user.currency_code, is_demo=player.is_demo)
    account = Account.objects.filter(owner_id=player.user_id, book=book).first()
    if account is not None:
        RemoteWallet.objects.get_or_create(account=account, defaults={"operator": operator, "user": player.external_id})


def operator_of(account_id: int) -> int | None:
    """Who holds the account's money; None where it is here."""
    return RemoteWallet.objects.filter(pk=account_id).values_list("operator_id", flat=True).first()


def endpoint_of(operator: Operator) -> Endpoint:
    return Endpoint(
        operator_id=operator.pk,
        base_url=operator.base_url,
        secret=operator.secret,
        timeout_s=operator.timeout_ms / 1000,
        max_connections=operator.max_connections,
        allow_private=settings.OPERATORS_ALLOW_PRIVATE,
    )


def balance_question(account_id: int) -> tuple[Endpoint, Call, dict[str, Any]] | None:
    """What to ask of whom, to know what a player has; None where their money is here."""
    wallet = RemoteWallet.objects.select_related("operator", "account__currency").filter(pk=account_id).first()
    if wallet is None:
        return None
    currency = wallet.account.currency
    who = {"user": wallet.user, "currency": currency.code, "denominator": currency.denominator}
    return endpoint_of(wallet.operator), Call.BALANCE, who


def ask_balance(account_id: int, *, now: datetime) -> None:
    """Ask the operator what its player has; where it does not answer, or cannot be asked, its last words stand."""
    question = balance_question(account_id)
    if question is not None:
        with turn_to_wait() as mine:
            if not mine:
                return
            release_connection()
            verdict = caller().submit(*question).result()
        if isinstance(verdict, Confirmed):
            tell_balances({account_id: verdict.balance_minor}, now=now)


def ask_balance_of(player: PartnerPlayer, *, now: datetime) -> None:
    """The same for a partner's player; nothing where their money is here."""
    if player.wallet == PartnerPlayer.Wallet.SEAMLESS:
        account_id = account_of(player)
        if account_id is not None:
            ask_balance(account_id, now=now)


def account_of(player: PartnerPlayer) -> int | None:
    book = book_of(player.user.currency_code, is_demo=player.is_demo)
    return Account.objects.filter(owner_id=player.user_id, book=book).values_list("pk", flat=True).first()


def admit(player: PartnerPlayer, token: str | None, *, now: datetime) -> None:
    """
    Before a session is opened the operator is asked whether its player may play; `token` is its own word for that.

    Raises NotAdmitted, or NoOperator where it does not answer. Players whose money is here need nobody's leave.
    """
    if player.wallet != PartnerPlayer.Wallet.SEAMLESS:
        return
    account_id = account_of(player)
    question = None if account_id is None else balance_question(account_id)
    if question is None or account_id is None:
        raise NoOperator("The player's wallet cannot be reached: no operator is set up.")
    endpoint, _, who = question
    with turn_to_wait() as mine:
        if not mine:
            raise NoOperator("The player's wallet cannot be asked now: too many wait for operators. Try again.")
        release_connection()
        verdict = caller().submit(endpoint, Call.AUTHENTICATE, {**who, **({"token": token} if token else {})}).result()
    if isinstance(verdict, Confirmed):
        tell_balances({account_id: verdict.balance_minor}, now=now)
    elif isinstance(verdict, Refused) and verdict.code in NOT_ADMITTED:
        raise NotAdmitted(f"The operator does not admit the player: {verdict.code}.")
    else:
        raise NoOperator("The player's wallet does not answer. Try again.")
