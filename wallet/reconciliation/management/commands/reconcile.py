"""Compare a day with all outside parties, or with one; exit code 1 where something is open or a list was missing."""

from argparse import ArgumentParser
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from casino.lib.clock import system_clock
from casino.lib.errors import DomainError
from wallet.reconciliation import operations, queries, registry, sources
from wallet.reconciliation.operations import Report
from wallet.reconciliation.sources import Listed, Source


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise CommandError(f"--day is a date such as 2026-11-20: {error}.") from error


class Command(BaseCommand):
    help = "Compares a day's money with operators and payment providers. Exit code 1 where something does not agree."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--day", help="UTC, such as 2026-11-20 (default: yesterday)")
        parser.add_argument("--source", help="only this one, such as operator:acme")
        parser.add_argument("--statement", type=Path, help="their list as a CSV file, for one --source")

    def handle(self, *args: Any, **options: Any) -> None:
        today = system_clock.now().date()
        day = _day(options["day"]) if options["day"] else today - timedelta(days=1)
        if day > today:
            raise CommandError("This day has not begun.")
        wanted = self._wanted(options["source"], options["statement"])
        if not wanted:
            self.stdout.write("There is nobody to compare with.")
        failed = sum(not self._compare(source, day) for source in wanted)
        left = queries.open_differences().filter(day=day).count()
        if failed or left:
            raise CommandError(f"{left} open differences of {day}, {failed} sources not compared.", returncode=1)

    def _wanted(self, name: str | None, statement: Path | None) -> list[Source]:
        known = registry.all_sources()
        if name is None:
            if statement is not None:
                raise CommandError("--statement is the list of one --source.")
            return known
        found = [source for source in known if f"{source.kind}:{source.slug}" == name]
        if not found:
            there = ", ".join(f"{source.kind}:{source.slug}" for source in known) or "none"
            raise CommandError(f"There is no source {name}. There are: {there}.")
        if statement is not None:
            if not statement.is_file():
                raise CommandError(f"There is no file {statement}.")
            (source,) = found
            theirs = sources.statement(statement)
            return [Listed(source.kind, source.slug, source.ours, theirs, source.ours_named)]
        return found

    def _compare(self, source: Source, day: date) -> bool:
        name = f"{source.kind} {source.slug} {day}"
        try:
            report = operations.reconcile(source, day, clock=system_clock)
        except DomainError as error:
            self.stdout.write(f"{name}: not compared. {error.message}")
            return False
        self.stdout.write(f"{name}: {_told(report)}")
        return True


def _told(report: Report) -> str:
    run = report.run
    return (
        f"{run.matched} agree, {run.pending} pending, {run.differences} differ "
        f"({report.new} new, {report.closed} of before are gone)"
    )
