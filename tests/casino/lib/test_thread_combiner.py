"""Requests of threads that become batches: who leads, who waits, and for how long."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from casino.lib import combiner as module
from casino.lib.combiner import Overloaded, ThreadCombiner

PATIENCE = 10.0


class Work:
    """Doubles numbers; stands still within its first batch until it is let go."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.begun, self.go_on = threading.Event(), threading.Event()

    def __call__(self, numbers: Sequence[int]) -> list[int]:
        self.batches.append(list(numbers))
        if len(self.batches) == 1:
            self.begun.set()
            assert self.go_on.wait(PATIENCE)
        return [number * 2 for number in numbers]


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long the combiner slept, each time; it does not really."""
    slept: list[float] = []
    monkeypatch.setattr(module.time, "sleep", slept.append)
    return slept


def test_what_arrives_while_a_batch_is_in_work_is_the_next_one(slept: list[float]) -> None:
    work = Work()
    waiting = threading.Semaphore(0)
    combined = ThreadCombiner(work, before_waiting=waiting.release)
    with ThreadPoolExecutor(6) as threads:
        first = threads.submit(combined.submit, 1)
        assert work.begun.wait(PATIENCE)
        rest = [threads.submit(combined.submit, n) for n in range(2, 7)]
        assert all(waiting.acquire(timeout=PATIENCE) for _ in rest)
        work.go_on.set()
        assert [each.result(PATIENCE) for each in (first, *rest)] == [2, 4, 6, 8, 10, 12]
    assert [sorted(batch) for batch in work.batches] == [[1], [2, 3, 4, 5, 6]]
    assert slept == []


def test_only_a_batch_that_was_waited_for_gathers_more(slept: list[float]) -> None:
    work = Work()
    waiting = threading.Semaphore(0)
    combined = ThreadCombiner(work, gather_seconds=0.01, before_waiting=waiting.release)
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(combined.submit, 1)
        assert work.begun.wait(PATIENCE)
        assert slept == []
        second = threads.submit(combined.submit, 2)
        assert waiting.acquire(timeout=PATIENCE)
        work.go_on.set()
        assert (first.result(PATIENCE), second.result(PATIENCE)) == (2, 4)
    assert slept == [0.01]
    assert [combined.submit(n) for n in (3, 4)] == [6, 8]  # one after the other: nobody waits
    assert slept == [0.01]


def test_a_large_batch_goes_at_once(slept: list[float]) -> None:
    work = Work()
    waiting = threading.Semaphore(0)
    combined = ThreadCombiner(work, gather_seconds=0.01, before_waiting=waiting.release)
    with ThreadPoolExecutor(module.LARGE_BATCH + 1) as threads:
        first = threads.submit(combined.submit, 0)
        assert work.begun.wait(PATIENCE)
        rest = [threads.submit(combined.submit, n) for n in range(1, module.LARGE_BATCH + 1)]
        assert all(waiting.acquire(timeout=PATIENCE) for _ in rest)
        work.go_on.set()
        assert [each.result(PATIENCE) for each in (first, *rest)] == [n * 2 for n in range(module.LARGE_BATCH + 1)]
    assert slept == []


def test_what_comes_while_a_batch_gathers_is_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    work = Work()
    waiting = threading.Semaphore(0)
    combined = ThreadCombiner(work, gather_seconds=1, before_waiting=waiting.release)
    with ThreadPoolExecutor(3) as threads:

        def sleep(seconds: float) -> None:
            third.append(threads.submit(combined.submit, 3))
            assert waiting.acquire(timeout=PATIENCE)

        third: list[object] = []
        monkeypatch.setattr(module.time, "sleep", sleep)
        first = threads.submit(combined.submit, 1)
        assert work.begun.wait(PATIENCE)
        second = threads.submit(combined.submit, 2)
        assert waiting.acquire(timeout=PATIENCE)
        work.go_on.set()
        assert (first.result(PATIENCE), second.result(PATIENCE)) == (2, 4)
    assert work.batches == [[1], [2, 3]]


def test_batches_are_bounded_and_so_is_the_queue(slept: list[float]) -> None:
    work = Work()
    waiting = threading.Semaphore(0)
    combined = ThreadCombiner(work, max_batch=2, max_queue=3, before_waiting=waiting.release)
    with ThreadPoolExecutor(4) as threads:
        first = threads.submit(combined.submit, 1)
        assert work.begun.wait(PATIENCE)
        rest = [threads.submit(combined.submit, n) for n in (2, 3, 4)]
        assert all(waiting.acquire(timeout=PATIENCE) for _ in rest)
        with pytest.raises(Overloaded):
            combined.submit(5)
        work.go_on.set()
        assert sorted(each.result(PATIENCE) for each in (first, *rest)) == [2, 4, 6, 8]
    assert [len(batch) for batch in work.batches] == [1, 2, 1]


def test_what_the_work_raises_reaches_all_of_its_batch_and_nobody_else(slept: list[float]) -> None:
    work = Work()
    waiting = threading.Semaphore(0)

    def breaks(numbers: Sequence[int]) -> list[int]:
        if len(work.batches) == 1:
            work.batches.append(list(numbers))
            raise LookupError("away")
        return work(numbers)

    combined = ThreadCombiner(breaks, before_waiting=waiting.release)
    with ThreadPoolExecutor(3) as threads:
        first = threads.submit(combined.submit, 1)
        assert work.begun.wait(PATIENCE)
        rest = [threads.submit(combined.submit, n) for n in (2, 3)]
        assert all(waiting.acquire(timeout=PATIENCE) for _ in rest)
        work.go_on.set()
        assert first.result(PATIENCE) == 2
        for each in rest:
            with pytest.raises(LookupError):
                each.result(PATIENCE)
    assert combined.submit(4) == 8
