"""Play every rule of docs/operators.md against an operator's server: a line per case, exit code 1 when one fails."""

import asyncio
import os
from argparse import ArgumentParser
from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from wallet.models import Currency
from wallet.operators import operations
from wallet.operators.checking import check
from wallet.operators.client import Endpoint
from wallet.operators.models import Operator
from wallet.operators.talking import Subject


class Command(BaseCommand):
    help = (
        "Checks an operator's wallet server. It plays with a test player of the operator's, who needs a little money."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", nargs="?", help="an operator that is set up here")
        parser.add_argument("--url", help="or the address of any server, without a call's name at its end")
        parser.add_argument("--secret", default=os.environ.get("OPERATOR_SECRET", ""), help="or in OPERATOR_SECRET")
        parser.add_argument("--user", required=True, help="the test player")
        parser.add_argument("--currency", required=True, help="the player's")
        parser.add_argument("--denominator", type=int, help="minor units in one of it, where the platform has it not")
        parser.add_argument("--token", help="a session of the player's, where the operator has sessions")
        parser.add_argument("--blocked-user", help="a player with the same currency who may not play")
        parser.add_argument("--timeout-ms", type=int, default=2000, help="that a call may take (2000)")
        parser.add_argument("--latency-ms", type=float, default=100, help="that half of the calls may take (100)")

    def handle(self, *args: Any, **options: Any) -> None:
        subject = Subject(
            endpoint=_endpoint(options),
            user=options["user"],
            currency=options["currency"],
            denominator=options["denominator"] or _denominator(options["currency"]),
            token=options["token"],
            blocked_user=options["blocked_user"],
            latency_ms=options["latency_ms"],
        )
        counted = asyncio.run(self._check(subject))
        summary = ", ".join(f"{counted[word]} {word}" for word in ("PASS", "FAIL", "SKIP"))
        if counted["FAIL"]:
            raise CommandError(f"{summary}: the server does not keep the protocol.", returncode=1)
        self.stdout.write(f"{summary}: the server keeps the protocol.")

    async def _check(self, subject: Subject) -> Counter[str]:
        counted: Counter[str] = Counter()
        async for result in check(subject):
            counted[result.verdict] += 1
            words = f": {result.words}" if result.words else ""
            self.stdout.write(f"{result.verdict}  {result.name}{words}")
        return counted


def _endpoint(options: dict[str, Any]) -> Endpoint:
    if bool(options["slug"]) == bool(options["url"]):
        raise CommandError("Give the name of an operator, or --url and --secret.")
    if options["slug"]:
        return endpoint_of(options["slug"])
    if not options["secret"]:
        raise CommandError("--url needs --secret, or OPERATOR_SECRET in the environment.")
    # Whoever types the address may call it, in their own network too.
    return Endpoint(0, options["url"], options["secret"], options["timeout_ms"] / 1000, allow_private=True)


def endpoint_of(slug: str) -> Endpoint:
    """The operator that is set up here under that name."""
    operator = Operator.objects.filter(slug=slug).first()
    if operator is None:
        raise CommandError(f"No operator {slug} is set up here: give --url and --secret.")
    return operations.endpoint_of(operator)


def _denominator(currency: str) -> int:
    found = Currency.objects.filter(code=currency).values_list("denominator", flat=True).first()
    if found is None:
        raise CommandError(f"{currency} is no currency of this platform: give --denominator.")
    return found
