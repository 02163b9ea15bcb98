"""What a partner's key opened for its players ends with the key."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from accounts import operations as people
from accounts.models import AuditEntry, GameSession, User
from accounts.partners import operations as partners
from accounts.partners.models import PartnerPlayer
from accounts.queries import session_by_token
from casino.lib.clock import system_clock
from tests.api.kit import Caller

pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture
def opened(seat: Callable[..., PartnerPlayer]) -> Callable[[Caller, str], str]:
    """The token of a session that this key opens for a player."""

    def make(caller: Caller, external_id: str = "p-1") -> str:
        seat(caller, external_id)
        return str(caller.post("/sessions", {"user": external_id}).json()["session"])

    return make


def plays(token: str) -> bool:
    return session_by_token(token, now=system_clock.now()) is not None


def test_the_sessions_that_a_key_opened_end_with_it_and_others_play_on(
    acme: Caller, make_caller: Callable[..., Caller], opened: Callable[..., str]
) -> None:
    other = make_caller()
    hers, his, another = opened(acme), opened(acme, "p-2"), opened(other)
    partners.revoke_key(acme.key, actor=None, now=system_clock.now())
    assert [plays(token) for token in (hers, his, another)] == [False, False, True]
    (entry,) = AuditEntry.objects.filter(action="session.revoked")
    ended = GameSession.objects.filter(partner_key=acme.key).order_by("pk")
    assert (entry.subject, entry.details["sessions"]) == (f"partner:{acme.partner.pk}", [row.pk for row in ended])


def test_the_sessions_of_a_rotated_key_play_on_while_it_does(acme: Caller, opened: Callable[..., str]) -> None:
    token, now = opened(acme), system_clock.now()
    issued = partners.rotate_key(acme.key, actor=None, now=now)
    assert plays(token)
    later = opened(Caller(acme.partner, issued.key, issued.token, issued.secret))
    partners.rotate_key(issued.key, actor=None, now=now, overlap=timedelta(0))
    assert [plays(token), plays(later)] == [True, False]


def test_nobody_plays_for_a_partner_that_is_off(
    acme: Caller, make_caller: Callable[..., Caller], opened: Callable[..., str], now: datetime
) -> None:
    rival = make_caller("rival")
    mine, theirs = opened(acme), opened(rival)
    seeded, _ = people.open_session(PartnerPlayer.objects.get(partner=acme.partner).user, is_demo=True, now=now)
    staff = User.objects.create(username="keeper", is_staff=True)
    partners.switch_partner(acme.partner, active=False, actor=staff, now=system_clock.now())
    assert [plays(token) for token in (mine, seeded, theirs)] == [False, False, True]


def test_a_key_that_is_revoked_while_it_opens_a_session_opens_none(
    acme: Caller, seat: Callable[..., PartnerPlayer], now: datetime
) -> None:
    player = seat(acme)
    partners.revoke_key(acme.key, actor=None, now=now)
    with pytest.raises(partners.KeyEnded):
        partners.open_session(player, acme.key, now=now)
    assert not GameSession.objects.exists()
