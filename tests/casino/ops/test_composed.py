"""Questions composed once answer what the ORM answers, and several of them are one message."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import Count, DateTimeField, F, QuerySet
from django.test.utils import CaptureQueriesContext

from accounts.models import AuditEntry, GameSession, User
from casino.ops.bulk import AnyOf, any_of, texts
from casino.ops.composed import Given, Slot, asked_together, composed, sharing, written

pytestmark = pytest.mark.django_db
POSTGRESQL = "postgresql"
AT = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)


@pytest.fixture
def sessions(make_player: Callable[..., User]) -> list[GameSession]:
    alice, bob = make_player("alice"), make_player("bob")
    return GameSession.objects.bulk_create(
        GameSession(
            token_hash=f"{player.pk}-{i}",
            player=player,
            is_demo=bool(i % 2),
            created_at=AT + timedelta(minutes=i),
            last_seen_at=AT,
            expires_at=AT,
            user_agent="é'\"\\{},%s",
        )
        for player in (alice, bob)
        for i in range(3)
    )


@composed
def _since() -> QuerySet[GameSession]:
    wanted = GameSession.objects.filter(AnyOf(F("player_id"), Given("players")))
    return wanted.filter(created_at__gte=Given("since", DateTimeField())).order_by("pk")


@composed
def _counted() -> "QuerySet[GameSession, tuple[int, int]]":
    wanted = GameSession.objects.filter(AnyOf(F("player_id"), Given("players"))).order_by("player_id")
    return wanted.values("player_id").annotate(sessions=Count("pk")).values_list("player_id", "sessions")


@composed
def _details() -> "QuerySet[AuditEntry, tuple[dict[str, Any], datetime]]":
    return AuditEntry.objects.filter(AnyOf(F("action"), Given("actions"))).values_list("details", "at")


@sharing
def _shared() -> QuerySet[GameSession]:
    return GameSession.objects.filter(AnyOf(F("id"), Given("ids")))


_hashes = written(
    lambda: f"SELECT token_hash FROM accounts_gamesession WHERE token_hash {any_of('varchar')} ORDER BY 1",  # noqa: S608 ours
    Slot("hashes", texts),
)


def test_each_question_is_answered_with_its_own_values(sessions: list[GameSession]) -> None:
    alice, bob = sessions[0].player_id, sessions[3].player_id
    for players, since in (([alice], AT), ([alice, bob], AT + timedelta(minutes=1)), ([], AT), ([bob], AT)):
        plain = GameSession.objects.filter(player_id__in=players, created_at__gte=since).order_by("pk")
        found = _since(players=players, since=since)
        assert found == list(plain)
        assert [vars(one) | {"_state": None} for one in found] == [vars(one) | {"_state": None} for one in plain]
    assert _counted(players={alice, bob}) == [(alice, 3), (bob, 3)]


def test_values_are_read_as_their_fields_read_them() -> None:
    AuditEntry.objects.create(action="test.one", subject="x", details={"é": [1, None]}, at=AT)
    assert _details(actions=["test.one"]) == [({"é": [1, None]}, AT)]


def test_it_is_composed_once_and_asked_by_one_query(sessions: list[GameSession]) -> None:
    made: list[None] = []

    @composed
    def mine() -> "QuerySet[GameSession, tuple[int]]":
        made.append(None)
        return GameSession.objects.filter(AnyOf(F("player_id"), Given("players"))).values_list("pk")

    with CaptureQueriesContext(connection) as captured:
        for session in sessions:
            assert len(mine(players=[session.player_id])) == 3
    assert (len(made), len(captured)) == (1, len(sessions))


def test_what_it_cannot_answer_rightly_it_refuses_to_compose() -> None:
    joined = composed(lambda: GameSession.objects.select_related("player"))
    annotated = composed(lambda: GameSession.objects.annotate(other=F("pk")))
    for question in (joined, annotated):
        with pytest.raises(AssertionError):
            question()


def test_nothing_that_is_given_becomes_sql(sessions: list[GameSession]) -> None:
    hostile = "x'); DROP TABLE accounts_gamesession; --"
    assert _hashes(hashes=[hostile, sessions[0].token_hash, 'a"b\\,{}']) == [(sessions[0].token_hash,)]


def test_a_shared_row_is_locked_where_locks_exist(sessions: list[GameSession]) -> None:
    with CaptureQueriesContext(connection) as captured:
        assert [one.pk for one in _shared(ids=[sessions[0].pk])] == [sessions[0].pk]
    assert captured[0]["sql"].endswith(" FOR SHARE") == (connection.vendor == POSTGRESQL)


def test_questions_asked_together_are_one_message(sessions: list[GameSession]) -> None:
    alice = sessions[0].player_id
    asked = (
        _since.about(players=[alice], since=AT),
        _counted.about(players=[alice]),
        _hashes.about(hashes=[sessions[0].token_hash]),
    )
    with CaptureQueriesContext(connection) as captured, asked_together(*asked):
        assert _counted(players=[alice]) == [(alice, 3)]  # in whatever order
        assert _since(players=[alice], since=AT) == sessions[:3]
        assert _hashes(hashes=[sessions[0].token_hash]) == [(sessions[0].token_hash,)]
    assert len(captured) == (1 if connection.vendor == POSTGRESQL else 3)


def test_an_answer_is_used_once_and_for_the_same_values_only(sessions: list[GameSession]) -> None:
    alice, bob = sessions[0].player_id, sessions[3].player_id
    with asked_together(_counted.about(players=[alice])):
        assert _counted(players=[bob]) == [(bob, 3)]
        sessions[0].delete()
        _counted(players=[alice])  # known from before
        assert _counted(players=[alice]) == [(alice, 2)]
    with asked_together(_counted.about(players=[bob])):
        pass
    sessions[3].delete()
    assert _counted(players=[bob]) == [(bob, 2)]


def test_within_one_block_another_may_be_opened(sessions: list[GameSession]) -> None:
    alice, bob = sessions[0].player_id, sessions[3].player_id
    with CaptureQueriesContext(connection) as captured, asked_together(_counted.about(players=[alice])):
        with asked_together(_counted.about(players=[bob])):
            assert _counted(players=[bob]) == [(bob, 3)]
        assert _counted(players=[alice]) == [(alice, 3)]
    assert len(captured) == 2
