"""
`python -m bench [--quick] [name ...]`: run the benchmarks and print one table.

A benchmark is a module of this folder with `run(quick: bool) -> list[Row]`. Exit code 1 when a target was missed.
"""

import argparse
import importlib
import sys
from pathlib import Path

from bench.table import Row, markdown

BENCHMARKS = ("fanout", "bets", "sockets", "rest", "seamless", "instant")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Benchmarks, each beside its baseline.")
    parser.add_argument("--quick", action="store_true", help="smaller and shorter: to see that it runs")
    parser.add_argument("names", nargs="*", metavar="name", help=f"which of {', '.join(BENCHMARKS)} (all)")
    options = parser.parse_args()
    unknown = set(options.names) - set(BENCHMARKS)
    if unknown:
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    rows: list[Row] = []
    for name in options.names or BENCHMARKS:
        print(f"{name} …", file=sys.stderr, flush=True)
        rows += importlib.import_module(f"bench.{name}").run(quick=options.quick)
    print(markdown(rows))
    return 1 if any(row.ok is False for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
