"""What staff do: rules by version, games on and off, people muted and blocked; each by POST and with its audit row."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client, override_settings

from accounts.models import AuditEntry, GameSession, PlayerKey, User
from games.crash import operations
from games.crash.models import Game, GameConfig, Round, SeedChain
from tests.admin.conftest import World
from wallet.models import Currency

SignIn = Callable[[str], Client]


def entries(action: str) -> list[AuditEntry]:
    return list(AuditEntry.objects.select_related("actor").filter(action=action).order_by("pk"))


def rules_form(**changes: Any) -> dict[str, Any]:
    """As the page sends it; limits in BRL and EUR only."""
    form = {
        "rtp": "97.25",
        "volatility": "low",
        "bonus_probability": "5",
        "bonus_boost": "20",
        "note": "spring",
        "minimum_BRL": "0.50",
        "default_BRL": "2",
        "maximum_BRL": "1000",
        "minimum_EUR": "0.2",
        "default_EUR": "1",
        "maximum_EUR": "300.05",
    }
    return form | changes


def test_new_rules_are_a_new_version_from_the_next_round_on(world: World, signed_in: SignIn) -> None:
    client, table = signed_in("risk"), world.table
    waiting = world.waiting
    page = f"/admin/crash/game/{table.game}/rules/"
    assert b"95" in client.get(page).content
    assert GameConfig.objects.filter(game=table.game).count() == 1
    assert client.post(page, rules_form()).status_code == 302

    config = GameConfig.objects.get(game=table.game, version=2)
    assert (config.rtp_bps, config.volatility, config.note) == (9725, "low", "spring")
    assert (config.bonus_probability_bps, config.bonus_boost_percent) == (500, 20)
    assert config.author == client.staff  # type: ignore[attr-defined]
    limits = config.limits.order_by("currency_id").values_list(
        "currency_id", "min_stake_minor", "default_stake_minor", "max_stake_minor"
    )
    assert list(limits) == [("BRL", 50, 200, 1000_00), ("EUR", 20, 100, 300_05)]
    (entry,) = [entry for entry in entries("game.config_changed") if entry.subject == f"game:{table.game}"]
    assert (entry.actor, entry.details["version"]) == (client.staff, 2)  # type: ignore[attr-defined]

    waiting.refresh_from_db()
    assert waiting.config.version == 1
    table.finish(waiting)
    assert table.open().config.version == 2
    assert b"spring" in client.get(f"/admin/crash/game/{table.game}/change/").content


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("rtp", "100", "less than or equal to 99.99"),
        ("rtp", "49.99", "greater than or equal to 50"),
        ("rtp", "95.001", "Ensure that there are no more than"),
        ("rtp", "NaN", "Enter a number"),
        ("volatility", "wild", "Select a valid choice"),
        ("bonus_boost", "101", "less than or equal to 100"),
        ("minimum_BRL", "0", "greater than or equal to 0.01"),
        ("minimum_BRL", "0.001", "decimal places"),
        ("minimum_BRL", "", "BRL needs all three stakes, or none."),
        ("maximum_BRL", "0.4", "The limits of BRL must be in order"),
        ("maximum_BRL", "1e30", "less than or equal to"),
        ("note", "", "This field is required"),
    ],
)
def test_impossible_rules_are_refused_and_change_nothing(
    field: str, value: str, message: str, world: World, signed_in: SignIn
) -> None:
    answer = signed_in("risk").post(f"/admin/crash/game/{world.table.game}/rules/", rules_form(**{field: value}))
    assert answer.status_code == 200
    assert message in answer.content.decode()
    assert GameConfig.objects.filter(game=world.table.game).count() == 1


def test_stakes_that_lose_much_to_rounding_and_currencies_without_any_are_warned_of(
    world: World, signed_in: SignIn
) -> None:
    """Not refused: a game may be played in some currencies only, and for cents."""
    client = signed_in("risk")
    Currency.objects.filter(pk="GBP").update(enabled=False)
    page = f"/admin/crash/game/{world.table.game}/"
    assert "not played" not in client.get(f"{page}change/").content.decode()
    form = client.get(f"{page}rules/").content.decode()
    assert [f"{code} minimum" in form or f"minimum_{code}" in form for code in ("BRL", "ADA", "GBP")] == [True] * 3
    assert "up to 0.82%" in form, "of BRL, at 1.00"
    told = client.post(f"{page}rules/", rules_form(), follow=True).content.decode()
    assert "BRL: at the minimum, rounding may take 1.6% of a payout." in told
    assert "EUR: at the minimum, rounding may take 4.1% of a payout." in told
    assert "Not played in ADA, BITS, BTC, COIN, USD, which players may have" in told
    assert "92.35% to 97.25%" in told, "the band of the return in EUR"


def test_a_game_is_turned_off_after_the_round_in_play(world: World, signed_in: SignIn) -> None:
    client, table = signed_in("risk"), world.table
    page = f"/admin/crash/game/{table.game}/change/"
    assert client.post(page, {"interrupted_bets": "refund"}).status_code == 302
    assert not Game.objects.get(pk=table.game).enabled
    assert entries("game.disabled")[-1].actor == client.staff  # type: ignore[attr-defined]
    assert world.waiting.state == Round.State.WAITING
    table.finish(world.waiting)
    assert operations.open_round(table.game, epoch=table.epoch, now=table.now, wait_ms=1, tick_ms=200) is None
    assert client.post(page, {"interrupted_bets": "pay", "enabled": "on"}).status_code == 302
    game = Game.objects.get(pk=table.game)
    assert (game.enabled, game.interrupted_bets) == (True, "pay")
    assert entries("game.interrupted_bets_changed")[-1].details == {"changes": ["refund", "pay"]}


def test_support_cannot_turn_a_game_off(world: World, signed_in: SignIn) -> None:
    page = f"/admin/crash/game/{world.table.game}/change/"
    assert signed_in("support").post(page, {"interrupted_bets": "pay"}).status_code == 403
    assert Game.objects.get(pk=world.table.game).enabled


def test_a_player_is_muted_and_unmuted(world: World, signed_in: SignIn) -> None:
    client, page = signed_in("support"), f"/admin/accounts/user/{world.alice.pk}"
    client.get(f"{page}/mute/")
    assert User.objects.get(pk=world.alice.pk).chat_muted_until is None
    assert client.post(f"{page}/mute/", {"hours": "24"}).status_code == 302
    until = User.objects.get(pk=world.alice.pk).chat_muted_until
    (entry,) = [entry for entry in entries("chat.muted") if entry.subject == f"player:{world.alice.pk}"]
    assert until is not None
    assert until - entry.at == timedelta(hours=24)
    assert entry.actor == client.staff  # type: ignore[attr-defined]
    assert b"Unmute" in client.get(f"{page}/change/").content
    assert client.post(f"{page}/unmute/", {"confirm": "1"}).status_code == 302
    assert User.objects.get(pk=world.alice.pk).chat_muted_until is None


def test_a_player_is_blocked_with_a_reason_and_signed_out(world: World, signed_in: SignIn) -> None:
    client, page = signed_in("risk"), f"/admin/accounts/user/{world.alice.pk}"
    assert client.post(f"{page}/block/", {"reason": ""}).status_code == 200
    assert User.objects.get(pk=world.alice.pk).is_active
    assert client.post(f"{page}/block/", {"reason": "chargeback"}).status_code == 302
    assert not User.objects.get(pk=world.alice.pk).is_active
    assert GameSession.objects.get(pk=world.session.pk).revoked_at is not None
    assert entries("player.blocked")[-1].details == {"reason": "chargeback"}
    assert client.post(f"{page}/unblock/", {"reason": "cleared"}).status_code == 302
    assert User.objects.get(pk=world.alice.pk).is_active


@pytest.mark.parametrize("where", ["accounts/user/{alice}/revoke/", "accounts/gamesession/{session}/revoke/"])
def test_a_game_session_is_ended_by_post_only(where: str, world: World, signed_in: SignIn) -> None:
    client = signed_in("risk")
    url = "/admin/" + where.format(alice=world.alice.pk, session=world.session.pk)
    client.get(url)
    assert GameSession.objects.get(pk=world.session.pk).revoked_at is None
    assert client.post(url, {"confirm": "1"}).status_code == 302
    assert GameSession.objects.get(pk=world.session.pk).revoked_at is not None
    assert entries("session.revoked")[-1].actor == client.staff  # type: ignore[attr-defined]


def test_a_key_is_revoked(world: World, signed_in: SignIn) -> None:
    client, url = signed_in("admin"), f"/admin/accounts/playerkey/{world.key.pk}/revoke/"
    client.get(url)
    assert PlayerKey.objects.get(pk=world.key.pk).revoked_at is None
    assert client.post(url, {"confirm": "1"}).status_code == 302
    assert PlayerKey.objects.get(pk=world.key.pk).revoked_at is not None


def test_a_new_password_ends_the_game_sessions(world: World, signed_in: SignIn) -> None:
    client, passwords = signed_in("admin"), {"password1": "another horse 7", "password2": "another horse 7"}
    url = f"/admin/accounts/user/{world.alice.pk}/password/"
    assert client.post(url, {**passwords, "usable_password": "true"}).status_code == 302
    assert User.objects.get(pk=world.alice.pk).check_password("another horse 7")
    assert GameSession.objects.get(pk=world.session.pk).revoked_at is not None
    assert entries("user.password_set")[-1].subject == f"player:{world.alice.pk}"


def test_a_message_is_hidden_and_its_author_muted(world: World, signed_in: SignIn) -> None:
    client, chosen = signed_in("support"), {"_selected_action": [world.message.pk]}
    assert client.post("/admin/social/chatmessage/", {"action": "hide", **chosen}).status_code == 302
    world.message.refresh_from_db()
    assert world.message.hidden
    assert entries("chat.hidden")[-1].subject == f"chat:{world.message.pk}"
    assert client.post("/admin/social/chatmessage/", {"action": "mute_authors", **chosen}).status_code == 302
    assert User.objects.get(pk=world.alice.pk).chat_muted_until is not None
    assert client.post("/admin/social/chatmessage/", {"action": "show", **chosen}).status_code == 302
    world.message.refresh_from_db()
    assert not world.message.hidden


def test_finance_only_looks_at_chat(world: World, signed_in: SignIn) -> None:
    signed_in("finance").post("/admin/social/chatmessage/", {"action": "hide", "_selected_action": [world.message.pk]})
    world.message.refresh_from_db()
    assert not world.message.hidden


@pytest.mark.parametrize(("role", "status"), [("finance", 302), ("admin", 302), ("support", 403), ("risk", 403)])
def test_finance_edits_a_currency_but_never_its_units(role: str, status: int, world: World, signed_in: SignIn) -> None:
    form = {"symbol": "RS", "enabled": "on", "reference_micros": "170000", "denominator": "1", "code": "XXX"}
    client = signed_in(role)
    assert client.post("/admin/wallet/currency/BRL/change/", form).status_code == status
    brl = Currency.objects.get(code="BRL")
    assert brl.denominator == 100
    assert brl.symbol == ("RS" if status == 302 else "R$")
    assert client.get("/admin/wallet/currency/add/").status_code == 403
    if status == 302:
        assert entries("currency.changed")[-1].details["changes"]["reference_micros"] == [160000, 170000]


def test_a_client_seed_is_entered_once_where_staff_enter_them(world: World, signed_in: SignIn) -> None:
    client = signed_in("risk")
    chain = operations.announce_chain(world.table.game, now=world.table.now, length=10)
    url, form = f"/admin/crash/seedchain/{chain.pk}/client-seed/", {"client_seed": "block 900001", "source": "beacon"}
    assert b"drawn by the server" in client.post(url, form).content
    with override_settings(CRASH_CLIENT_SEED="manual"):
        assert b"client-seed" in client.get(f"/admin/crash/seedchain/{chain.pk}/change/").content
        assert client.post(url, form).status_code == 302
        assert SeedChain.objects.get(pk=chain.pk).client_seed == "block 900001"
        assert b"has its client seed already" in client.post(url, {**form, "client_seed": "other"}).content
        assert b"client-seed" not in client.get(f"/admin/crash/seedchain/{chain.pk}/change/").content
    assert SeedChain.objects.get(pk=chain.pk).client_seed == "block 900001"
