"""The guide adds a coin flip; here it is added just as the guide says, in a registry of this test's own, and played."""

import importlib.util
import re
import sys
from fractions import Fraction
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from games.instant import reports
from games.instant.errors import InvalidBet
from games.instant.fairness import Roll
from games.instant.intake import choice_of
from games.instant.kinds import KINDS
from games.instant.models import InstantConfig
from games.instant.operations import ensure_games
from games.instant.rules import Rules
from games.instant.simulation.returns import sample
from tests.games.instant.casino import Casino
from tests.servers import ROOT

GUIDE = ROOT / "docs" / "adding-a-game.md"
REGISTRY = ROOT / "games" / "instant" / "kinds.py"
RTP = Fraction(99, 100)


def loaded(name: str, path: Path, text: str) -> ModuleType:
    path.write_text(text)
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def coin_flip(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Rules:
    """The guide's first block as the module that it says, its second one in the place of the registry's."""
    rules, line = re.findall(r"```python\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    name = "games.instant.coinflip"
    monkeypatch.setitem(sys.modules, name, ModuleType(name))
    monkeypatch.setitem(sys.modules, f"{name}.rules", loaded(f"{name}.rules", tmp_path / "rules.py", rules))
    before, _, _ = REGISTRY.read_text().partition("KINDS: ")
    registry = loaded("registry", tmp_path / "kinds.py", before + line)
    assert list(registry.KINDS) == [*KINDS, "coinflip"], "the guide's line keeps the games that there are"
    added: Rules = registry.KINDS["coinflip"]
    monkeypatch.setitem(KINDS, added.slug, added)
    return added


def test_its_return_is_the_configured_one_by_counting(coin_flip: Rules) -> None:
    for choice in coin_flip.examples():
        odds = coin_flip.odds(choice, {}, RTP)
        paid = [coin_flip.play(Roll(outcome, "salt"), choice, {}, RTP).multiplier for outcome in range(2)]
        assert sum(paid) / 2 == odds.rtp == RTP
        assert odds.top == coin_flip.top(choice, {}, RTP) == max(paid)
        for stake in (1, 2, 3, 10, 100):
            assert coin_flip.least_return(stake, {}, RTP) <= min(odds.rtp_at(s) for s in range(stake, stake + 100))
    assert sample(coin_flip, RTP, bets=2_000, seed=1).agrees


def test_it_is_set_up_played_paid_audited_and_watched(coin_flip: Rules, casino: Casino) -> None:
    ensure_games(now=casino.now)
    casino.check("""
        player    alice  100.00
        coinflip  alice  10.00  side 0 rolls 0           -> 19.80
        coinflip  alice  10.00  side 1 rolls 0           -> 0.00
        coinflip  alice  10.00  side 1 rolls 4294967295  -> 19.80
        balance   alice  109.60
        house     -9.60
    """)
    (watch,) = reports.watch_version(InstantConfig.objects.get(game="coinflip"))
    assert (watch.bets, watch.expected) == (3, pytest.approx(0.99))


@pytest.mark.parametrize("side", [2, -1, None, "heads", 0.5])
def test_what_may_not_be_chosen_is_named(coin_flip: Rules, side: Any) -> None:
    with pytest.raises(InvalidBet) as refusal:
        choice_of("coinflip", {"side": side})
    assert refusal.value.field == "side"
