"""
`python -m tests.randomness [--size N]`: every check once, as a table. Exit code 1 when one fails.

Each is at 99 % (GLI-19 3.3), so of a perfect generator one in a hundred is odd by chance. A check that is odd is
therefore made once more with fresh data, and fails if it is odd again: that happens to a good check once in 10,000
times, to any of the seventy here in about 0.7 % of all runs. A p-value below one in a million fails at once.
"""

import argparse
import sys
import time

from tests.randomness.samples import Check, checks, hand_names

LEVEL = 0.01
HOPELESS = 1e-6


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.randomness", description=__doc__)
    parser.add_argument("--size", type=int, default=500_000, help="words of each check")
    size = parser.parse_args().size
    started, failed = time.monotonic(), []
    every = [*checks(size), Check("videopoker", "names of hands", lambda: hand_names(size // 4))]
    print(f"| {'Of':<36} | {'Test':<24} | {'p':>8} | {'again':>8} | Result |")
    print(f"| {'-' * 36} | {'-' * 24} | {'-' * 8} | {'-' * 8} | ------ |")
    for check in every:
        first = check.p()
        second = check.p() if HOPELESS <= first < LEVEL else None
        passed = first >= LEVEL or (second is not None and second >= LEVEL)
        if not passed:
            failed.append(f"{check.of}: {check.test}")
        again = "" if second is None else f"{second:.4f}"
        verdict = "passed" if passed else "FAILED"
        print(f"| {check.of:<36} | {check.test:<24} | {first:8.4f} | {again:>8} | {verdict} |", flush=True)
    print(f"{len(every)} checks of {size:,} words each in {time.monotonic() - started:.0f} s: ", end="")
    print("all passed" if not failed else f"FAILED {'; '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
