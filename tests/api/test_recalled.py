"""
A call that moves money is judged by what this process remembers of the key and the player. Another process may have
changed them meanwhile (here: a change that this one is not told of), and it is as though they had been read just then.
"""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from accounts.partners.models import ApiKey, Partner, PartnerPlayer
from accounts.partners.queries import KEYS
from casino.api import limits
from games.crash.models import Bet, PartnerBet
from games.crash.partner_queries import SEATS
from tests.api.kit import Caller, code_of
from tests.games.crash.playing import Play

CHANGES: dict[str, tuple[Any, tuple[int, str]]] = {
    "the key is revoked": (
        lambda acme, pat: ApiKey.objects.filter(pk=acme.key.pk).update(revoked_at=timezone.now()),
        (401, "key_revoked"),
    ),
    "the key runs out": (
        lambda acme, pat: ApiKey.objects.filter(pk=acme.key.pk).update(expires_at=timezone.now()),
        (401, "key_expired"),
    ),
    "the key may come from elsewhere only": (
        lambda acme, pat: ApiKey.objects.filter(pk=acme.key.pk).update(cidrs=["192.0.2.0/24"]),
        (403, "ip_not_allowed"),
    ),
    "the key loses the scope": (
        lambda acme, pat: ApiKey.objects.filter(pk=acme.key.pk).update(scopes=["read:bets"]),
        (403, "insufficient_scope"),
    ),
    "the partner is switched off": (
        lambda acme, pat: Partner.objects.filter(pk=acme.partner.pk).update(is_active=False),
        (401, "key_revoked"),
    ),
    "the player is blocked": (
        lambda acme, pat: User.objects.filter(pk=pat.user_id).update(is_active=False),
        (403, "player_blocked"),
    ),
    "the player's money is at an operator that is not there": (
        lambda acme, pat: PartnerPlayer.objects.filter(pk=pat.pk).update(wallet="seamless"),
        (503, "temporarily_unavailable"),
    ),
}


@pytest.fixture
def known(acme: Caller, pat: PartnerPlayer, play: Play) -> Caller:
    """This process has served a bet of the player's by the key."""
    play.open()
    assert acme.place(pat, identifier=1).status_code == 201
    return acme


@pytest.mark.parametrize("name", CHANGES)
def test_what_changed_meanwhile_holds_at_once(known: Caller, pat: PartnerPlayer, name: str) -> None:
    change, refusal = CHANGES[name]
    change(known, pat)
    assert code_of(known.place(pat, identifier=2)) == refusal
    assert Bet.objects.filter(player=pat.user).count() == 1


def test_without_a_proof_it_would_not(known: Caller, pat: PartnerPlayer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control."""
    monkeypatch.setattr("casino.api.idempotency.disproved", lambda proofs: [])
    ApiKey.objects.filter(pk=known.key.pk).update(revoked_at=timezone.now())
    assert known.place(pat, identifier=2).status_code == 201


def test_a_refusal_is_by_what_is_true_now(acme: Caller, pat: PartnerPlayer, play: Play) -> None:
    """A key that is remembered without the scope has got it, a player who is remembered as blocked is not."""
    play.open()
    ApiKey.objects.filter(pk=acme.key.pk).update(scopes=["read:bets"])
    User.objects.filter(pk=pat.user_id).update(is_active=False)
    assert code_of(acme.place(pat)) == (403, "insufficient_scope")
    ApiKey.objects.filter(pk=acme.key.pk).update(scopes=acme.key.scopes)
    assert code_of(acme.place(pat)) == (403, "player_blocked")
    User.objects.filter(pk=pat.user_id).update(is_active=True)
    assert acme.place(pat).status_code == 201


def test_a_call_that_begins_anew_is_counted_once(known: Caller, pat: PartnerPlayer) -> None:
    before = int(known.place(pat, identifier=2)["X-RateLimit-Remaining"])
    ApiKey.objects.filter(pk=known.key.pk).update(label="renamed")
    again = known.place(pat, identifier=3)
    assert again.status_code == 201
    assert int(again["X-RateLimit-Remaining"]) == before - 1


def test_the_last_use_of_a_key_changes_nothing_that_it_is_judged_by(known: Caller, pat: PartnerPlayer) -> None:
    ApiKey.objects.filter(pk=known.key.pk).update(last_used_at=timezone.now(), last_used_address="192.0.2.1")
    with CaptureQueriesContext(connection) as captured:
        assert known.place(pat, identifier=2).status_code == 201
    keys = [query["sql"] for query in captured if "partners_apikey" in query["sql"]]
    assert len(keys) == 1, "proved, and not asked again"


def test_what_only_reads_is_judged_by_what_is_read_now(known: Caller) -> None:
    ApiKey.objects.filter(pk=known.key.pk).update(revoked_at=timezone.now())
    assert code_of(known.get("/game/state")) == (401, "key_revoked")


def test_a_key_that_nobody_has_is_never_remembered(acme: Caller, settings: Any) -> None:
    settings.API_RATE_LIMITS = {**settings.API_RATE_LIMITS, "guess": (2, 60)}
    limits._in_memory.cache_clear()
    acme.token = "ck_test_guess"
    assert [acme.post("/bets", {}).status_code for _ in range(4)] == [401, 401, 429, 429]


def test_a_repetition_is_answered_as_before_also_by_what_is_true_now(known: Caller, pat: PartnerPlayer) -> None:
    first = known.place(pat, identifier=2, idem="k-1")
    ApiKey.objects.filter(pk=known.key.pk).update(label="renamed")
    User.objects.filter(pk=pat.user_id).update(is_active=False)
    again = known.place(pat, identifier=2, idem="k-1")
    assert (again.status_code, again["Idempotent-Replayed"]) == (201, "true")
    assert again.content == first.content
    assert PartnerBet.objects.filter(player=pat).count() == 2


def test_keys_and_players_are_remembered(known: Caller, pat: PartnerPlayer) -> None:
    assert SEATS.recall((known.partner.pk, known.key.environment, pat.external_id)) is not None
    assert KEYS.recall(known.key.key_hash) is not None
