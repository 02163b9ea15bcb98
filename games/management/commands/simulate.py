"""
Play games from a seed and check all that comes of it.

    --rounds N           the crash game, with every kind of player and mishap, in a database of its own
    --game slots --bets N   an instant game (or `all`) through its rules alone, beside its exact return
    --real N             so many instant bets, by many players, in a database of its own; then the books are audited
"""

import logging
import os
import subprocess
import sys
import tempfile
from argparse import ArgumentParser
from fractions import Fraction
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from accounts.models import User
from casino.lib.clock import system_clock
from games.crash.simulation.checks import Violation, simulate
from games.instant.kinds import KINDS
from games.instant.operations import DEFAULT_RTP_BPS
from games.instant.simulation import playing
from games.instant.simulation.returns import sample
from games.management.commands.check_ledger import AUDITS


class Command(BaseCommand):
    help = (
        "Simulates play from a seed, if it needs one in a database of its own. Exit code 1 if anything does not hold."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--seed", type=int, default=1, help="the same seed gives the same run")
        parser.add_argument("--rounds", type=int, default=100)
        parser.add_argument("--players", type=int, default=12, help="twelve kinds, in turn (with --real: how many)")
        parser.add_argument("--game", choices=[*KINDS, "all"], help="an instant game, through its rules alone")
        parser.add_argument("--bets", type=int, default=1_000_000, help="of each --game")
        parser.add_argument("--real", type=int, default=0, metavar="BETS", help="play real instant bets, then audit")
        parser.add_argument("--database-url", default="", help="an empty database (default: a temporary SQLite file)")
        parser.add_argument("--here", action="store_true", help="in the configured database, which must be unplayed")

    def handle(self, *args: Any, seed: int, rounds: int, players: int, **options: Any) -> None:
        if rounds < 1 or players < 1 or options["bets"] < 1 or options["real"] < 0:
            raise CommandError("There must be at least one round, one bet and one player.")
        if options["game"]:
            self._sample(options["game"], options["bets"], seed)
            return
        if options["here"]:
            self._prepare()
            if options["real"]:
                self._bet(seed, options["real"], players)
            else:
                self._play(seed, rounds, players)
            return
        with tempfile.TemporaryDirectory(prefix="casino-simulate-") as folder:
            url = options["database_url"] or f"sqlite:///{Path(folder) / 'casino.sqlite3'}"
            self._manage(url, "migrate", "--verbosity=0")
            words = (f"--seed={seed}", f"--rounds={rounds}", f"--players={players}", f"--real={options['real']}")
            self._manage(url, "simulate", "--here", *words)

    def _manage(self, url: str, *words: str) -> None:
        """In a process of its own, since a process has one database: it can never be the live one by mistake."""
        environment = {**os.environ, "DATABASE_URL": url, "REDIS_URL": ""}
        command = [sys.executable, str(settings.BASE_DIR / "manage.py"), *words]
        done = subprocess.run(command, env=environment, check=False)  # noqa: S603 our own program and numbers
        if done.returncode:
            raise CommandError(f"{words[0]} failed", returncode=done.returncode)

    def _sample(self, name: str, bets: int, seed: int) -> None:
        wrong = []
        for game in KINDS.values() if name == "all" else [KINDS[name]]:
            try:
                sampled = sample(game, Fraction(DEFAULT_RTP_BPS, 10_000), bets=bets, seed=seed)
            except ValueError as few:
                raise CommandError(str(few)) from few
            self.stdout.write(sampled.line())
            wrong += [] if sampled.agrees else [game.slug]
        if wrong:
            raise CommandError(f"seed {seed}: {', '.join(wrong)} does not return what its odds say.", returncode=1)

    def _bet(self, seed: int, bets: int, players: int) -> None:
        now = system_clock.now()
        summary = playing.simulate(seed, bets=bets, players=players, now=now, told=self.stdout.write)
        findings = summary.findings + [line for audit in AUDITS for line in audit.findings(system_clock.now())]
        for finding in findings:
            self.stdout.write(f"VIOLATION {finding}")
        if findings:
            raise CommandError(f"seed {seed}: {len(findings)} findings", returncode=1)
        self.stdout.write(f"{summary.line()}. The players' own books agree, and the books add up.")

    def _prepare(self) -> None:
        if User.objects.exists():
            raise CommandError("This database has players. A simulation needs an empty database of its own.")
        logging.disable(logging.WARNING)  # every engine that dies here is warned of; that is the exercise
        if connection.vendor == "sqlite":
            with connection.cursor() as cursor:
                cursor.execute("PRAGMA synchronous = OFF")  # nobody's money: speed over power cuts

    def _play(self, seed: int, rounds: int, players: int) -> None:
        try:
            summary = simulate(seed, rounds=rounds, players=players)
        except Violation as violation:
            for line in violation.events:
                self.stdout.write(line)
            for finding in violation.findings:
                self.stdout.write(f"VIOLATION {finding}")
            raise CommandError(str(violation), returncode=1) from violation
        self.stdout.write(summary.line())
