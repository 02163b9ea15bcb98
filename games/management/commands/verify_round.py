"""Recompute a finished round of a crash game from what is published, step by step."""

from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from games.crash.verification import NotVerifiable, verify
from games.solo import verification as solo


class Command(BaseCommand):
    help = "Recomputes a round from its published seed. Exit code 1 when a step does not agree."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("round_id", help="the round's id, as the game and the API show it")

    def handle(self, *args: Any, round_id: str, **options: Any) -> None:
        try:
            key = UUID(round_id)
            checks = solo.verify(key) if solo.knows(key) else verify(key)
        except ValueError as error:
            raise CommandError(f"{round_id!r} is not a round id", returncode=1) from error
        except NotVerifiable as refusal:
            raise CommandError(refusal.message, returncode=1) from refusal
        for check in checks:
            self.stdout.write(f"{'ok      ' if check.holds else 'MISMATCH'} {check.what}: {check.detail}")
        wrong = [check.what for check in checks if not check.holds]
        if wrong:
            raise CommandError(f"the round does not verify: {', '.join(wrong)}", returncode=1)
        self.stdout.write("The round verifies.")
