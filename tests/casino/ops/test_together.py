"""Look-ups that threads share, and the connections they leave to one another."""

import random
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, connections

from casino.ops.together import release_connection, together

PATIENCE = 10.0


def test_everybody_gets_their_own_answer_and_no_key_is_asked_twice_at_once() -> None:
    asked: list[list[int]] = []

    @together
    def squares(keys: Sequence[int]) -> dict[int, int]:
        asked.append(list(keys))
        time.sleep(0.001)  # others arrive meanwhile
        return {key: key * key for key in keys if key != 3}

    def ask(seed: int) -> list[tuple[int, int | None]]:
        rng = random.Random(seed)
        return [(key, squares(key)) for key in (rng.randrange(6) for _ in range(50))]

    with ThreadPoolExecutor(8) as threads:
        answers = [answer for some in threads.map(ask, range(8)) for answer in some]
    assert all(answer == (None if key == 3 else key * key) for key, answer in answers)
    assert all(len(batch) == len(set(batch)) for batch in asked)
    assert len(asked) < len(answers) == 400


def test_an_error_reaches_who_asked_and_the_next_are_answered() -> None:
    broken = [True]

    @together
    def find(keys: Sequence[int]) -> dict[int, int]:
        if broken:
            broken.clear()
            raise LookupError("away")
        return dict.fromkeys(keys, 1)

    with pytest.raises(LookupError):
        find(1)
    assert find(1) == 1


@pytest.mark.usefixtures("committed_db")
def test_who_waits_for_another_holds_no_connection(django_db_setup: None) -> None:
    """Else all of them could be in the hands of those who wait, and none left for the one they wait for."""
    followers: list[Any] = []
    leads, follows = threading.Event(), threading.Event()
    held = True

    @together
    def find(keys: Sequence[int]) -> dict[int, int]:
        nonlocal held
        if not leads.is_set():
            leads.set()
            assert follows.wait(PATIENCE)
            end = time.monotonic() + PATIENCE
            while held and time.monotonic() < end:
                held = followers[0].connection is not None
                time.sleep(0.001)
        return dict.fromkeys(keys, 1)

    def follow() -> int | None:
        connection.ensure_connection()
        followers.append(connections["default"])
        follows.set()
        try:
            return find(2)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as threads:
        leader = threads.submit(find, 1)
        assert leads.wait(PATIENCE)
        assert threads.submit(follow).result(2 * PATIENCE) == 1
        assert leader.result(PATIENCE) == 1
    assert not held


@pytest.mark.usefixtures("db")
def test_a_connection_in_a_transaction_is_kept() -> None:
    connection.ensure_connection()
    release_connection()
    assert connection.connection is not None
