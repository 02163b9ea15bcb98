import argparse
import os
import random
import sys
import tempfile
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "casino.settings")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--players", type=int, default=50)
    options = parser.parse_args()
    django.setup()
    from tests.chaos.run import chaos

    with tempfile.TemporaryDirectory() as folder:
        found = chaos(Path(folder), options.seed, kills=options.kills, players=options.players, say=print)
    for problem in found.problems:
        print(problem)
    print(f"seed {options.seed}: {found.summary}")
    return 1 if found.problems else 0


if __name__ == "__main__":
    sys.exit(main())
