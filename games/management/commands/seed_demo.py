"""
Demo data: the game, players with money, staff. Repeating it tops up nothing and changes no password; sessions and
keys are fresh each time. Also safe while the server runs.
"""

import base64
import hashlib
import hmac
import json
from argparse import ArgumentParser
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from accounts import operations as accounts
from accounts.models import User
from casino.lib.clock import system_clock
from casino.lib.money import format_minor
from games.crash import operations as crash
from games.instant import operations as instant
from games.management.demo_partners import seed_operator, seed_partner
from wallet import operations as wallet
from wallet import queries
from wallet.exchange import operations as exchange
from wallet.psp import operations as payments
from wallet.sandbox import rules as sandbox


@dataclass(frozen=True, slots=True)
class DemoPlayer:
    username: str
    currency: str
    deposit_minor: int  # real money; 0 for a demo player, whose demo account comes with demo money
    is_demo: bool = False


PLAYERS = (
    DemoPlayer("alice", "BRL", 100_000),
    DemoPlayer("bob", "BRL", 100_000),
    DemoPlayer("carol", "EUR", 50_000),
    DemoPlayer("dora", "BITS", 5_000_000),
    DemoPlayer("eve", "BRL", 0, is_demo=True),
)
STAFF = "admin"
PARTNER = "partner"
OPERATOR = "operator"


def demo_password(username: str) -> str:
    """The same on every run of this installation, and no other's: derived from its secret."""
    digest = hmac.digest(settings.SECRET_KEY.encode(), f"demo:{username}".encode(), hashlib.sha256)
    return base64.b32encode(digest)[:16].decode().lower()


class Command(BaseCommand):
    help = "Make demo players, staff and the game; prints how to use them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")

    def handle(self, *args: Any, **options: Any) -> None:
        now = system_clock.now()
        crash.ensure_game(slug="BigPanda", title="BigPanda", now=now)
        instant.ensure_games(now=now)
        exchange.ensure_demo_rates(now=now)
        seeded: dict[str, Any] = {
            "players": [self._player(player, now) for player in PLAYERS],
            "partner": seed_partner(self._user(PARTNER), demo_password(PARTNER), now),
            "operator": seed_operator(self._user(OPERATOR), now),
            "psp": self._psp(now),
            "staff": self._staff(),
        }
        if options["json"]:
            self.stdout.write(json.dumps(seeded))
        else:
            self._show(seeded)

    def _player(self, wanted: DemoPlayer, now: datetime) -> dict[str, Any]:
        player = self._user(wanted.username, currency_code=wanted.currency, is_demo=wanted.is_demo)
        if wanted.deposit_minor:
            wallet.deposit(player, wanted.deposit_minor, reference=f"seed:{wanted.username}", now=now)
        wallet.open_account(player, is_demo=wanted.is_demo, now=now)
        token, _ = accounts.open_session(player, is_demo=wanted.is_demo, now=now, user_agent="seed_demo")
        balance = queries.balance(player, is_demo=wanted.is_demo)
        return {
            "username": player.username,
            "password": demo_password(player.username),
            "session": token,
            "api_key": accounts.issue_player_key(player, now=now),
            "currency": balance.currency,
            "balance": balance.available_minor,
            "denominator": balance.denominator,
            "isDemo": wanted.is_demo,
        }

    def _psp(self, now: datetime) -> dict[str, str]:
        """The bundled provider; where it is not served it is off, and its reports are taken all the same."""
        secret = sandbox.secret()
        payments.ensure_provider(
            sandbox.SLUG,
            name=sandbox.NAME,
            base_url=sandbox.BASE_URL,
            secret=secret,
            enabled=settings.SANDBOX_PSP,
            now=now,
        )
        return {"provider": sandbox.SLUG, "webhook_secret": secret}

    def _staff(self) -> dict[str, str]:
        self._user(STAFF, is_staff=True, is_superuser=True)
        return {"username": STAFF, "password": demo_password(STAFF)}

    def _user(self, username: str, **fields: Any) -> User:
        user, _ = User.objects.get_or_create(username=username, defaults=fields)
        password = demo_password(username)
        if not user.check_password(password):
            user.set_password(password)
            user.save(update_fields=["password"])
        return user

    def _show(self, seeded: dict[str, Any]) -> None:
        self.stdout.write("Demo sign-ins (for games and chat; the last one is for /admin/):")
        for player in seeded["players"]:
            money = format_minor(player["balance"], player["denominator"])
            kind = " demo" if player["isDemo"] else ""
            self.stdout.write(f"  {player['username']:<8} {player['password']}  {money} {player['currency']}{kind}")
        partner, staff = seeded["partner"], seeded["staff"]
        self.stdout.write(f"  {partner['username']:<8} {partner['password']}  (a partner's member)")
        self.stdout.write(f"  {staff['username']:<8} {staff['password']}")
        self.stdout.write(f"A test key of the partner API, good for 90 days: {partner['test']['key']}")
        self.stdout.write(f"  its signing secret: {partner['test']['secret']}")
