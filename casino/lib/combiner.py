"""
Requests that arrive together become one batch.

A caller awaits its own answer; behind it, what has arrived while the previous batch was in work is handed over as the
next one. Under light load that is a batch of one with no delay added; under heavy load the batches grow and the cost
of a transaction is shared. One batch of a combiner is in work at a time per worker, so a queue forms here, where it is
bounded, and not at the database.
"""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from typing import Generic, TypeVar

Request = TypeVar("Request")
Answer = TypeVar("Answer")


LARGE_BATCH = 12  # requests among which the fixed cost of a batch is shared well enough


class Overloaded(Exception):
    """Too much is queued already; nothing was taken on."""


class Combiner(Generic[Request, Answer]):
    """
    `handle` takes a batch and gives an answer per request, in order; an answer that is an exception is a refusal and
    is returned as a value. If `handle` itself raises, every caller of that batch gets the exception raised.
    """

    def __init__(
        self,
        handle: Callable[[Sequence[Request]], Sequence[Answer]],
        *,
        executor: Executor,
        max_batch: int = 500,
        max_queue: int = 20_000,
        workers: int = 1,
    ) -> None:
        self._handle = handle
        self._executor = executor
        self._max_batch = max_batch
        self._max_queue = max_queue
        self._idle = workers
        self._queue: deque[tuple[Request, asyncio.Future[Answer]]] = deque()

    async def submit(self, request: Request) -> Answer:
        if len(self._queue) >= self._max_queue:
            raise Overloaded
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Answer] = loop.create_future()
        self._queue.append((request, answer))
        if self._idle:
            self._idle -= 1
            # Not now but at the end of this turn of the loop: whatever the same turn brings joins the batch.
            loop.call_soon(self._start, loop)
        return await answer

    def _start(self, loop: asyncio.AbstractEventLoop) -> None:
        batch = [self._queue.popleft() for _ in range(min(len(self._queue), self._max_batch))]
        if not batch:
            self._idle += 1
            return
        work = loop.run_in_executor(self._executor, self._handle, [request for request, _ in batch])
        work.add_done_callback(lambda done: self._finish(loop, batch, done))

    def _finish(
        self,
        loop: asyncio.AbstractEventLoop,
        batch: list[tuple[Request, "asyncio.Future[Answer]"]],
        work: "asyncio.Future[Sequence[Answer]]",
    ) -> None:
        self._start(loop)
        error = asyncio.CancelledError() if work.cancelled() else work.exception()
        if error is not None:
            for _, future in batch:
                if not future.done():
                    future.set_exception(error)
            return
        for (_, future), answer in zip(batch, work.result(), strict=True):
            if not future.done():  # the caller may have gone (its socket closed); what was done stays done
                future.set_result(answer)


class _Waiting(Generic[Request, Answer]):
    """
    A thread that handed a request in: it waits to be answered, or to be told to take the next batch. `woken` is held
    until then; a bare lock, since an event costs several times as much and every request would pay for it.
    """

    __slots__ = ("answer", "error", "request", "woken")

    def __init__(self, request: Request, *, leads: bool) -> None:
        self.request = request
        self.woken = threading.Lock()
        if not leads:
            self.woken.acquire()
        self.answer: Answer | None = None
        self.error: BaseException | None = None

    @property
    def done(self) -> bool:
        return self.answer is not None or self.error is not None


class ThreadCombiner(Generic[Request, Answer]):
    """
    The same for threads (a WSGI server's). One of the waiting threads carries a batch out, for itself and all that came
    with it, and then hands on to one of those that came meanwhile: no thread is needed beside them, and none works for
    others for longer than one batch. Answers are never None.

    `gather_seconds`: a small batch for which somebody waited already while another was in work waits so long for more.
    What is lost so is less than what is won under load, where the parts of a batch that cost the same whatever its size
    are most of the work; and a request that comes alone is never kept waiting. (Databases commit in groups for the
    same reason, in the same way.)

    `before_waiting` lets go of what a thread must not hold while it waits for another.
    """

    def __init__(
        self,
        handle: Callable[[Sequence[Request]], Sequence[Answer]],
        *,
        max_batch: int = 200,
        max_queue: int = 5_000,
        gather_seconds: float = 0,
        before_waiting: Callable[[], None] | None = None,
    ) -> None:
        self._handle = handle
        self._before_waiting = before_waiting
        self._max_batch = max_batch
        self._max_queue = max_queue
        self.gather_seconds = gather_seconds
        self._lock = threading.Lock()
        self._queue: deque[_Waiting[Request, Answer]] = deque()
        self._busy = False

    def submit(self, request: Request) -> Answer:
        with self._lock:
            if len(self._queue) >= self._max_queue:
                raise Overloaded
            leads, self._busy = not self._busy, True
            waiting: _Waiting[Request, Answer] = _Waiting(request, leads=leads)
            self._queue.append(waiting)
        if not leads:
            if self._before_waiting is not None:
                self._before_waiting()
            waiting.woken.acquire()
            if not waiting.done and self.gather_seconds and len(self._queue) < LARGE_BATCH:
                time.sleep(self.gather_seconds)
        if not waiting.done:
            self._carry_out()
        if waiting.error is not None:
            raise waiting.error
        assert waiting.answer is not None
        return waiting.answer

    def _carry_out(self) -> None:
        """By the first thread of the queue, whose own request is therefore in the batch."""
        with self._lock:
            batch = [self._queue.popleft() for _ in range(min(len(self._queue), self._max_batch))]
        try:
            answers = self._handle([waiting.request for waiting in batch])
            for waiting, answer in zip(batch, answers, strict=True):
                waiting.answer = answer
        except BaseException as error:
            for waiting in batch:
                waiting.answer, waiting.error = None, error
        finally:
            with self._lock:
                following = self._queue[0] if self._queue else None
                self._busy = following is not None
            if following is not None:  # first: more wait for it
                following.woken.release()
            for waiting in batch[1:]:  # the first is this thread's own
                waiting.woken.release()
