"""`reconcile` compares a day with everybody; what is open is a finding of `check_ledger`."""

from datetime import date, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from casino.lib.clock import system_clock
from tests.reconciliation.conftest import NOON, Provider
from tests.reconciliation.lists import DAY
from tests.reconciliation.test_runs import Silent
from wallet.models import Account
from wallet.reconciliation import registry

pytestmark = pytest.mark.django_db


def reconcile(*args: str) -> tuple[str, str]:
    """What it prints, and why it failed."""
    out = StringIO()
    try:
        call_command("reconcile", *args, stdout=out)
    except CommandError as error:
        return out.getvalue(), str(error)
    return out.getvalue(), ""


@pytest.fixture
def registered(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> Provider:
    monkeypatch.setattr(registry, "REGISTRY", [lambda: [provider]])
    return provider


def test_a_day_that_agrees_ends_well(registered: Provider) -> None:
    told, failed = reconcile("--day", "2026-03-01")
    assert told == "psp sandbox 2026-03-01: 3 agree, 0 pending, 0 differ (0 new, 0 of before are gone)\n"
    assert failed == ""


def test_a_day_that_does_not_agree_fails_and_so_do_the_books(registered: Provider) -> None:
    registered.hears("1")
    told, failed = reconcile("--day", "2026-03-01")
    assert "2 agree, 0 pending, 1 differ (1 new, 0 of before are gone)" in told
    assert failed == "1 open differences of 2026-03-01, 0 sources not compared."
    out = StringIO()
    with pytest.raises(CommandError, match="findings"):  # this provider's deposits have no payments: that is said too
        call_command("check_ledger", stdout=out)
    assert "psp sandbox on 2026-03-01, sandbox:1 missing there: ours 10000 BRL (deposit, done)" in out.getvalue()


def test_one_that_does_not_answer_does_not_keep_the_others_from_being_compared(
    registered: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "REGISTRY", [lambda: [registered], lambda: [Silent("asleep")]])
    told, failed = reconcile("--day", "2026-03-01")
    assert "psp asleep 2026-03-01: not compared. They do not answer." in told
    assert "psp sandbox 2026-03-01: 3 agree" in told
    assert failed == "0 open differences of 2026-03-01, 1 sources not compared."


def test_yesterday_is_compared_unless_told_otherwise(registered: Provider) -> None:
    told, _ = reconcile()
    assert f"psp sandbox {system_clock.now().date() - timedelta(days=1)}: 0 agree" in told


def test_a_list_may_come_as_a_file(registered: Provider, account: Account, tmp_path: Path) -> None:
    file = tmp_path / "march.csv"
    file.write_text(
        "id,kind,user,amount_minor,currency,at\n"
        "sandbox:1,deposit,,10000,BRL,2026-03-01T12:01:00Z\n"
        "sandbox:2,deposit,,5000,BRL,2026-03-01T09:02:00-03:00\n"
        "sandbox:3,withdrawal,,3001,BRL,2026-03-01T12:03:00\n"
        "sandbox:4,deposit,,100,BRL,2026-03-02T12:03:00Z\n"
    )
    told, failed = reconcile("--day", "2026-03-01", "--source", "psp:sandbox", "--statement", str(file))
    assert "2 agree, 0 pending, 1 differ (1 new" in told
    assert failed


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("sandbox:1,deposit,,1.5,BRL,2026-03-01T12:00:00Z", "march.csv, line 2: amount_minor is an integer"),
        ("sandbox:1,deposit,,x,BRL,2026-03-01T12:00:00Z", "march.csv, line 2: amount_minor is an integer"),
        ("sandbox:1,deposit,,100,BRL,yesterday", "march.csv, line 2: Invalid isoformat"),
        ("sandbox:1,deposit,,100", "march.csv, line 2: no currency, at"),
        ("\udcff,deposit,,100,BRL,2026-03-01T12:00:00Z", "march.csv: 'utf-8' codec"),
    ],
)
def test_a_file_that_cannot_be_read_is_said_to_be(registered: Provider, tmp_path: Path, line: str, why: str) -> None:
    file = tmp_path / "march.csv"
    text = f"id,kind,user,amount_minor,currency,at\n{line}\n"
    file.write_bytes(text.encode(errors="surrogateescape"))
    told, failed = reconcile("--day", "2026-03-01", "--source", "psp:sandbox", "--statement", str(file))
    assert why in told
    assert "1 sources not compared" in failed


@pytest.mark.parametrize(
    ("args", "why"),
    [
        (["--day", "soon"], "--day is a date such as"),
        (["--day", "9999-01-01"], "has not begun"),
        (["--day", "2026-03-01", "--source", "psp:nobody"], "There are: psp:sandbox"),
        (["--day", "2026-03-01", "--statement", "x.csv"], "of one --source"),
        (["--day", "2026-03-01", "--source", "psp:sandbox", "--statement", "/nowhere.csv"], "There is no file"),
    ],
)
def test_what_makes_no_sense_is_refused(registered: Provider, args: list[str], why: str) -> None:
    told, failed = reconcile(*args)
    assert why in failed
    assert told == ""


def test_with_nobody_to_compare_with_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "REGISTRY", [])
    assert reconcile("--day", "2026-03-01") == ("There is nobody to compare with.\n", "")


def test_what_is_compared_is_the_utc_day(registered: Provider) -> None:
    used: list[date] = []
    ours: Any = registered.ours
    registered.ours = lambda day: used.append(day) or ours(day)  # type: ignore[method-assign, func-returns-value]
    reconcile("--day", NOON.date().isoformat())
    assert used == [DAY]
