"""
Questions that are asked with every bet: composed once, and several of them sent together.

Composing a query costs the ORM more than PostgreSQL needs to answer it, and a bet asks several. The query is written as
ever, with the models' own names; what differs each time is a `Given`:

    @composed
    def _balances() -> QuerySet[Account, tuple[int, int]]:
        wanted = Account.objects.filter(AnyOf(F("id"), Given("ids")), closed_at__gt=Given("now", DateTimeField()))
        return wanted.values_list("id", "posted_minor")

    rows = _balances(ids=[1, 2], now=now)

The answer is a list: of tuples for a `values_list`, of instances for a plain query of one model. What the ORM has no
words for is a `written` question.

Each question is a trip to the database and back, and under load most of what a small transaction takes. Whoever knows
what will be asked next sends it as one message:

    with asked_together(_balances.about(ids=ids, now=now), _limits.about(ids=ids)):
        ...  # the first time that one of these is asked, the answer is here already
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cached_property
from typing import Any, Generic, NamedTuple, TypeVar

from django.db import connection
from django.db.models import Expression, Field, Model, QuerySet

Row = TypeVar("Row")
AnyModel = TypeVar("AnyModel", bound=Model)


class Slot(NamedTuple):
    """The place of a given value among the parameters, and how it is made ready for the database."""

    name: str
    prepare: Callable[[Any], Any]


class Given(Expression):
    """
    A value that is given each time the question is asked, as `name`. Within `AnyOf` it is the values, and needs no
    field: they are of the field that they are compared with.
    """

    def __init__(self, name: str, output_field: "Field[Any, Any] | None" = None) -> None:
        super().__init__(output_field=output_field)
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, list[Slot]]:  # type: ignore[override]
        return "%s", [Slot(self.name, self._prepared)]

    def _prepared(self, value: Any) -> Any:
        return self.output_field.get_db_prep_value(value, connection)


class _Text(NamedTuple):
    """A question as the database gets it, and what is made of the rows that it answers."""

    sql: str
    params: list[Any]
    read: Callable[[list[Any]], list[Any]]


class Asked(NamedTuple):
    """A question about something."""

    question: "Question[Any]"
    given: dict[str, Any]

    def answer(self) -> list[Any]:
        return self.question(**self.given)

    def params(self) -> list[Any]:
        found = self.question.text.params
        return [param.prepare(self.given[param.name]) if isinstance(param, Slot) else param for param in found]


class Question(Generic[Row]):
    """Ask it by calling it. Its text is made on first use."""

    def __init__(self, make: Callable[[], _Text]) -> None:
        self._make = make

    @cached_property
    def text(self) -> _Text:
        return self._make()

    def about(self, **given: Any) -> Asked:
        return Asked(self, given)

    def __call__(self, **given: Any) -> list[Row]:
        asked = Asked(self, given)
        answers = _answers.get() or []
        for i, (known, rows) in enumerate(answers):
            if known == asked:
                del answers[i]  # what is asked again has perhaps another answer by now
                return rows
        with connection.cursor() as cursor:
            cursor.execute(self.text.sql, asked.params())
            return self.text.read(cursor.fetchall())


_answers: ContextVar[list[tuple[Asked, list[Any]]] | None] = ContextVar("answers", default=None)


@contextmanager
def asked_together(*questions: Asked) -> Iterator[None]:
    """
    On PostgreSQL these are asked now, in this order, by one message; each sees what was committed when its turn came,
    as if it had been sent alone. Within the block each is answered from that, once, when it is asked with the same
    values; whatever else is asked goes to the database as ever. (SQLite is in this process: there is nothing to save.)

    Within another block that has all the answers still, nothing is sent.
    """
    if connection.vendor != "postgresql" or not questions:
        yield
        return
    known = _answers.get() or []
    if all(any(asked == given for given, _ in known) for asked in questions):
        yield
        return
    token = _answers.set(_asked(questions))
    try:
        yield
    finally:
        _answers.reset(token)


def _asked(questions: Sequence[Asked]) -> list[tuple[Asked, list[Any]]]:
    texts = [asked.question.text for asked in questions]
    params = [param for asked in questions for param in asked.params()]
    begun = ["BEGIN"] if _begins() else []
    found = []
    with connection.cursor() as cursor:
        cursor.execute("; ".join([*begun, *(text.sql for text in texts)]), params)
        for i, (asked, text) in enumerate(zip(questions, texts, strict=True)):
            if i or begun:
                cursor.nextset()
            found.append((asked, text.read(cursor.fetchall())))
    return found


def _begins() -> bool:
    """
    A transaction of which nothing was sent yet may begin by the same message. The driver, which would send its own, is
    told that it has none to begin; for everybody else nothing is different.
    """
    driver = connection.connection
    if not connection.in_atomic_block or driver.autocommit or driver.info.transaction_status.name != "IDLE":
        return False
    driver.autocommit = True
    return True


def composed(compose: "Callable[[], QuerySet[Any, Row]]") -> Question[Row]:
    return Question(lambda: _composed(compose()))


def sharing(compose: "Callable[[], QuerySet[Any, Row]]") -> Question[Row]:
    """The same, and on PostgreSQL the rows cannot be changed before the transaction ends. (The ORM knows no SHARE.)"""

    def shared() -> _Text:
        text = _composed(compose())
        return text._replace(sql=f"{text.sql} FOR SHARE") if connection.vendor == "postgresql" else text

    return Question(shared)


def _composed(query: "QuerySet[Any, Any]") -> _Text:
    assert not query.query.select_related, "an answer is of one model; ask for other models' fields by values_list"
    compiler = query.query.get_compiler(using=query.db)
    sql, params = compiler.as_sql()
    columns = [column for column, _, _ in compiler.select]
    converters = compiler.get_converters(columns)
    build = None
    if query._fields is None:  # type: ignore[attr-defined]
        assert not query.query.annotation_select, "an annotation is asked for by values_list"
        build = builder(query.model, (column.target.attname for column in columns))

    def read(rows: list[Any]) -> list[Any]:
        if converters:
            rows = [_converted(row, converters) for row in rows]
        return rows if build is None else [build(row) for row in rows]

    return _Text(sql, list(params), read)


def builder(model: type[AnyModel], names: Iterable[str]) -> Callable[[Any], AnyModel]:
    """Makes instances of rows with these attributes."""
    attributes = list(names)
    return lambda row: model.from_db(connection.alias, attributes, row)


def _converted(row: Any, converters: dict[int, tuple[list[Callable[..., Any]], Any]]) -> tuple[Any, ...]:
    values = list(row)
    for column, (functions, expression) in converters.items():
        for function in functions:
            values[column] = function(values[column], expression, connection)
    return tuple(values)


def written(sql: Callable[[], str], *slots: Slot) -> "Question[tuple[Any, ...]]":
    """In SQL of our own, with no input in it and a place (`%s`) for each slot, in their order."""
    return Question(lambda: _Text(sql(), list(slots), list))
