"""
Calls that move money happen once, whatever is repeated, by whom and where.

The answer is recorded in the transaction of the money, so there is no moment in which one exists without the other.
While a call runs, its name is held by a lock that is tried and never waited for: a repetition that comes meanwhile, on
any process, is told to come again. Calls that arrive together share one transaction (`Desk`).
"""

import hashlib
import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction

from casino.api.models import IdempotencyRecord, SignatureUse
from casino.api.problems import Problem
from casino.lib.clock import Clock, system_clock
from casino.lib.combiner import ThreadCombiner
from casino.ops.bulk import any_of, insert_rows, texts, written_together
from casino.ops.composed import Asked, Slot, asked_together, written
from casino.ops.locks import take_names, taking
from casino.ops.remembered import Proof, disproved, proving
from casino.ops.together import release_connection

KEEP_RECORDS = timedelta(hours=48)
KEEP_SIGNATURES = timedelta(minutes=30)

Wish = TypeVar("Wish")
Answer = TypeVar("Answer")


def digest(*parts: str | bytes | int) -> str:
    """Of parts that cannot run into one another, since each is preceded by its length."""
    total = hashlib.sha256()
    for part in parts:
        data = part if isinstance(part, bytes) else str(part).encode()
        total.update(len(data).to_bytes(8) + data)
    return total.hexdigest()


@dataclass(frozen=True, slots=True)
class Stamp:
    """What makes a call the same call: `name` by its Idempotency-Key, `request` by its content."""

    name: str
    request: str
    signature: str
    binding: str

    @classmethod
    def of(cls, key_id: int, idempotency_key: str, *, method: str, target: str, body: bytes, signature: str) -> "Stamp":
        return cls(
            name=digest(key_id, idempotency_key),
            request=digest(method, target, body),
            signature=digest(key_id, signature),
            binding=digest(method, target, idempotency_key),
        )


@dataclass(frozen=True, slots=True)
class Stored:
    """An answer as it was given the first time."""

    status: int
    body: str
    replayed: bool = False


class Outdated(Exception):
    """What the call was judged by is not true any more. Nothing was done; it has to be judged anew."""


Outcome = Stored | Problem | Outdated
Execute = Callable[[Sequence[Wish], datetime], Sequence[Any]]
First = Callable[[Sequence[Wish]], Sequence[Asked]]
Render = Callable[[Any], tuple[int, dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Call(Generic[Wish]):
    """
    One call: its stamp, what it wants, and how the answer is shown (status and body). `proofs` are of what it was
    judged by, where that was remembered.
    """

    stamp: Stamp
    wish: Wish
    render: Render
    proofs: tuple[Proof, ...] = ()


def known(stamps: Sequence[Stamp]) -> list[Outcome | None]:
    """What is known of each call already: its answer, or why it is refused; None for a new one."""
    return _known_and_used(stamps)[0]


def _known_and_used(stamps: Sequence[Stamp]) -> tuple[list[Outcome | None], Collection[str]]:
    """The same, and which of the signatures are written down already."""
    if not stamps:
        return [], ()
    answers, bindings = {}, {}
    for name, content, status, body in _about(stamps).answer():
        if status is None:
            bindings[name] = content
        else:
            answers[name] = [content, status, body]
    found = [_known(stamp, answers.get(stamp.name), bindings.get(stamp.signature)) for stamp in stamps]
    return found, bindings.keys()


def _about(stamps: Sequence[Stamp]) -> Asked:
    return _recorded.about(names=[stamp.name for stamp in stamps], signatures=[stamp.signature for stamp in stamps])


_recorded = written(
    lambda: (
        f"SELECT name, request, status, body FROM api_idempotencyrecord WHERE name {any_of('varchar')} "  # noqa: S608 ours
        f"UNION ALL SELECT name, binding, NULL, NULL FROM api_signatureuse WHERE name {any_of('varchar')}"
    ),
    Slot("names", texts),
    Slot("signatures", texts),
)


def _known(stamp: Stamp, answer: list[Any] | None, binding: str | None) -> Outcome | None:
    if binding is not None and binding != stamp.binding:
        return Problem("signature_reused")
    if answer is None:
        return None
    request, status, body = answer
    if request != stamp.request:
        return Problem("idempotency_mismatch", "This Idempotency-Key was used for another request.")
    return Stored(status, body, replayed=True)


def perform(
    calls: Sequence[Call[Wish]],
    execute: Execute[Wish],
    *,
    now: datetime,
    first: First[Wish] = lambda wishes: (),
) -> list[Outcome]:
    """
    Carry out a batch of calls in one transaction; an outcome per call, in order.

    `first` says what `execute` will ask first, so that it is asked along with what is asked here.
    """
    stamps = [call.stamp for call in calls]
    proofs = [proof for call in calls for proof in call.proofs]
    names = [name for stamp in stamps for name in (stamp.name, stamp.signature)]
    questions = [taking(names), _about(stamps), *proving(proofs), *first([call.wish for call in calls])]
    with transaction.atomic(), written_together(ends=True), asked_together(*questions):
        held = take_names(names)
        outcomes, used = _known_and_used(stamps)
        wrong = disproved(proofs)
        taken: set[str] = set()
        todo: list[int] = []
        for i, call in enumerate(calls):
            if wrong and any(proof in wrong for proof in call.proofs):
                outcomes[i] = Outdated()
            if outcomes[i] is not None:
                continue
            own = {call.stamp.name, call.stamp.signature}
            if own <= held and not own & taken:
                taken |= own
                todo.append(i)
            else:
                outcomes[i] = Problem("idempotency_in_progress", headers={"Retry-After": "1"})
        answers = execute([calls[i].wish for i in todo], now) if todo else []
        for i, answer in zip(todo, answers, strict=True):
            status, body = calls[i].render(answer)
            outcomes[i] = Stored(status, json.dumps(body, cls=DjangoJSONEncoder))
        _record([(calls[i].stamp, outcomes[i]) for i in todo], used, now=now)
    return [outcome for outcome in outcomes if outcome is not None]


def _record(done: Sequence[tuple[Stamp, Outcome | None]], used: Collection[str], *, now: datetime) -> None:
    rows = [(s.name, s.request, o.status, o.body, now) for s, o in done if isinstance(o, Stored)]
    insert_rows(IdempotencyRecord, ("name", "request", "status", "body", "created_at"), rows)
    # The same request may have been signed with a signature that was used for it before.
    uses = [(s.signature, s.binding, now) for s, _ in done if s.signature not in used]
    insert_rows(SignatureUse, ("name", "binding", "created_at"), uses)


def forget_old(*, now: datetime) -> int:
    """Records and signatures that nobody may need any more; answers how many."""
    records, _ = IdempotencyRecord.objects.filter(created_at__lt=now - KEEP_RECORDS).delete()
    uses, _ = SignatureUse.objects.filter(created_at__lt=now - KEEP_SIGNATURES).delete()
    return records + uses


class Desk(Generic[Wish]):
    """
    Where the calls of one kind are handed in, by many threads at once: what arrives together is one transaction.

    `execute(wishes, now)` answers per wish, in order; a DomainError as a value is a refusal of that one. `first`: see
    `perform`.
    """

    def __init__(
        self,
        execute: Execute[Wish],
        *,
        first: First[Wish] = lambda wishes: (),
        clock: Clock = system_clock,
        max_batch: int = 200,
        gather_seconds: float = 0.025,
    ) -> None:
        self._execute = execute
        self._first = first
        self._clock = clock
        self._combiner: ThreadCombiner[Call[Wish], Outcome] = ThreadCombiner(
            self._perform,
            max_batch=max_batch,
            gather_seconds=gather_seconds,
            before_waiting=release_connection,
        )

    def _perform(self, calls: Sequence[Call[Wish]]) -> Sequence[Outcome]:
        return perform(calls, self._execute, now=self._clock.now(), first=self._first)

    def hand_in(self, call: Call[Wish]) -> Stored:
        """
        The answer, new or as it was given before. Raises Problem where the call is refused as such, and Outdated where
        it must be judged anew.
        """
        outcome = self._combiner.submit(call)
        if isinstance(outcome, Problem | Outdated):
            raise outcome
        return outcome
