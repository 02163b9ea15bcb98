"""What a process remembers costs nothing to recall, and counts only where it is still so."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from casino.ops import remembered
from casino.ops.bulk import any_of, texts
from casino.ops.composed import Slot, asked_together, written
from casino.ops.remembered import Memory, disproved, proving

pytestmark = pytest.mark.django_db

_people = written(
    lambda: f"SELECT username, first_name, last_name FROM accounts_user WHERE username {any_of('varchar')}",  # noqa: S608 ours
    Slot("names", texts),
)


def greeted(row: tuple[str, ...]) -> str:
    return f"Dear {row[1]}"


@pytest.fixture
def memory() -> Memory[str, str]:
    """Of how people are greeted; what their last name is does not matter for it."""
    return Memory(
        _people, lambda names: {"names": list(names)}, of=lambda row: row[0], make=greeted, judged=lambda row: row[:2]
    )


@pytest.fixture
def ann(make_player: Callable[..., User]) -> User:
    player: User = make_player("ann")
    player.first_name = "Ann"
    player.save()
    return player


def test_what_was_looked_up_is_recalled_without_a_question(memory: Memory[str, str], ann: User) -> None:
    assert memory.recall(ann.username) is None
    assert memory.look_up(ann.username) == "Dear Ann"
    with CaptureQueriesContext(connection) as captured:
        found = memory.recall(ann.username)
    assert found is not None
    assert (found[0], len(captured)) == ("Dear Ann", 0)


def test_what_is_not_there_is_not_remembered(memory: Memory[str, str]) -> None:
    assert memory.look_up("nobody") is None
    assert memory.recall("nobody") is None


@pytest.mark.parametrize("change", ["first_name", "gone", "last_name", "nothing"])
def test_it_is_disproved_by_what_it_was_judged_by(memory: Memory[str, str], ann: User, change: str) -> None:
    name = ann.username
    memory.look_up(name)
    _, proof = memory.recall(name) or pytest.fail("it was just looked up")
    if change == "gone":
        User.objects.filter(pk=ann.pk).update(username=f"{name}-2")
    elif change != "nothing":
        User.objects.filter(pk=ann.pk).update(**{change: "Another"})
    matters = change in ("first_name", "gone")
    assert disproved([proof]) == ([proof] if matters else [])
    assert (memory.recall(name) is None) == matters, "what is not so is forgotten"


def test_proofs_of_many_calls_are_one_question(memory: Memory[str, str], make_player: Callable[..., User]) -> None:
    names = [make_player().username for _ in range(3)]
    for name in names:
        memory.look_up(name)
    proofs = [found[1] for name in [*names, *names] if (found := memory.recall(name))]
    User.objects.filter(username=names[1]).update(first_name="Eve")
    with CaptureQueriesContext(connection) as captured, asked_together(*proving(proofs)):
        assert disproved(proofs) == [proofs[1], proofs[4]]
    assert len(captured) == 1


def test_it_does_not_grow_without_end(
    memory: Memory[str, str], make_player: Callable[..., User], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remembered, "MOST", 2)
    names = [make_player().username for _ in range(5)]
    for name in names:
        assert memory.look_up(name) is not None
    assert sum(memory.recall(name) is not None for name in names) <= 2
    assert memory.recall(names[-1]) is not None
