"""What a long-running process of ours sets for itself, once, when everything is loaded."""

import gc

FOR_BATCHES, FOR_REQUESTS = (50_000, 20, 50), (2_000, 5, 10)


def quiet_gc(thresholds: tuple[int, int, int] = FOR_BATCHES) -> None:
    """
    Let the garbage collector never again look at what was loaded at the start, and at the rest by these thresholds.

    For batches seldom: one makes some hundred thousand small tuples that are gone a moment later; with Python's own
    thresholds a fifth of a settlement's time goes into looking at them. Memory is freed by reference counting as
    always; only cycles wait a little longer. For requests often: a page leaves some hundred objects that refer to
    each other, and those of many, taken away at once, keep everybody waiting for a twentieth of a second.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*thresholds)
