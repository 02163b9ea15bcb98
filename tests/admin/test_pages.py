"""What the pages show: no secret of a live round, the right figures, and as many questions for many rows as for few."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.db.models import F
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import operations as account_operations
from games.crash import reports
from games.crash.models import Bet, GameConfig, Round, SeedChain
from games.crash.sealed import salt_of
from games.social.models import ChatMessage
from tests.admin.conftest import World, a_partner
from tests.wallet.crash_table import Table, set_up
from tests.wallet.unguarded import sql, unguarded

SignIn = Callable[[str], Client]
LISTS = (
    "accounts/user",
    "accounts/gamesession",
    "accounts/playerkey",
    "accounts/auditentry",
    "wallet/account",
    "wallet/transfer",
    "crash/gameconfig",
    "crash/round",
    "crash/bet",
    "crash/seedchain",
    "instant/instantgame",
    "instant/instantconfig",
    "instant/instantbet",
    "social/chatmessage",
    "partners/partner",
    "partners/apikey",
    "webhooks/endpoint",
    "webhooks/delivery",
)


def test_lists_ask_as_much_for_many_rows_as_for_few(
    world: World, signed_in: SignIn, make_player: Callable[..., Any], now: datetime
) -> None:
    client = signed_in("superuser")
    pages = [f"/admin/{model}/" for model in LISTS] + ["/admin/"]

    def questions() -> dict[str, int]:
        counts = {}
        for page in pages:
            client.get(page)  # what is cached for all (content types) is cached now
            with CaptureQueriesContext(connection) as captured:
                assert client.get(page).status_code == 200
            counts[page] = len(captured)
        return counts

    few = questions()
    for _ in range(4):
        bob = make_player("bob", real=1000_00)
        set_up(bob, now).play()
        account_operations.open_session(bob, is_demo=False, now=now)
        account_operations.issue_player_key(bob, now=now)
        ChatMessage.objects.create(game=world.table.game, author=bob, text="hi", created_at=now)
        a_partner(f"acme-{bob.pk}", now)
    many = questions()
    assert many.pop("/admin/") <= few.pop("/admin/") + 4 * 4  # a live round and a version more per game, capped
    assert many == few


def test_no_list_counts_or_sorts_a_large_table(world: World, signed_in: SignIn) -> None:
    client = signed_in("superuser")
    for model in ("wallet/transfer", "crash/bet", "crash/round", "wallet/account", "instant/instantbet"):
        with CaptureQueriesContext(connection) as captured:
            client.get(f"/admin/{model}/?o=3.-1")
        table = model.replace("/", "_")
        asked = [query["sql"] for query in captured if f'FROM "{table}"' in query["sql"]]
        assert asked, model
        assert not [text for text in asked if "COUNT(" in text], model


def test_the_back_office_never_shows_what_a_live_round_hides(world: World, signed_in: SignIn) -> None:
    client, waiting = signed_in("superuser"), world.waiting
    secrets = [waiting.sealed, salt_of(waiting), SeedChain.objects.get(pk=waiting.chain_id).root_sealed]
    pages = [
        "crash/round/",
        f"crash/round/{waiting.pk}/change/",
        "crash/seedchain/",
        f"crash/seedchain/{waiting.chain_id}/change/",
        f"crash/bet/{world.bets['open']}/change/",
        "",
    ]
    for page in pages:
        with CaptureQueriesContext(connection) as captured:
            content = client.get(f"/admin/{page}").content.decode()
        assert not [secret for secret in secrets if secret in content], page
        if page:
            assert not [query for query in captured if "sealed" in query["sql"]], page
    content = client.get(f"/admin/crash/round/{waiting.pk}/change/").content.decode()
    assert "The seed is secret until the crash." in content
    assert reports.check_round(waiting) is None


def test_a_finished_round_is_recomputed_on_its_page(world: World, signed_in: SignIn) -> None:
    round_ = Bet.objects.select_related("round").get(pk=world.bets["auto"]).round
    content = signed_in("support").get(f"/admin/crash/round/{round_.pk}/change/").content.decode()
    assert content.count("✓ holds") == 4
    assert round_.salt is not None
    assert round_.salt in content


@pytest.mark.parametrize(
    ("change", "broken"),
    [
        ("result_hundredths = result_hundredths + 1", {1, 3}),
        ("bonus_hundredths = 150", {2}),
        ("hash = 'x'", {3}),
        ("previous_result = previous_result + 1", {3}),
    ],
)
def test_a_round_that_was_tampered_with_does_not_verify(change: str, broken: set[int], world: World) -> None:
    bet = Bet.objects.select_related("round").get(pk=world.bets["auto"])
    key = bet.round_id.hex if connection.vendor == "sqlite" else str(bet.round_id)
    with unguarded():
        sql(f"UPDATE crash_round SET {change} WHERE id = %s", key)  # noqa: S608 from the list above
        check = reports.check_round(Round.objects.select_related("config", "chain").get(pk=bet.round_id))
    assert check is not None
    assert {i for i, (_, holds) in enumerate(check.claims) if not holds} == broken
    assert not check.fair


def test_what_people_write_is_shown_as_text(world: World, signed_in: SignIn) -> None:
    content = signed_in("support").get("/admin/social/chatmessage/").content.decode()
    assert "hello &lt;b&gt;all&lt;/b&gt;" in content
    assert "hello <b>" not in content


def test_a_players_page_shows_balance_bets_sessions_and_what_was_done(world: World, signed_in: SignIn) -> None:
    content = signed_in("support").get(f"/admin/accounts/user/{world.alice.pk}/change/").content.decode()
    available = f"{world.account.available_minor / 100:,.2f} BRL"
    for text in (available, "9.99 BRL", "203.0.113.7", "session.opened", "player_key.issued"):
        assert text in content
    for secret in (world.session.token_hash, world.key.key_hash, "pbkdf2"):
        assert secret not in content


def test_transfers_are_found_by_account_by_player_and_by_bet(world: World, signed_in: SignIn) -> None:
    client, bet = signed_in("finance"), world.bets["cancelled"]
    by_bet = client.get("/admin/wallet/transfer/", {"q": str(bet)}).content.decode()
    assert f"stake:{bet}" in by_bet
    assert f"refund:{bet}" in by_bet
    assert f"stake:{world.bets['lost']}" not in by_bet
    for query in ({"account": world.table.account_id}, {"q": world.alice.username}):
        assert f"stake:{world.bets['lost']}" in client.get("/admin/wallet/transfer/", query).content.decode()
    nobody = client.get("/admin/wallet/transfer/", {"account": 0}).content.decode()
    assert "stake:" not in nobody


def test_the_dashboard_shows_todays_money_and_the_open_exposure(world: World, signed_in: SignIn) -> None:
    now = world.table.now
    (total,) = reports.today(now)
    assert (total.currency, total.bets, total.stake_minor) == ("BRL", 3, 3 * 999)
    paid = Bet.objects.filter(pk__in=[world.bets["auto"], world.bets["manual"]]).values_list("payout_minor", flat=True)
    assert total.ggr_minor == 3 * 999 - sum(paid)
    assert reports.rounds_today(now) >= 2
    assert reports.bets_last_minute(now) == 2  # the refunded and the open one; the others are older
    (live,) = [live for live in reports.live_rounds(now) if live.game == world.table.game]
    (open_bet,) = live.exposure
    assert (open_bet.bets, open_bet.stake_minor, open_bet.owed_now_minor) == (1, 999, 999)
    assert signed_in("finance").get("/admin/").status_code == 200


def many_bets(table: Table, auto: int, rounds: int) -> list[UUID]:
    bets = []
    for _ in range(rounds):
        round_ = table.open()
        bets.append(table.bet(1, auto=auto))
        table.finish(round_)
    return bets


def test_a_return_within_its_band_raises_no_alarm(make_player: Callable[..., Any], now: datetime, db: None) -> None:
    table = set_up(make_player("alice", real=1000_00), now)
    many_bets(table, auto=150, rounds=40)
    config = GameConfig.objects.get(game=table.game)
    watch = next(watch for watch in reports.watch_returns(table.now) if watch.config == config)
    assert (watch.bets, watch.rounds, watch.configured) == (40, 40, 0.95)
    assert watch.actual is not None
    assert watch.band is not None
    # At least the textbook's: sqrt((mR - R²) / n), 99 %.
    assert watch.band >= 2.576 * ((1.5 * 0.95 - 0.95**2) / 40) ** 0.5 - 1e-9
    assert watch.alarm == (abs(watch.actual - 0.95) > watch.band)


def test_a_game_that_pays_every_bet_raises_the_alarm(make_player: Callable[..., Any], now: datetime, db: None) -> None:
    table = set_up(make_player("alice", real=1000_00), now)
    bets = many_bets(table, auto=110, rounds=60)
    with unguarded():
        generous = F("stake_reference_micros") * 13 / 10
        Bet.objects.filter(pk__in=bets).update(status=Bet.Status.CASHED_OUT, payout_reference_micros=generous)
        config = GameConfig.objects.get(game=table.game)
        watch = next(watch for watch in reports.watch_returns(table.now) if watch.config == config)
    assert watch.alarm


def test_bets_that_nobody_cashed_out_are_not_the_games_fault(
    make_player: Callable[..., Any], now: datetime, db: None
) -> None:
    table = set_up(make_player("alice", real=1000_00), now)
    round_ = table.open()
    table.bet(1)
    table.finish(round_)
    (watch,) = [w for w in reports.watch_returns(table.now + timedelta(days=1)) if w.config.game_id == table.game]
    assert (watch.bets, watch.returned, watch.actual, watch.alarm) == (1, 0.0, None, False)
