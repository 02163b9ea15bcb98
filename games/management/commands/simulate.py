"""Play a game from a seed, with every kind of player and mishap, in a database of its own, and check every round."""

import logging
import os
import subprocess
import sys
import tempfile
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from accounts.models import User
from games.crash.simulation.checks import Violation, simulate


class Command(BaseCommand):
    help = "Simulates rounds from a seed in a database of its own. Exit code 1 when anything does not hold."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--seed", type=int, default=1, help="the same seed gives the same run")
        parser.add_argument("--rounds", type=int, default=100)
        parser.add_argument("--players", type=int, default=12, help="twelve kinds, in turn")
        parser.add_argument("--database-url", default="", help="an empty database (default: a temporary SQLite file)")
        parser.add_argument("--here", action="store_true", help="in the configured database, which must be unplayed")

    def handle(self, *args: Any, seed: int, rounds: int, players: int, **options: Any) -> None:
        if rounds < 1 or players < 1:
            raise CommandError("There must be at least one round and one player.")
        if options["here"]:
            self._play(seed, rounds, players)
            return
        with tempfile.TemporaryDirectory(prefix="casino-simulate-") as folder:
            url = options["database_url"] or f"sqlite:///{Path(folder) / 'casino.sqlite3'}"
            self._manage(url, "migrate", "--verbosity=0")
            self._manage(url, "simulate", "--here", f"--seed={seed}", f"--rounds={rounds}", f"--players={players}")

    def _manage(self, url: str, *words: str) -> None:
        """In a process of its own, since a process has one database: it can never be the live one by mistake."""
        environment = {**os.environ, "DATABASE_URL": url, "REDIS_URL": ""}
        command = [sys.executable, str(settings.BASE_DIR / "manage.py"), *words]
        done = subprocess.run(command, env=environment, check=False)  # noqa: S603 our own program and numbers
        if done.returncode:
            raise CommandError(f"{words[0]} failed", returncode=done.returncode)

    def _play(self, seed: int, rounds: int, players: int) -> None:
        if User.objects.exists():
            raise CommandError("This database has players. A simulation needs an empty database of its own.")
        logging.disable(logging.WARNING)  # every engine that dies here is warned of; that is the exercise
        if connection.vendor == "sqlite":
            with connection.cursor() as cursor:
                cursor.execute("PRAGMA synchronous = OFF")  # nobody's money: speed over power cuts
        try:
            summary = simulate(seed, rounds=rounds, players=players)
        except Violation as violation:
            for line in violation.events:
                self.stdout.write(line)
            for finding in violation.findings:
                self.stdout.write(f"VIOLATION {finding}")
            raise CommandError(str(violation), returncode=1) from violation
        self.stdout.write(summary.line())
