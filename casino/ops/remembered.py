"""
What hardly ever changes and every call begins with: a process acts on what it read last time, and proves it.

Looking up a key and a player before each bet costs as much as a good part of the bet. So the call is judged by what
this process remembers of them, and what it remembers is read again in the transaction that writes the call's effect,
along with what is asked there anyway. Is it still the same, then nothing is different from having read it just then;
if not, nothing is written, it is forgotten, and the call begins anew.

    KEYS = Memory(_keys_by_hash, lambda hashes: {"hashes": list(hashes)}, of=lambda row: row[0], make=_made)

    found, proof = KEYS.recall(name)     # no question to the database; None where nothing is remembered
    with transaction.atomic(), asked_together(*proving([proof])):
        if disproved([proof]): ...
"""

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

from casino.ops.composed import Asked, Question
from casino.ops.together import together

Key = TypeVar("Key", bound=Hashable)
Found = TypeVar("Found")
Row = tuple[Any, ...]
MOST = 10_000  # rows that one memory keeps; then it begins anew


class Proof(NamedTuple):
    """What was acted upon: `row` is what the memory has under `key`."""

    memory: "Memory[Any, Any]"
    key: Hashable
    row: Row


class Memory(Generic[Key, Found]):
    """
    Rows of a question by their key. `ask` makes of keys what the question is given; `of` is a row's key, `make` what is
    made of a row (shared by all who ask: look at it, and change nothing). `judged` is the part of a row that is acted
    upon: what changes beside it is nothing new.
    """

    def __init__(
        self,
        question: Question[Row],
        ask: Callable[[Sequence[Key]], Mapping[str, Any]],
        *,
        of: Callable[[Row], Key],
        make: Callable[[Row], Found],
        judged: Callable[[Row], Row] = lambda row: row,
    ) -> None:
        self._question, self._ask, self._of, self._make, self._judged = question, ask, of, make, judged
        self._known: dict[Key, tuple[Found, Proof]] = {}
        self._find = together(self._found)

    def look_up(self, key: Key) -> Found | None:
        """As it is now. Concurrent askers share a question; nobody is given what was read before they asked."""
        return self._find(key)

    def recall(self, key: Key) -> tuple[Found, Proof] | None:
        """As this process saw it last, and what has to be proved before it counts."""
        return self._known.get(key)

    def about(self, keys: Collection[Key]) -> Asked:
        return self._question.about(**self._ask(sorted(keys)))  # type: ignore[type-var]

    def rows(self, keys: Collection[Key]) -> dict[Key, Row]:
        """What is acted upon of these, as it is now."""
        return {self._of(row): self._judged(row) for row in self.about(keys).answer()}

    def forget(self, key: Key | None = None) -> None:
        """What is known of one, or everything."""
        if key is None:
            self._known.clear()
        else:
            self._known.pop(key, None)

    def _found(self, keys: Sequence[Key]) -> dict[Key, Found]:
        found = {}
        for row in self._question(**self._ask(keys)):
            key, made = self._of(row), self._make(row)
            found[key] = made
            if len(self._known) >= MOST:
                self._known.clear()
            self._known[key] = made, Proof(self, key, self._judged(row))
        return found


def proving(proofs: Collection[Proof]) -> list[Asked]:
    """What `disproved` asks of these, one question for each memory (see `asked_together`)."""
    return [memory.about(keys) for memory, keys in _by_memory(proofs).items()]


def disproved(proofs: Collection[Proof]) -> list[Proof]:
    """Those that are not true any more. They are forgotten."""
    if not proofs:
        return []
    rows = {memory: memory.rows(keys) for memory, keys in _by_memory(proofs).items()}
    wrong = [proof for proof in proofs if rows[proof.memory].get(proof.key) != proof.row]
    for proof in wrong:
        proof.memory.forget(proof.key)
    return wrong


def _by_memory(proofs: Collection[Proof]) -> "dict[Memory[Any, Any], set[Hashable]]":
    found: dict[Memory[Any, Any], set[Hashable]] = {}
    for proof in proofs:
        found.setdefault(proof.memory, set()).add(proof.key)
    return found
