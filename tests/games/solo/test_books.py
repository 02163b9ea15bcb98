"""The audit, the verification and the database's own rules of solo play; what staff and visitors see of it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from games.crash import audit as crash_audit
from games.crash import operations as crash
from games.crash.models import GameConfig
from games.crash.sealed import salt_of
from games.solo import operations, queries, reports
from games.solo.models import Bet, Chain, Outage, Round
from tests.games.solo.playing import TICK_MS, Solo, findings, ms_of
from tests.wallet.unguarded import sql, unguarded

pytestmark = pytest.mark.usefixtures("db")
Make = Callable[..., Any]


@pytest.fixture
def solo(make_player: Make, now: datetime) -> Solo:
    return Solo.set_up(make_player("alice", real=1000_00), now)


def played(solo: Solo) -> dict[str, Bet]:
    """A bet of each fate."""
    bets = {}
    for name, auto in (("auto", 150), ("hand", None), ("lost", None)):
        solo.coming(200, 400)
        bets[name] = solo.placed(stake=999, auto=auto)
        if name == "hand":
            solo.out(bets[name], ms_of(130))
        solo.finish()
    solo.coming(200)
    bets["refunded"] = solo.placed(stake=999)
    operations.beat(now=solo.now)
    solo.after(600_000)
    solo.advance()
    operations.beat(now=solo.now)
    solo.coming(200)
    bets["open"] = solo.placed(stake=999)
    return {name: Bet.objects.select_related("round").get(pk=pk) for name, pk in bets.items()}


def verify(round_id: object) -> str:
    out = StringIO()
    call_command("verify_round", str(round_id), stdout=out)
    return out.getvalue()


def test_the_days_takings_are_of_settled_bets_for_real_money(solo: Solo, make_player: Make) -> None:
    bets = played(solo)
    demo = solo.beside(make_player("eve", demo=True))
    demo.coming(200, 400)
    demo.placed(stake=999, auto=150)
    demo.finish()
    (total,) = reports.today(solo.now)
    assert (total.game, total.currency, total.bets, total.stake_minor) == (f"{solo.game}/solo", "BRL", 3, 3 * 999)
    assert total.payout_minor == bets["auto"].payout_minor + bets["hand"].payout_minor
    assert reports.bets_last_minute(bets["open"].placed_at) == 2, "the open one and the demo one"


def test_every_fate_is_in_the_books_and_every_finished_round_verifies(solo: Solo) -> None:
    bets = played(solo)
    assert {bet.status for bet in bets.values()} == {"cashed_out", "lost", "refunded", "open"}
    assert findings(solo.now) == []
    assert crash_audit.findings(solo.now) == []  # the shared table's audit leaves them alone
    for name, bet in bets.items():
        if name == "open":
            with pytest.raises(CommandError, match="is running: its seed is published when it has crashed"):
                verify(bet.round_id)
        else:
            assert "The round verifies." in verify(bet.round_id)
    voided = Round.objects.filter(account_id=solo.account_id, state="voided").first()
    assert voided is not None
    assert "the player began another chain" in verify(voided.pk)


BROKEN = {
    "its payout of": "DELETE FROM wallet_transfer WHERE id = 'payout:solo:{auto}'",
    "does not fit it": "UPDATE wallet_transfer SET amount_minor = amount_minor + 1 WHERE id = 'stake:solo:{lost}'",
    "no bet explains it": "UPDATE wallet_transfer SET id = 'stake:solo:{lost}x' WHERE id = 'stake:solo:{lost}'",
    "is open in a round that is over": "UPDATE solo_round SET state = 'settled' WHERE id = '{open_round}'",
    "did not get its auto cash-out": "UPDATE solo_bet SET auto_cashout_hundredths = 101 WHERE id = '{lost_key}'",
    "was not interrupted": "UPDATE solo_round SET interrupted = {no} WHERE id = '{refunded_round}'",
    "but 999 at": "UPDATE solo_bet SET payout_minor = payout_minor + 1 WHERE id = '{auto_key}'",
    "started without a bet": "DELETE FROM solo_bet WHERE id = '{open_key}'",
}


@pytest.mark.parametrize("found", BROKEN)
def test_the_audit_finds_what_was_changed_behind_its_back(solo: Solo, found: str) -> None:
    bets = played(solo)
    names: dict[str, Any] = {"no": "false" if connection.vendor == "postgresql" else "0"}
    for name, bet in bets.items():
        names |= {name: bet.pk, f"{name}_key": _key(bet.pk), f"{name}_round": _key(bet.round_id)}
    with unguarded():
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute("ALTER TABLE solo_round DROP CONSTRAINT soloround_secret_until_crash")
                cursor.execute("ALTER TABLE solo_bet DROP CONSTRAINT solobet_status_and_payout_agree")
        sql(BROKEN[found].format(**names))
        assert any(found in line for line in findings(solo.now)), findings(solo.now)
    assert findings(solo.now) == []


def _key(uuid: Any) -> str:
    return str(uuid) if connection.vendor == "postgresql" else str(uuid.hex)


def test_a_changed_result_or_payout_is_a_mismatch(solo: Solo) -> None:
    bet = played(solo)["auto"]
    round_ = bet.round
    for change, found in (
        (lambda: Round.objects.filter(pk=round_.pk).update(hash="0" * 64), "hash"),
        (lambda: Round.objects.filter(pk=round_.pk).update(salt="0" * 64), "seed hashes"),
        (lambda: Bet.objects.filter(pk=bet.pk).update(payout_minor=bet.payout_minor + 1), f"bet {bet.pk}"),
        (lambda: GameConfig.objects.filter(pk=round_.config_id).update(rtp_bps=9000), "crash point"),
    ):
        with unguarded():
            change()
            with pytest.raises(CommandError, match=f"does not verify: .*{found}"):
                verify(round_.pk)


def test_the_database_itself_refuses_what_may_not_change(solo: Solo) -> None:
    bets = played(solo)
    lost, won, running = bets["lost"], bets["auto"], bets["open"].round
    waiting = Solo(solo.game, solo.player, solo.now)
    forbidden: list[Callable[[], Any]] = [
        lambda: Bet.objects.filter(pk=won.pk).update(status="open", payout_minor=0, settled_at=None),
        lambda: Bet.objects.filter(pk=lost.pk).update(stake_minor=1),
        lambda: Bet.objects.filter(pk=lost.pk).update(status="refunded", payout_minor=999),
        lambda: Round.objects.filter(pk=running.pk).update(sealed="other"),
        lambda: Round.objects.filter(pk=running.pk).update(hash="0" * 64),
        lambda: Round.objects.filter(pk=running.pk).update(started_at=solo.now + timedelta(seconds=9)),
        lambda: Round.objects.filter(pk=running.pk).update(state="voided", started_at=None),
        lambda: Round.objects.filter(pk=lost.round_id).update(state="running"),
        lambda: Chain.objects.filter(pk=running.chain_id).update(client_seed="another"),
        lambda: Chain.objects.filter(pk=running.chain_id).update(terminal_hash="0" * 64),
        lambda: Round.objects.filter(pk=running.pk)._raw_delete("default"),  # type: ignore[attr-defined]
        lambda: Bet.objects.filter(pk=lost.pk)._raw_delete("default"),  # type: ignore[attr-defined]
    ]
    assert waiting.account_id == solo.account_id
    for attempt in forbidden:
        with pytest.raises((IntegrityError, DatabaseError)), transaction.atomic():
            attempt()
    assert findings(solo.now) == []


# --- what is shown ----------------------------------------------------------------------------------------------------
def test_a_fairness_record_hides_what_is_secret_and_names_no_player(client: Client, solo: Solo) -> None:
    waiting = solo.coming(200)
    secret = salt_of(waiting)
    solo.placed()
    live = client.get(f"/fair/rounds/{waiting.pk}.json")
    record = live.json()
    assert (record["hash"], record["salt"], record["result"], record["solo"]) == (waiting.hash, None, None, True)
    assert live["Cache-Control"] == "no-store"
    assert secret not in live.content.decode()
    finished = solo.finish()
    over = client.get(f"/fair/rounds/{finished.pk}.json").json()
    assert (over["salt"], over["result"], over["chainIndex"]) == (secret, 200, 0)
    assert solo.player.username not in str(over)


@pytest.mark.parametrize("path", ["solo/", "solo/launch/"])
def test_the_page_is_served_with_a_strict_policy(client: Client, solo: Solo, path: str) -> None:
    response = client.get(f"/games/{solo.game}/{path}")
    assert response.status_code == 200
    assert "unsafe" not in response["Content-Security-Policy"]
    assert client.get("/games/NoSuchGame/solo/").status_code == 404


def test_staff_look_at_everything_but_what_is_secret_and_change_nothing(client: Client, solo: Solo) -> None:
    bets = played(solo)
    staff = User.objects.create(username="sam", is_staff=True, is_superuser=True)
    client.force_login(staff, backend="django.contrib.auth.backends.ModelBackend")
    running = bets["open"].round
    rows = {
        "round": bets["auto"].round_id,
        "bet": bets["auto"].pk,
        "chain": running.chain_id,
        "outage": Outage.objects.latest("pk").pk,
    }
    for model, key in rows.items():
        assert client.get(f"/admin/solo/{model}/").status_code == 200
        assert client.get(f"/admin/solo/{model}/{key}/change/").status_code == 200
        assert client.post(f"/admin/solo/{model}/{key}/delete/", {"post": "yes"}).status_code == 403
        assert client.get(f"/admin/solo/{model}/add/").status_code == 403
    page = client.get(f"/admin/solo/round/{running.pk}/change/").content.decode()
    assert salt_of(running) not in page
    assert running.sealed not in page
    assert "✓ holds" in client.get(f"/admin/solo/round/{rows['round']}/change/").content.decode()
    assert client.get(f"/admin/accounts/user/{solo.player.pk}/change/").status_code == 200


def test_lists_and_answers_cost_the_same_however_much_was_played(client: Client, solo: Solo, make_player: Make) -> None:
    staff = User.objects.create(username="sam", is_staff=True, is_superuser=True)
    client.force_login(staff, backend="django.contrib.auth.backends.ModelBackend")

    def cost() -> dict[str, int]:
        asked = {
            page: lambda page=page: client.get(page)  # type: ignore[misc]
            for page in ("/admin/solo/round/", "/admin/solo/bet/", "/admin/solo/chain/")
        }
        asked["wallet"] = lambda: queries.wallet_message(solo.account_id, solo.game, now=solo.now)  # type: ignore[assignment,misc]
        asked["history"] = lambda: queries.bet_history(solo.account_id, solo.game, now=solo.now)  # type: ignore[assignment,misc]
        asked["top"] = lambda: queries.top_wins(solo.account_id, solo.game, "day", now=solo.now)  # type: ignore[assignment,misc]
        counts = {}
        for name, question in asked.items():
            question()
            with CaptureQueriesContext(connection) as seen:
                question()
            counts[name] = len(seen)
        return counts

    played(solo)
    solo.finish()
    few = cost()
    for one in (solo, solo.beside(make_player("bob", real=1000_00))):
        one.now = solo.now
        played(one)
        one.finish()
    solo.now = one.now
    assert cost() == few


def test_the_rules_of_a_bet_are_those_of_its_rounds_commitment(solo: Solo) -> None:
    waiting = solo.coming(200)
    crash.change_config(waiting.game, author=solo.player, now=solo.now, rtp_bps=9000)
    bet = Bet.objects.get(pk=solo.placed())
    assert bet.config_id == waiting.config_id
    (running,) = operations.advance([solo.place], now=solo.now, tick_ms=TICK_MS)
    assert running.pk == waiting.pk  # never replaced while it runs
