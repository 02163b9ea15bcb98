"""
Whom we compare with. A source gives our lines and theirs, by day; adding one is a class and a line in `registry`.

The days are UTC. Lines come lazily, in about the order of their time; both sides name a transaction by the same id.
"""

import csv
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Protocol

from casino.lib.errors import DomainError
from wallet.reconciliation.rules import DONE, StatementLine

Lines = Iterable[StatementLine]
MAX_TEXT = 128
MAX_AMOUNT = 10**18
_INTEGER = re.compile(r"-?[0-9]{1,19}")
COLUMNS = ("id", "kind", "user", "amount_minor", "currency", "at")


class SourceUnavailable(DomainError):
    """The other side gave no list, or not one that can be read: nothing is concluded from that."""

    code = "source_unavailable"
    status = 503


class Source(Protocol):
    """`theirs` raises SourceUnavailable where the other side does not answer."""

    @property
    def kind(self) -> str: ...  # a value of Run.SourceKind

    @property
    def slug(self) -> str: ...

    def ours(self, day: date) -> Lines: ...

    def ours_named(self, ids: list[str], day: date) -> Lines: ...  # with these ids; they are listed there on that day

    def theirs(self, day: date) -> Lines: ...


@dataclass(frozen=True, slots=True)
class Listed:
    """A source made of functions."""

    kind: str
    slug: str
    ours: Callable[[date], Lines]
    theirs: Callable[[date], Lines]
    named: Callable[[list[str], date], Lines] | None = None

    def ours_named(self, ids: list[str], day: date) -> Lines:
        return (self.named or partial(nearby, self.ours))(ids, day)


def nearby(ours: Callable[[date], Lines], ids: list[str], day: date) -> Iterator[StatementLine]:
    """Ours with these ids on that day and its neighbours, where rows cannot be had by the ids of the other side."""
    wanted = set(ids)
    for offset in (0, -1, 1):
        yield from (line for line in ours(day + timedelta(days=offset)) if line.id in wanted)


def statement(path: Path) -> Callable[[date], Lines]:
    """A party's list from a CSV file with a header line (`status` may be left out), for those who send files."""

    def theirs(day: date) -> Iterator[StatementLine]:
        with path.open(newline="", encoding="utf-8") as file:
            try:
                for number, row in enumerate(csv.DictReader(file), start=2):
                    line = _line(row, f"{path.name}, line {number}")
                    if line.at.date() == day:
                        yield line
            except (csv.Error, UnicodeDecodeError) as error:
                raise SourceUnavailable(f"{path.name}: {error}.") from error

    return theirs


def checked(lines: Lines) -> Iterator[StatementLine]:
    """Lines from outside, with what we can keep in them: anything else makes their list one that cannot be read."""
    for line in lines:
        texts = (line.id, line.kind, line.user, line.currency, line.status)
        if not line.id or any(len(text) > MAX_TEXT or not text.isprintable() for text in texts):
            raise SourceUnavailable(f"A line has an id or a text that cannot be kept: {line.id[:40]!r}.")
        if not -MAX_AMOUNT <= line.amount_minor <= MAX_AMOUNT or line.at.tzinfo is None:
            raise SourceUnavailable(f"The line {line.id} has no possible amount or time.")
        yield line


def _line(row: dict[str, str], where: str) -> StatementLine:
    missing = [name for name in COLUMNS if row.get(name) is None]
    if missing:
        raise SourceUnavailable(f"{where}: no {', '.join(missing)}.")
    if not _INTEGER.fullmatch(row["amount_minor"]):
        raise SourceUnavailable(f"{where}: amount_minor is an integer of minor units.")
    try:
        amount_minor, at = int(row["amount_minor"]), datetime.fromisoformat(row["at"])
    except ValueError as error:
        raise SourceUnavailable(f"{where}: {error}.") from error
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    status = row.get("status") or DONE
    return StatementLine(row["id"], row["kind"], row["user"], amount_minor, row["currency"], at, status)
