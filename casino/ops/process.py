"""What a long-running process of ours sets for itself, once, when everything is loaded."""

import gc


def quiet_gc() -> None:
    """
    Let the garbage collector look less often, and never again at what was loaded at the start.

    A batch makes some hundred thousand small tuples that are gone a moment later; with Python's own thresholds a
    fifth of a settlement's time goes into looking at them. Memory is freed by reference counting as always; only cycles
    wait a little longer.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
