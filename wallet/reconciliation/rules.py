"""
Two lists of the same day's movements, compared. Pure: lines in, differences out.

Both lists are read once, side by side, and a pair is forgotten as soon as both of its lines were seen: memory is taken
by what has no partner yet, so lists in about the same order may be of any length. What is left over at the end is
looked up elsewhere: theirs among ours by its id, ours in their neighbouring days, since two clocks do not agree about
midnight, and on as long as it may have taken to reach them.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import zip_longest
from typing import NamedTuple

DONE = "done"


class StatementLine(NamedTuple):
    """
    One movement of money as one side tells it. `id` is the transaction id that both sides know it by.

    `kind` is a word that both sides use (`bet`, `deposit`), `user` is empty where a side does not say, `status` is what
    became of it.

    The rest is for lines of ours. `until` is when we heard that they have it, where that took long. An `optional` line
    need not be there: a bet whose answer never came. What took it back is optional as well and names it in `undoes`: it
    has to be there exactly where the bet is. (Both are to stand under one day.)
    """

    id: str
    kind: str
    user: str
    amount_minor: int
    currency: str
    at: datetime
    status: str = DONE
    until: datetime | None = None
    optional: bool = False
    undoes: str = ""


class Kind(StrEnum):
    """What is wrong with a transaction."""

    MISSING_HERE = "missing_here"
    MISSING_THERE = "missing_there"
    AMOUNT = "amount"
    CURRENCY = "currency"
    STATUS = "status"  # another kind, user or status than ours, or listed twice


class Found(NamedTuple):
    """A difference: both lines, where both are there."""

    kind: Kind
    id: str
    ours: StatementLine | None
    theirs: StatementLine | None


@dataclass
class Totals:
    """Of one side: lines, and by `kind currency` how many and how much."""

    lines: int = 0
    amounts: dict[str, list[int]] = field(default_factory=dict)

    def add(self, line: StatementLine) -> None:
        self.lines += 1
        row = self.amounts.setdefault(f"{line.kind} {line.currency}", [0, 0])
        row[0] += 1
        row[1] += line.amount_minor


@dataclass
class Comparison:
    """`matched` pairs agree; `pending` ones may still come; `differences` are in order of their ids."""

    ours: Totals = field(default_factory=Totals)
    theirs: Totals = field(default_factory=Totals)
    matched: int = 0
    pending: int = 0
    differences: list[Found] = field(default_factory=list)
    optional_there: set[str] = field(default_factory=set)  # ids of our optional lines that they have


Lines = Iterable[StatementLine]
Days = Callable[[date], Lines]
FURTHEST = 31  # days after its own in which a line of ours is looked for


def compare(
    ours: Days,
    theirs: Days,
    *,
    day: date,
    ours_named: Callable[[list[str]], Lines],
    now: datetime,
    in_flight: timedelta,
) -> Comparison:
    """
    The two lists of a day; `ours_named` are ours with these ids, of whatever day. A line of ours is listed under the
    day of its `at`.

    A difference of a line that is younger than `in_flight` is only pending: its partner may be on its way.
    """
    done = Comparison()
    found: list[Found] = []
    alone_here, alone_there = _join(ours(day), theirs(day), done, found)
    for line in ours_named(list(alone_there)) if alone_there else ():
        partner = alone_there.pop(line.id, None)
        if partner is not None:  # all ours of the day that they have were paired: this would be their second one
            _pair(line, partner, done, found, twice=line.at.date() == day)
    for other in _elsewhere(day, alone_here.values(), now.date()):
        for line in theirs(other):
            partner = alone_here.pop(line.id, None)
            if partner is not None:
                _pair(partner, line, done, found)
    missing = [line for line in alone_here.values() if not line.optional or line.undoes in done.optional_there]
    found += [Found(Kind.MISSING_THERE, line.id, line, None) for line in missing]
    found += [Found(Kind.MISSING_HERE, line.id, None, line) for line in alone_there.values()]
    for difference in sorted(found, key=lambda each: (each.id, each.kind)):
        if _youngest(difference) > now - in_flight:
            done.pending += 1
        else:
            done.differences.append(difference)
    return done


def _elsewhere(day: date, lines: Collection[StatementLine], today: date) -> list[date]:
    """The days, beside their own, under which they may list these lines of ours."""
    last = max((line.until.date() for line in lines if line.until is not None), default=day)
    after = min(max((last - day).days, 0), FURTHEST - 1) + 1
    days = [day + timedelta(days=offset) for offset in (-1, *range(1, after + 1))]
    return [other for other in days if other <= today] if lines else []


def _join(
    ours: Lines, theirs: Lines, done: Comparison, found: list[Found]
) -> tuple[dict[str, StatementLine], dict[str, StatementLine]]:
    """Lines without a partner on the other side, by id; pairs are compared on the way."""
    here: dict[str, StatementLine] = {}
    there: dict[str, StatementLine] = {}
    for line, other in zip_longest(ours, theirs):
        if line is not None:
            done.ours.add(line)
            partner = there.pop(line.id, None)
            if partner is not None:
                _pair(line, partner, done, found)
            else:
                here[line.id] = line
        if other is not None:
            done.theirs.add(other)
            partner = here.pop(other.id, None)
            if partner is not None:
                _pair(partner, other, done, found)
            elif other.id in there:
                found.append(Found(Kind.STATUS, other.id, None, other))
            else:
                there[other.id] = other
    return here, there


def _pair(
    ours: StatementLine, theirs: StatementLine, done: Comparison, found: list[Found], *, twice: bool = False
) -> None:
    if ours.optional:
        done.optional_there.add(ours.id)
    kinds = list(_differing(ours, theirs))
    if twice and Kind.STATUS not in kinds:
        kinds.append(Kind.STATUS)
    found += [Found(kind, ours.id, ours, theirs) for kind in kinds]
    done.matched += not kinds


def _differing(ours: StatementLine, theirs: StatementLine) -> Iterator[Kind]:
    if ours.amount_minor != theirs.amount_minor:
        yield Kind.AMOUNT
    if ours.currency != theirs.currency:
        yield Kind.CURRENCY
    same_user = ours.user == theirs.user or not (ours.user and theirs.user)
    if (ours.kind, ours.status) != (theirs.kind, theirs.status) or not same_user:
        yield Kind.STATUS


def _youngest(difference: Found) -> datetime:
    return max(line.at for line in (difference.ours, difference.theirs) if line is not None)
