"""
Instant games played through the real operations, with outcomes that a test chooses.

A secret is sealed, but a test may look at it: the client seed that leads to the wanted outcome is then what is missing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from accounts.models import User
from casino.lib.errors import DomainError
from games.instant import audit as instant_audit
from games.instant.fairness import SPACE, Secret
from games.instant.intake import choice_of
from games.instant.models import Commitment, InstantBet, InstantGame
from games.instant.operations import PlayedBet, PlayRequest, next_hash, play, set_enabled
from games.instant.sealed import opened
from wallet import audit as wallet_audit
from wallet import operations as wallet
from wallet import queries
from wallet.bankroll import operations as bankroll
from wallet.chart import House
from wallet.operators import audit as operators_audit

HALF = 2**31
Answer = PlayedBet | DomainError


def account_of(player: Any, *, is_demo: bool = False) -> int:
    account = queries.player_account(player, is_demo=is_demo)
    assert account is not None
    return account.pk


def secret_of(account_id: int, *, now: datetime) -> Secret:
    """What the account's next bet is held to."""
    next_hash(account_id, now=now)
    return opened(Commitment.objects.get(pk=account_id).sealed)


@dataclass
class Casino:
    """Players by name."""

    make_player: Callable[..., Any]
    now: datetime
    players: dict[str, Any] = field(default_factory=dict)

    def player(self, name: str, real: int = 100_00, *, currency: str = "BRL") -> Any:
        self.players[name] = self.make_player(name, real=real, currency=currency)
        return self.players[name]

    def demo_player(self, name: str) -> Any:
        self.players[name] = self.make_player(name, demo=True)
        wallet.open_account(self.players[name], is_demo=True, now=self.now)
        return self.players[name]

    def account(self, name: str) -> int:
        return account_of(self.players[name], is_demo=self.players[name].is_demo)

    def balance(self, name: str) -> int:
        player = self.players[name]
        return queries.balance(player, is_demo=player.is_demo).available_minor

    def wish(
        self, name: str, game: str = "dice", stake: int = 10_00, *, outcome: int | None = None, **choice: Any
    ) -> PlayRequest:
        """A bet of this player's; with `outcome` its client seed makes the account's next secret come to that."""
        player = self.players[name]
        account_id = self.account(name)
        if game == "dice":
            choice = {"range": HALF, "target": 0} | choice
        chosen, seed = choice_of(game, choice)
        if outcome is not None:
            seed = (outcome - secret_of(account_id, now=self.now).number) % SPACE
        return PlayRequest(
            game, player.pk, account_id, player.currency_code, player.is_demo, stake, chosen, client_seed=seed
        )

    def play(self, *wishes: PlayRequest) -> list[Answer]:
        self.now += timedelta(seconds=1)
        return play(wishes, now=self.now)

    def bet(self, name: str, game: str = "dice", stake: int = 10_00, **choice: Any) -> Answer:
        (answer,) = self.play(self.wish(name, game, stake, **choice))
        return answer

    def played(self, name: str, game: str = "dice", stake: int = 10_00, **choice: Any) -> PlayedBet:
        return taken(self.bet(name, game, stake, **choice))

    def switch(self, game: str, *, on: bool, actor: Any) -> None:
        set_enabled(InstantGame.objects.get(pk=game), enabled=on, actor=actor, now=self.now)

    def may_win(self, most_minor: int) -> None:
        """One bet in BRL, at most, from now on: a hundredth of that capital."""
        staff, _ = User.objects.get_or_create(username="risk")
        at = self.now + timedelta(milliseconds=500)
        bankroll.change("BRL", capital_minor=most_minor * 100, reason="a test", actor=staff, now=at)

    def house(self, book: str = "BRL") -> int:
        return queries.house_balance(House.INSTANT, book)

    def findings(self) -> list[str]:
        return [line for audit in (wallet_audit, operators_audit, instant_audit) for line in audit.findings(self.now)]

    def check(self, text: str) -> None:
        """
        A scenario: what is done, and after the arrow what must come of it.

            player  alice  100.00
            dice    alice  10.00  below 2147483648  rolls 5  -> 19.80
            dice    alice  999.00                            -> InsufficientFunds
            balance alice  109.80
            house   -9.80
        """
        for line in filter(None, map(str.strip, text.strip().splitlines())):
            words, _, expected = (part.strip() for part in line.partition("->"))
            self._step(words.split(), expected, line)
        assert self.findings() == []

    def _step(self, words: Sequence[str], expected: str, line: str) -> None:
        match words:
            case ["player", name, amount]:
                self.player(name, minor(amount))
            case ["balance", name, amount]:
                assert self.balance(name) == minor(amount), line
            case ["house", amount]:
                assert self.house() == minor(amount), line
            case [game, name, stake, *rest]:
                choice = dict(_parameter(rest[i], rest[i + 1]) for i in range(0, len(rest), 2))
                assert shown(self.bet(name, game, minor(stake), **choice)) == expected, line
            case _:
                raise AssertionError(f"not understood: {line}")


def _parameter(word: str, value: str) -> tuple[str, Any]:
    match word:
        case "weights":
            return word, value.split(",")
        case "rolls":
            return "outcome", int(value)
        case _:
            return word, int(value)


def taken(answer: Answer) -> PlayedBet:
    assert isinstance(answer, PlayedBet), repr(answer)
    return answer


def shown(answer: Answer) -> str:
    """What was paid, or the name of the refusal."""
    return type(answer).__name__ if isinstance(answer, DomainError) else f"{answer.payout_minor / 100:.2f}"


def minor(amount: str) -> int:
    return round(float(amount) * 100)


def with_hash(request: PlayRequest, wanted: str) -> PlayRequest:
    return replace(request, hash=wanted)


def rows() -> list[InstantBet]:
    return list(InstantBet.objects.order_by("pk"))
