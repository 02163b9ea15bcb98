"""The instant games' pages: new rules shown before they are made, bets with their proof, and returns under watch."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import AuditEntry
from casino.lib.clock import ManualClock
from games import dashboard
from games.instant import admin as instant_admin
from games.instant import reports
from games.instant.fairness import SPACE
from games.instant.kinds import KINDS
from games.instant.models import Commitment, InstantConfig, InstantGame
from games.instant.operations import ensure_games, next_hash
from games.instant.sealed import opened
from games.instant.slots.rules import GAME as SLOTS
from tests.games.instant.casino import HALF, Casino
from tests.games.instant.test_play import PANDAS
from tests.wallet.unguarded import sql, unguarded

SignIn = Callable[[str], Client]


@pytest.fixture
def casino(db: None, make_player: Callable[..., Any], now: datetime) -> Casino:
    ensure_games(now=now)
    return Casino(make_player, now)


def stakes(**changes: str) -> dict[str, str]:
    return {"minimum_BRL": "1", "default_BRL": "5", "maximum_BRL": "500", **changes}


def poker_form(**changes: str) -> dict[str, str]:
    pays = (5000, 1000, 200, 50, 40, 16, 6, 4, 3)
    table = {f"pays_{i}": str(times) for i, times in enumerate(pays)}
    return {"rtp": "99", "note": "spring", **table, **stakes(), **changes}


def slots_form(**changes: str) -> dict[str, str]:
    table = SLOTS.default_table
    form = {f"name_{number}": name for number, name in table["symbols"].items()}
    form |= {f"strip_{reel}": " ".join(map(str, strip)) for reel, strip in enumerate(table["strips"])}
    for i, line in enumerate(table["lines"]):
        form |= {f"line_{i}_{reel}": str(symbol or 0) for reel, symbol in enumerate(line["symbols"])}
        form[f"line_{i}_pays"] = str(line["pays"] / 100)
    return {"rtp": "99", "note": "autumn", **form, **stakes(), **changes}


def look(client: Client, game: str, form: dict[str, str]) -> str:
    answer = client.post(f"/admin/instant/instantgame/{game}/rules/", form | {"look": "1"})
    assert answer.status_code == 200
    return answer.content.decode()


def save(client: Client, game: str, form: dict[str, str], page: str) -> Any:
    """As the button under what was shown does it."""
    (seen,) = re.findall(r'name="seen" value="(\w+)"', page)
    return client.post(f"/admin/instant/instantgame/{game}/rules/", form | {"seen": seen, "confirm": "1"}, follow=True)


def versions(game: str) -> list[int]:
    return list(InstantConfig.objects.filter(game=game).order_by("version").values_list("version", flat=True))


def test_new_rules_are_shown_and_then_made_with_their_author_and_reason(casino: Casino, signed_in: SignIn) -> None:
    client = signed_in("risk")
    form = poker_form(pays_0="4800.5", rtp="98.97")
    page = look(client, "videopoker", form)
    assert versions("videopoker") == [1], "nothing was saved yet"
    for text in ("98.9689 %", "4,800.5×, 1 in 649,740", "Jacks or Better", "1 in 7.69", "500.00 BRL", "least return"):
        assert text in page, text
    told = save(client, "videopoker", form, page).content.decode()
    assert "Version 2 applies from the next bet on." in told
    config = InstantConfig.objects.get(game="videopoker", version=2)
    assert (config.rtp_bps, config.note, config.author) == (9_897, "spring", client.staff)  # type: ignore[attr-defined]
    assert config.table["pays"]["Royal Flush"] == 480_050
    limits = config.limits.values_list("currency_id", "min_stake_minor", "default_stake_minor", "max_stake_minor")
    assert list(limits) == [("BRL", 100, 500, 500_00)]
    entry = AuditEntry.objects.get(action="game.config_changed", subject="game:videopoker")
    assert (entry.actor, entry.details["note"], entry.details["version"]) == (config.author, "spring", 2)
    assert "spring" in told, "the history is on the game's page"


def test_rules_that_nobody_has_looked_at_are_not_saved(casino: Casino, signed_in: SignIn) -> None:
    client, form = signed_in("risk"), poker_form()
    url = "/admin/instant/instantgame/videopoker/rules/"
    assert client.post(url, form | {"confirm": "1"}).status_code == 200
    page = look(client, "videopoker", form)
    changed = save(client, "videopoker", form | {"pays_0": "4999"}, page).content.decode()
    assert "The rules were changed after they were looked at: look again." in changed
    assert versions("videopoker") == [1]
    assert client.get(url).content.decode().count("Make a new version") == 0


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"pays_8": "3.01"}, "This table returns 99.1296%; configured are 99.00%"),
        ({"pays_8": "2"}, "This table returns 85.9"),
        ({"rtp": "74.99"}, "greater than or equal to 75"),
        ({"rtp": "100"}, "less than or equal to 99.99"),
        ({"rtp": "NaN"}, "Enter a number"),
        ({"pays_0": "0"}, "greater than or equal to 0.01"),
        ({"pays_0": "1.005"}, "decimal places"),
        ({"pays_0": ""}, "This field is required"),
        ({"note": ""}, "This field is required"),
        ({"minimum_BRL": ""}, "BRL needs all three stakes, or none."),
        ({"minimum_BRL": "6"}, "The limits of BRL must be in order"),
        ({"maximum_BRL": "1e30"}, "less than or equal to"),
    ],
)
def test_impossible_rules_are_refused_with_their_reason(
    changes: dict[str, str], words: str, casino: Casino, signed_in: SignIn
) -> None:
    page = look(signed_in("risk"), "videopoker", poker_form(**changes))
    assert words in page.replace("&#x27;", "'")
    assert "Make a new version" not in page
    assert versions("videopoker") == [1]


def test_stakes_that_rounding_would_eat_are_refused_and_a_small_loss_is_shown(
    casino: Casino, signed_in: SignIn
) -> None:
    client, form = signed_in("risk"), {"rtp": "99", "note": "small", **stakes(minimum_BRL="0.04", default_BRL="0.04")}
    assert "a return of only 74.25%; it must be 75% at least" in look(client, "dice", form)
    page = look(client, "dice", form | {"minimum_BRL": "0.10", "default_BRL": "0.10"})
    assert "89.1000 %" in page
    assert "9.9000 %" in page
    assert "so rare that its odds must be displayed" in page


def test_slots_are_written_in_symbols_reels_and_lines(casino: Casino, signed_in: SignIn) -> None:
    client = signed_in("risk")
    shown = client.get("/admin/instant/instantgame/slots/rules/").content.decode()
    assert 'value="1 5 1 1 3 2 1 1 2 4 2 1 2 3 1 2 1 4 3 2 3 1 3 2 1 4 5 2 4 3 4 6"' in shown
    line = {"line_9_0": "6", "line_9_1": "6", "line_9_2": "0", "line_9_pays": "3.2"}
    form = slots_form(name_6="Red panda", line_0_pays="1900", **line)
    page = look(client, "slots", form)
    assert "Red panda Red panda any" in page
    assert "1,900×, 1 in 32,768" in page
    save(client, "slots", form, page)
    table = InstantConfig.objects.get(game="slots", version=2).table
    assert table["symbols"]["6"] == "Red panda"
    assert table["lines"][9] == {"symbols": [6, 6, None], "pays": 320}
    assert table["strips"] == SLOTS.default_table["strips"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"strip_1": "1 2 x"}, "Reel 2: write the numbers of its symbols"),
        ({"strip_1": "1 2 9"}, "strips are 3 lists of up to 64 symbols from 1 to 6"),
        ({"strip_1": "1 " * 65}, "strips are 3 lists of up to 64 symbols from 1 to 6"),
        ({"line_9_0": "6"}, "Line 10 needs its three symbols and what it pays, or none of them."),
        ({"line_9_pays": "2"}, "Line 10 needs its three symbols and what it pays, or none of them."),
        ({"line_0_0": "0", "line_0_1": "0", "line_0_2": "0"}, "lines are up to 50, each with 3 symbols"),
        ({"line_0_0": "7"}, "Select a valid choice"),
        ({"line_0_pays": "2000.001"}, "decimal places"),
    ],
)
def test_a_slots_table_that_is_not_one_is_refused(
    changes: dict[str, str], words: str, casino: Casino, signed_in: SignIn
) -> None:
    page = look(signed_in("risk"), "slots", slots_form(**changes))
    assert "Make a new version" not in page
    if not words.startswith(("Select", "decimal")):
        assert words in page.replace("&#x27;", "'")


def test_a_game_is_switched_off_by_risk_with_an_audit_row(casino: Casino, signed_in: SignIn) -> None:
    client = signed_in("risk")
    assert client.post("/admin/instant/instantgame/dice/change/", {}).status_code == 302
    assert not InstantGame.objects.get(pk="dice").enabled
    entry = AuditEntry.objects.get(action="game.disabled", subject="game:dice")
    assert entry.actor == client.staff  # type: ignore[attr-defined]
    assert signed_in("finance").post("/admin/instant/instantgame/dice/change/", {"enabled": "on"}).status_code == 403


# Bets


def test_a_bet_is_found_by_number_key_hash_and_player(casino: Casino, signed_in: SignIn) -> None:
    client = signed_in("support")
    alice = casino.player("alice")
    casino.player("bob")
    mine = casino.played("alice")
    other = casino.played("bob")
    for term in (str(mine.id), str(mine.key), mine.hash, mine.hash.upper(), alice.username):
        with CaptureQueriesContext(connection) as captured:
            found = client.get("/admin/instant/instantbet/", {"q": term}).content.decode()
        assert f"/instantbet/{mine.id}/change/" in found, term
        assert f"/instantbet/{other.id}/change/" not in found, term
        assert not [query for query in captured if "LIKE" in query["sql"].upper().split("INSTANT_INSTANTBET")[-1]]
    for term in ("nobody", "9" * 30, "0" * 64, "%", "'"):
        assert (
            "/change/"
            not in client.get("/admin/instant/instantbet/", {"q": term}).content.decode().split("result_list")[-1]
        )


def test_a_bet_is_recomputed_on_its_page(casino: Casino, signed_in: SignIn) -> None:
    casino.player("alice")
    bet = casino.played("alice", outcome=0)
    page = f"/admin/instant/instantbet/{bet.id}/change/"
    client = signed_in("support")
    content = client.get(page).content.decode()
    for text in ("✓ hash, outcome, result and payout follow", bet.salt, bet.hash, "19.80 BRL", "range 2,147,483,648"):
        assert text in content, text
    with unguarded():
        sql("UPDATE instant_instantbet SET payout_minor = 1981 WHERE id = %s", bet.id)
        assert "✗ it paid 1981, and its outcome makes 1980" in client.get(page).content.decode()


def test_what_the_next_bet_is_held_to_is_on_no_page(casino: Casino, signed_in: SignIn) -> None:
    alice = casino.player("alice")
    casino.played("alice")
    promised = next_hash(casino.account("alice"), now=casino.now)
    row = Commitment.objects.get(pk=casino.account("alice"))
    secret = opened(row.sealed)
    client = signed_in("superuser")
    pages = ("instant/instantbet/", "instant/instantgame/dice/change/", f"accounts/user/{alice.pk}/change/", "")
    for page in pages:
        content = client.get(f"/admin/{page}").content.decode()
        assert [text for text in (row.sealed, secret.salt, secret.text, promised) if text in content] == [], page
    assert client.get("/admin/instant/commitment/").status_code == 404
    assert Commitment not in instant_admin.admin.site._registry


def test_a_player_s_page_lists_instant_bets(casino: Casino, signed_in: SignIn) -> None:
    alice = casino.player("alice")
    bet = casino.played("alice", "slots", outcome=PANDAS)
    content = signed_in("support").get(f"/admin/accounts/user/{alice.pk}/change/").content.decode()
    assert "Last instant bets" in content
    assert f"/admin/instant/instantbet/{bet.id}/change/" in content
    assert "20,000.00 BRL" in content


# Returns


def test_returns_are_watched_by_version_and_currency(casino: Casino, signed_in: SignIn) -> None:
    casino.player("alice", real=10_000_00)
    casino.player("eva", real=10_000_00, currency="EUR")
    for outcome in (0, HALF, 1):
        casino.played("alice", outcome=outcome)
    casino.played("eva", outcome=HALF)
    dice = InstantConfig.objects.get(game="dice")
    brl, eur = reports.watch_version(dice)
    assert (brl.currency, brl.bets, brl.stake_minor, brl.payout_minor) == ("BRL", 3, 30_00, 39_60)
    assert brl.expected == pytest.approx(0.99)
    assert brl.band == pytest.approx(2.576 * 0.99 / 3**0.5)
    assert (eur.currency, eur.actual, eur.alarm) == ("EUR", 0.0, False)
    content = signed_in("support").get(f"/admin/instant/instantconfig/{dice.pk}/change/").content.decode()
    assert "132.00 %" in content
    assert "too few to tell" in content


@pytest.mark.parametrize(("width", "alarm"), [(HALF, True), (HALF // 50, True), (40, False)])
def test_the_band_scales_with_what_was_bet_on(width: int, alarm: bool, casino: Casino) -> None:
    """Twelve wins in a row on half, or on a hundredth, are an alarm; twelve losses on next to nothing are none."""
    casino.player("alice", real=10_000_00)
    for _ in range(12):
        casino.played("alice", outcome=0 if alarm else SPACE - 1, range=width)
    (watch,) = reports.watch_version(InstantConfig.objects.get(game="dice"))
    assert watch.alarm is alarm
    assert watch.state == ("outside" if alarm else "too few to tell")


@pytest.mark.parametrize(
    ("game", "choice"),
    [
        ("dice", {"range": 1000}),
        ("dice", {"range": SPACE - 1, "target": 1}),
        ("shell", {"weights": ["7", "0.5", "1", "0", "3", "0", "0", "2", "0.000001"], "picked": 0}),
        ("shell", {"weights": [0, 1, 0, 0, 0, 0, 0, 0, 0], "picked": 2}),
        ("slots", {}),
        ("videopoker", {}),
    ],
)
def test_the_database_finds_the_same_spread_as_the_odds(game: str, choice: dict[str, Any], casino: Casino) -> None:
    casino.player("alice", real=1000_00)
    bet = casino.played("alice", game, **choice)
    config = InstantConfig.objects.get(game=game)
    (watch,) = reports.watch_version(config)
    odds = KINDS[game].odds(bet.choice, config.table, config.rtp)
    assert watch.expected == pytest.approx(float(odds.rtp), abs=1e-3)
    assert watch.band == pytest.approx(2.576 * float(odds.variance()) ** 0.5, rel=1e-3)


def test_a_dice_bet_that_is_cut_is_expected_to_return_less(casino: Casino) -> None:
    casino.player("alice", real=1000_00)
    casino.may_win(90_00)
    casino.played("alice", stake=10_00, range=HALF // 50, outcome=SPACE - 1)
    (watch,) = reports.watch_version(InstantConfig.objects.get(game="dice"))
    assert watch.expected == pytest.approx(0.10, rel=1e-6), "a hundredth of the time ten stakes, not ninety-nine"


def test_the_dashboard_adds_instant_bets_to_the_day_and_leaves_demo_money_out(
    casino: Casino, signed_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dashboard, "system_clock", ManualClock(casino.now))
    casino.player("alice", real=1000_00)
    casino.demo_player("eve")
    casino.played("alice", outcome=0)
    casino.played("alice", "slots", outcome=0)
    casino.played("eve", outcome=0)
    content = re.sub(r"<[^>]+>", " ", signed_in("finance").get("/admin/").content.decode())
    content = " ".join(content.split())
    assert "BRL Dice 1 10.00 19.80 -9.80 198.00 %" in content
    assert "BRL Slots 1 10.00 0.00 10.00 0.00 %" in content
    assert "BRL all games 2 20.00 19.80 0.20 99.00 %" in content
    assert "Dice, v1: 99.00 % BRL 1 99.00 % 198.00 %" in content
    assert "Real-money bets today 2" in content
