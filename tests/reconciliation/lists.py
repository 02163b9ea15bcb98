"""
Two lists as a table, for tests: `id | ours | theirs`, `-` where one side has none, `;` between two lines of one side.

    b1 | bet alice 5.00 BRL 12:00 | bet alice 5.00 BRL 12:00
    b2 | bet alice 5.00 BRL 12:01 | -

Options before a line's kind: `d-1` and `d+1` for the day before and after, `?` optional, `?b1` optional and undoing b1,
`until+3` for a line that we know they have since three days later; after its time what became of it, if not `done`.
"""

from datetime import UTC, date, datetime, time, timedelta

from tests.wallet.ledger_table import minor
from wallet.reconciliation.rules import Days, StatementLine

DAY = date(2026, 3, 1)


def parse(table: str) -> tuple[Days, Days]:
    """Ours and theirs, by the day that each line stands under."""
    sides: tuple[dict[date, list[StatementLine]], ...] = ({}, {})
    for raw in filter(None, (line.strip() for line in table.splitlines())):
        id_, *told = (part.strip() for part in raw.split("|"))
        for side, lists in zip(told, sides, strict=True):
            for text in side.split(";"):
                if text.strip() != "-":
                    line = one(id_, text)
                    lists.setdefault(line.at.date(), []).append(line)
    ours, theirs = sides
    return lambda day: ours.get(day, []), lambda day: theirs.get(day, [])


def one(id_: str, text: str) -> StatementLine:
    words = text.split()
    day, days, optional, undoes = DAY, 0, False, ""
    while words[0].startswith(("d-", "d+", "?", "until")):
        option = words.pop(0)
        if option[0] == "?":
            optional, undoes = True, option[1:]
        elif option[0] == "u":
            days = int(option.removeprefix("until"))
        else:
            day += timedelta(days=int(option[1:]))
    kind, user, amount, currency, at, *status = words
    moment = datetime.combine(day, time.fromisoformat(at), tzinfo=UTC)
    return StatementLine(
        id=id_,
        kind=kind,
        user="" if user == "-" else user,
        amount_minor=minor(amount),
        currency=currency,
        at=moment,
        status=status[0] if status else "done",
        until=moment + timedelta(days=days) if days else None,
        optional=optional,
        undoes=undoes,
    )
