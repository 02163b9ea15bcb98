"""
When an operator that does not answer is left alone for a while. Pure: the time is an argument.

    closed --- so many unknown answers in a row ---> open --- the pause is over: one trial ---> known: closed
                                                      ^------------- unknown: a longer pause ---------|
"""

from dataclasses import dataclass

FAILURES = 5
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0  # seconds; each pause is twice the one before


@dataclass(slots=True)
class Breaker:
    failures: int = 0  # in a row
    pause: float = 0.0  # 0 while it is closed
    tries_at: float = 0.0
    on_trial: bool = False

    @property
    def is_open(self) -> bool:
        return self.pause > 0

    def allows(self, now: float) -> bool:
        """May a call be made? While open, one each time the pause is over; it counts as made."""
        if not self.is_open:
            return True
        if now < self.tries_at:
            return False
        self.on_trial = True
        self.tries_at = now + self.pause  # should the trial never be heard of again, another one follows
        return True

    def turns_away(self, now: float) -> bool:
        """Would a call be refused now? Asked before anything is done for one; changes nothing."""
        return self.is_open and now < self.tries_at

    def record(self, verdict_is_known: bool, now: float) -> None:
        """A call has ended. Those that were under way when it opened make no pause longer."""
        if verdict_is_known:
            self.failures, self.pause, self.on_trial = 0, 0.0, False
            return
        self.failures += 1
        if not self.is_open and self.failures >= FAILURES:
            self.pause, self.tries_at = FIRST_PAUSE, now + FIRST_PAUSE
        elif self.on_trial:
            self.pause, self.on_trial = min(self.pause * 2, LONGEST_PAUSE), False
            self.tries_at = now + self.pause
