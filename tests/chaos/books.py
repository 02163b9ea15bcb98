"""Run inside the platform (`manage.py shell`): seats for the players, and the verdict over both books."""

import json
import sqlite3
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.management import CommandError, call_command
from django.db.models import Sum

from accounts import operations as accounts
from accounts.models import User
from accounts.partners import operations as partners
from accounts.partners.models import PartnerPlayer
from accounts.partners.rules import SCOPES, Environment
from games.crash.models import Bet
from tests.chaos import FUNDS
from wallet import operations as wallet
from wallet.operators import operations as operators
from wallet.operators.models import RemoteCall, RemoteWallet

SLUG = "chaos"
LONG_RUN = 200  # bets


def seat(url: str, secret: str, seamless: int, transfer: int, own: int) -> None:
    """Prints the partner's key, and a session of each player who sits at the table."""
    now = datetime.now(UTC)
    owner = User.objects.create(username=SLUG)
    partner = partners.create_partner(SLUG, slug=SLUG, owner=owner, now=now)
    operators.connect(partner, Environment.LIVE, slug=SLUG, base_url=url, secret=secret, actor=None, now=now)
    for name, kind in [(f"s-{n}", "seamless") for n in range(seamless)] + [
        (f"t-{n}", "transfer") for n in range(transfer)
    ]:
        player, _, _ = wallet.seat_partner_player(partner, Environment.LIVE, name, currency="BRL", wallet=kind, now=now)
        if kind == "transfer":
            wallet.deposit(player.user, FUNDS, reference=f"chaos:{name}", now=now)
    issued = partners.issue_key(partner, Environment.LIVE, scopes=SCOPES, actor=None, now=now)
    sessions = {}
    for n in range(own):
        user = User.objects.create(username=f"own-{n}")
        wallet.deposit(user, FUNDS, reference=f"chaos:own-{n}", now=now)
        sessions[user.username], _ = accounts.open_session(user, is_demo=False, now=now)
    print(json.dumps({"key": issued.token, "secret": issued.secret, "sessions": sessions}))


def still_owed() -> None:
    """How much is on its way to the operator, or not known yet."""
    open_states = [RemoteCall.State.OWED, RemoteCall.State.REQUESTED]
    # A lost bet is told after a minute: no need to wait for that, the books are even without it.
    waiting = RemoteCall.objects.filter(state__in=open_states).exclude(kind="win", amount_minor=0)
    print(json.dumps({"owed": waiting.count(), "bets": Bet.objects.filter(status__in=["open", "reserved"]).count()}))


def verdict(operator_db: str) -> None:
    """Prints what does not agree, and how much was played."""
    problems: list[str] = []
    today = datetime.now(UTC).date()
    for command in (
        ["check_ledger"],
        *(["reconcile", "--day", str(today - timedelta(days=n)), "--source", f"operator:{SLUG}"] for n in (1, 0)),
    ):
        try:
            call_command(*command)
        except CommandError as findings:
            problems.append(f"{' '.join(command)}: {findings}")
    theirs = dict(sqlite3.connect(operator_db).execute("SELECT name, balance FROM players"))
    for seat_ in RemoteWallet.objects.select_related("account").filter(operator__slug=SLUG):
        bets = Bet.objects.filter(account=seat_.account).aggregate(staked=Sum("stake_minor"), paid=Sum("payout_minor"))
        right = FUNDS - (bets["staked"] or 0) + (bets["paid"] or 0)
        if theirs[seat_.user] != right:
            problems.append(f"{seat_.user}: the operator has {theirs[seat_.user]}, by our bets it is {right}")
    # A short run may kill all that were asked for; a long one in which nobody played proves nothing.
    for kind in ("seamless", "transfer") if Bet.objects.count() > LONG_RUN else ():
        players = PartnerPlayer.objects.filter(partner__slug=SLUG, wallet=kind).values("user")
        if not Bet.objects.filter(player__in=players).exists():
            problems.append(f"nobody with a {kind} wallet has played")
    states: dict[str, Any] = {}
    for kind, state in RemoteCall.objects.values_list("kind", "state"):
        states[f"{kind} {state}"] = states.get(f"{kind} {state}", 0) + 1
    print(json.dumps({"problems": problems, "bets": Bet.objects.count(), "calls": states}))
