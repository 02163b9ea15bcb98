"""When an operator that does not answer is left alone, and when it is tried again."""

from wallet.operators.breaker import FAILURES, FIRST_PAUSE, LONGEST_PAUSE, Breaker


def an_open_one(now: float = 0) -> Breaker:
    breaker = Breaker()
    for _ in range(FAILURES):
        assert breaker.allows(now)
        breaker.record(False, now)
    return breaker


def test_it_opens_after_so_many_unknown_answers_in_a_row_only() -> None:
    breaker = Breaker()
    for _ in range(3):
        for _ in range(FAILURES - 1):
            breaker.record(False, 0)
        breaker.record(True, 0)
    assert breaker.allows(0)
    assert not an_open_one().allows(0)


def test_after_the_pause_one_call_is_let_through() -> None:
    breaker = an_open_one()
    assert not breaker.allows(FIRST_PAUSE - 0.01)
    assert [breaker.allows(FIRST_PAUSE) for _ in range(3)] == [True, False, False]


def test_a_known_answer_closes_it() -> None:
    breaker = an_open_one()
    assert breaker.allows(FIRST_PAUSE)
    breaker.record(True, FIRST_PAUSE)
    assert all(breaker.allows(FIRST_PAUSE) for _ in range(10))
    assert breaker == Breaker(tries_at=breaker.tries_at)


def test_each_trial_without_an_answer_doubles_the_pause_up_to_the_longest() -> None:
    breaker, now, pauses = an_open_one(), 0.0, []
    for _ in range(8):
        now = breaker.tries_at
        assert breaker.allows(now)
        breaker.record(False, now)
        pauses.append(breaker.tries_at - now)
    assert pauses == [2, 4, 8, 16, LONGEST_PAUSE, LONGEST_PAUSE, LONGEST_PAUSE, LONGEST_PAUSE]


def test_calls_that_were_under_way_when_it_opened_make_no_pause_longer() -> None:
    breaker = an_open_one()
    for _ in range(500):
        breaker.record(False, 0.5)
    assert breaker.tries_at == FIRST_PAUSE


def test_a_trial_that_is_never_heard_of_again_is_followed_by_another() -> None:
    breaker = an_open_one()
    assert breaker.allows(FIRST_PAUSE)
    assert not breaker.allows(FIRST_PAUSE * 1.5)
    assert breaker.allows(FIRST_PAUSE * 2)
