"""The instant games' simulators in short: they hold, repeat exactly, and notice rules that are broken on purpose."""

from collections.abc import Mapping
from fractions import Fraction
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from games.instant import audit as instant_audit
from games.instant.kinds import KINDS
from games.instant.operations import playing as verbs
from games.instant.rules import Played, payout_minor
from games.instant.simulation import returns
from games.instant.simulation.playing import simulate
from games.instant.simulation.returns import sample
from games.instant.slots.rules import Slots
from tests.games.instant.casino import Casino
from wallet import audit as wallet_audit

RTP = Fraction(99, 100)


@pytest.mark.parametrize("game", KINDS)
def test_a_sample_agrees_with_the_exact_return_and_comes_again_from_its_seed(game: str) -> None:
    first = sample(KINDS[game], RTP, bets=15_000, seed=1)
    assert first.agrees, first.line()
    assert first == sample(KINDS[game], RTP, bets=15_000, seed=1)
    assert first.returned != sample(KINDS[game], RTP, bets=15_000, seed=2).returned


def test_a_game_that_pays_more_than_its_odds_say_is_found() -> None:
    class Generous(Slots):
        def play(self, *args: Any) -> Played:
            multiplier, shown = super().play(*args)
            return Played(multiplier or Fraction(1), shown)

    found = sample(Generous(), RTP, bets=15_000, seed=1)
    assert not found.agrees
    assert "DOES NOT AGREE" in found.line()


def test_the_command_fails_where_a_game_does_not_return_what_its_odds_say(monkeypatch: pytest.MonkeyPatch) -> None:
    out = StringIO()
    call_command("simulate", game="slots", bets=2_000, stdout=out)
    assert "slots: 2,000 bets on 1 choice" in out.getvalue()
    monkeypatch.setattr(returns, "STANDARD_ERRORS", 0)
    with pytest.raises(CommandError, match="seed 3: slots does not return") as failure:
        call_command("simulate", game="slots", bets=2_000, seed=3, stdout=out)
    assert failure.value.returncode == 1


def test_too_few_bets_to_say_anything_are_refused() -> None:
    with pytest.raises(CommandError, match="no choice is expected to win"):
        call_command("simulate", game="videopoker", bets=10)


def test_real_bets_leave_books_that_agree_with_what_the_players_were_told(casino: Casino) -> None:
    summary = simulate(5, bets=600, players=9, now=casino.now)
    assert summary.findings == []
    assert summary.bets >= 600
    expected = {"amount_below_minimum", "amount_above_maximum", "not_found", "hash_used", "insufficient_funds"}
    assert set(summary.refused) == expected
    assert [*wallet_audit.findings(casino.now), *instant_audit.findings(casino.now)] == []


def test_a_payout_that_is_one_unit_off_is_found(casino: Casino, monkeypatch: pytest.MonkeyPatch) -> None:
    def generous(stake: int, multiplier: Fraction, most: int | None = None) -> int:
        return payout_minor(stake, multiplier, most) + (1 if multiplier else 0)

    monkeypatch.setattr(verbs, "payout_minor", generous)
    simulate(5, bets=100, players=5, now=casino.now)
    assert any("and its outcome makes" in line for line in instant_audit.findings(casino.now))


def test_a_bet_on_another_hash_than_was_told_is_found(casino: Casino, monkeypatch: pytest.MonkeyPatch) -> None:
    def forgotten(secrets: Mapping[int, Any], *, now: Any) -> None:
        """The secret that serves is never changed, so the database refuses the second bet on it."""

    monkeypatch.setattr(verbs, "rotate", forgotten)
    with pytest.raises(Exception, match=r"(?i)unique"):
        simulate(5, bets=300, players=2, now=casino.now)
