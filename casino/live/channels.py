"""
Numbered channels of events that a client can resume: each event has the channel's `epoch` and the next `seq`.

Who numbers them is the caller's affair. A channel here remembers the last events, so that a client that says what it
has can be given the rest: all of it, or nothing (`since` answers None).
"""

from collections import deque

REMEMBERED = 2_000


class Channel:
    """The last events of one channel in this process."""

    def __init__(self, epoch: str = "", seq: int = 0, *, remembered: int = REMEMBERED) -> None:
        self.epoch = epoch
        self.seq = seq
        self._texts: deque[str] = deque(maxlen=remembered)

    def place(self, epoch: str, seq: int) -> None:
        """Be told where the channel is. What was remembered is dropped when events were missed."""
        if (epoch, seq) != (self.epoch, self.seq):
            self.epoch, self.seq = epoch, seq
            self._texts.clear()

    def add(self, epoch: str, seq: int, text: str) -> bool:
        """Remember an event. False for one that was there already."""
        if epoch == self.epoch and seq <= self.seq:
            return False
        if epoch != self.epoch or seq != self.seq + 1:
            self._texts.clear()
        self.epoch, self.seq = epoch, seq
        self._texts.append(text)
        return True

    def since(self, epoch: str, seq: int) -> list[str] | None:
        """Everything after that event, or None where not all of it is here."""
        missed = self.seq - seq
        # Before the first event there is no epoch: two processes may both be there and have missed different things.
        if not epoch or epoch != self.epoch or not 0 <= missed <= len(self._texts):
            return None
        return list(self._texts)[len(self._texts) - missed :]
