"""
Set-based writes: one statement for a whole batch, on PostgreSQL and on SQLite.

The ORM's bulk helpers build a statement with a parameter per value; these send a column per parameter (PostgreSQL,
`unnest`) or run one prepared statement over the rows (SQLite). Table and column names come from the models' own
metadata, never from input.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import Any

from django.db import connection, models
from django.db.models import Lookup, Model

from casino.ops.composed import Given, Slot

COPIED_FROM = 5_000  # rows; from here on COPY is cheaper than a statement with arrays, below it is dearer


def any_of(kind: str) -> str:
    """What follows a column in SQL of our own: it is one of the texts of the parameter `texts` makes."""
    return f"= ANY(%s::{kind}[])" if connection.vendor == "postgresql" else "IN (SELECT value FROM json_each(%s))"


def texts(values: Iterable[str]) -> str:
    """Many texts as one parameter."""
    return _array_literal(list(values)) if connection.vendor == "postgresql" else json.dumps(list(values))


class AnyOf(Lookup):
    """
    `AnyOf(F("id"), values)`: one of many values, as one parameter (an `IN` list has one each, which costs more to send
    and to parse than to answer).
    """

    lookup_name = "any_of"
    prepare_rhs = False

    def as_postgresql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        lhs, params = self.process_lhs(compiler, connection)
        kind = _types((self.lhs.output_field,))[0]
        return f"{lhs} = ANY(%s::{kind}[])", [*params, self._parameter(lambda values: _array_literal(list(values)))]

    def as_sqlite(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        lhs, params = self.process_lhs(compiler, connection)
        field = self.lhs.output_field
        values = self._parameter(lambda values: _json_array(field, values))
        return f"{lhs} IN (SELECT value FROM json_each(%s))", [*params, values]  # noqa: S608 the left side is a column

    def _parameter(self, prepare: Callable[[Iterable[Any]], str]) -> str | Slot:
        return Slot(self.rhs.name, prepare) if isinstance(self.rhs, Given) else prepare(self.rhs)


_pending: ContextVar[list[tuple[str, list[Any]]] | None] = ContextVar("pending", default=None)


@contextmanager
def written_together(*, ends: bool = False) -> Iterator[None]:
    """
    The inserts of this block go to PostgreSQL as one message: at its end, or before the next thing that is asked.

    Each message is a trip there and back, and under load most of what a small transaction takes. What the database
    refuses is raised when they are sent, within the block. (SQLite is in this process: there is nothing to save.)

    `ends`: the transaction is over with this block, so it is committed by the same message (unless it is part of a
    larger one). Django, whose commit comes right after, finds nothing left to do.
    """
    if connection.vendor != "postgresql" or _pending.get() is not None:
        yield
        return
    token = _pending.set([])

    def first(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
        _send(context["cursor"])
        return execute(sql, params, many, context)

    try:
        with connection.execute_wrapper(first):
            yield
            commits = ends and not connection.savepoint_ids and not connection.needs_rollback
            with connection.cursor() as cursor:
                _send(cursor, "; COMMIT" if commits else "")
    finally:
        _pending.reset(token)


def _send(cursor: Any, then: str = "") -> None:
    pending = _pending.get()
    if pending:
        taken = pending[:]
        pending.clear()
        cursor.execute("; ".join(sql for sql, _ in taken) + then, [param for _, params in taken for param in params])


def _fields(model: type[Model], names: Sequence[str]) -> list["models.Field[Any, Any]"]:
    return [model._meta.get_field(name) for name in names]  # type: ignore[misc]


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(connection.ops.quote_name(name) for name in names)


def _columns_of(fields: Sequence["models.Field[Any, Any]"], rows: Sequence[Sequence[Any]]) -> list[list[Any]]:
    """The rows as columns, with values as SQLite wants them."""
    return [_prepared(field, list(column)) for field, column in zip(fields, zip(*rows, strict=True), strict=True)]


class _Arrays:
    """
    The rows for PostgreSQL: `unnest` of an array per column. A column of one value throughout (a batch has many: its
    time, its currency) is sent once, as that value.

    `select` are the columns in the order of the fields, `source` is what they are read from, `params` what both need.
    """

    def __init__(self, fields: Sequence["models.Field[Any, Any]"], rows: Sequence[Sequence[Any]]) -> None:
        self.select: list[str] = []
        arrays: dict[str, str] = {}  # name → what is unnested under it
        texts: list[str] = []
        constants: list[Any] = []
        for i, (field, kind, column) in enumerate(
            zip(fields, _types(tuple(fields)), zip(*rows, strict=True), strict=True)
        ):
            if i and column.count(column[0]) == len(column):
                self.select.append(f"%s::{kind}")
                constants.append(
                    column[0] if _plain(field) else _target(field).get_db_prep_value(column[0], connection)
                )
            else:
                self.select.append(f"a.c{i}")
                arrays[f"c{i}"] = f"%s::{kind}[]"
                texts.append(_array_literal(column))
        self.source = f"unnest({', '.join(arrays.values())}) AS a ({', '.join(arrays)})"
        self.params = [*constants, *texts]


def _array_literal(column: Sequence[Any]) -> str:
    """
    `{1,2,NULL}` or `{"a","b"}`: a column as one text parameter, which the statement casts to its array type.

    psycopg writes the same, value by value, at several times the cost.
    """
    if all(type(value) is int for value in column):
        return "{" + ",".join(map(str, column)) + "}"
    texts: dict[Any, str] = {None: "NULL"}  # few different values in most columns
    return "{" + ",".join([texts.get(value) or texts.setdefault(value, _element(value)) for value in column]) + "}"


def _json_array(field: "models.Field[Any, Any]", values: Iterable[Any]) -> str:
    return json.dumps([field.get_db_prep_value(value, connection) for value in values])


def _copy_text(rows: Sequence[Sequence[Any]]) -> str:
    """Rows in the text format of COPY."""
    texts: dict[Any, str] = {None: "\\N"}
    columns = [
        map(str, column)
        if all(type(value) is int for value in column)
        else [texts.get(value) or texts.setdefault(value, _copied(value)) for value in column]
        for column in zip(*rows, strict=True)
    ]
    return "\n".join(map("\t".join, zip(*columns, strict=True))) + "\n"


def _copied(value: Any) -> str:
    text = str(value)
    if any(special in text for special in "\\\t\n\r"):
        text = text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
    return text


def _element(value: Any) -> str:
    text = str(value)
    if "\\" in text or '"' in text:
        text = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'


def _prepared(field: "models.Field[Any, Any]", column: list[Any]) -> list[Any]:
    """The same for SQLite, which stores texts and integers as they are and wants the rest prepared by its field."""
    target = _target(field)
    if isinstance(target, models.CharField | models.TextField | models.IntegerField):
        return column
    if isinstance(target, models.DateTimeField):  # few different ones in a batch, each costly to format
        texts = {moment: target.get_db_prep_value(moment, connection) for moment in set(column)}
        return [texts[moment] for moment in column]
    return [target.get_db_prep_value(value, connection) for value in column]


def _target(field: "models.Field[Any, Any]") -> "models.Field[Any, Any]":
    """The field whose values these are: of a foreign key, the one it points to."""
    return field.target_field if isinstance(field, models.ForeignKey) else field


@lru_cache(maxsize=1024)
def _plain(field: "models.Field[Any, Any]") -> bool:
    """PostgreSQL's driver takes the value as it is."""
    plain = models.CharField | models.TextField | models.IntegerField | models.DateTimeField | models.UUIDField
    return isinstance(_target(field), plain)


@lru_cache(maxsize=256)
def _types(fields: tuple["models.Field[Any, Any]", ...]) -> list[str]:
    """`bigint`, `varchar` and the like. No lengths: a cast cuts a text to one silently, where the column refuses it."""
    types = [field.rel_db_type(connection) if field.is_relation else field.db_type(connection) for field in fields]
    return [str(kind).partition("(")[0] for kind in types]


def add_rows(model: type[Model], keys: Sequence[str], column: str, rows: Sequence[Sequence[Any]]) -> None:
    """
    Counters: each row is `(key, …, amount)`; the amount is added to the row with that key, which is made where there is
    none. A key is in `rows` once. Whoever takes several does so in the order of the keys, so nobody deadlocks.
    """
    conflict = ", ".join(_quoted([str(field.column)]) for field in _fields(model, keys))
    total, table = _quoted([column]), connection.ops.quote_name(model._meta.db_table)
    added = f" ON CONFLICT ({conflict}) DO UPDATE SET {total} = {table}.{total} + EXCLUDED.{total}"
    _insert(model, [*keys, column], sorted(rows, key=lambda row: tuple(map(str, row[:-1]))), added)


def insert_rows(model: type[Model], names: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Insert `rows` (values in the order of the field `names`) in one statement."""
    _insert(model, names, rows)


def _insert(model: type[Model], names: Sequence[str], rows: Sequence[Sequence[Any]], conflict: str = "") -> None:
    """`conflict` is a clause of our own, with no input in it."""
    if not rows:
        return
    fields, table, columns = _target_of(model, tuple(names))
    if connection.vendor != "postgresql":
        marks = ", ".join(["%s"] * len(fields))
        with connection.cursor() as cursor:
            cursor.executemany(
                f"INSERT INTO {table} ({columns}) VALUES ({marks}){conflict}",  # noqa: S608 names are our own models'
                list(zip(*_columns_of(fields, rows), strict=True)),
            )
        return
    if len(rows) >= COPIED_FROM and not conflict:
        with connection.cursor() as cursor:
            _send(cursor)
            with connection.wrap_database_errors, cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
                for start in range(0, len(rows), COPIED_FROM):
                    copy.write(_copy_text(rows[start : start + COPIED_FROM]))
        return
    arrays = _Arrays(fields, rows)
    sql = f"INSERT INTO {table} ({columns}) SELECT {', '.join(arrays.select)} FROM {arrays.source}{conflict}"  # noqa: S608 names are our own models'
    if (pending := _pending.get()) is not None:
        pending.append((sql, arrays.params))
        return
    with connection.cursor() as cursor:
        cursor.execute(sql, arrays.params)


@lru_cache(maxsize=256)
def _target_of(model: type[Model], names: tuple[str, ...]) -> tuple[list["models.Field[Any, Any]"], str, str]:
    """The fields, and the table and their columns as they are written in a statement."""
    fields = _fields(model, names)
    return fields, connection.ops.quote_name(model._meta.db_table), _quoted(str(field.column) for field in fields)


def update_rows(
    model: type[Model],
    key: str,
    names: Sequence[str],
    rows: Sequence[Sequence[Any]],
    *,
    same: Mapping[str, Any] | None = None,
    where: str = "",
    counted: bool = True,
) -> int:
    """
    Update by key in one statement: each row is `(key, value, …)` in the order of `names`.

    Answers how many rows changed; without `counted` 0, and it may be sent later (`written_together`).

    `same` are fields that get one value in all rows. `where` is a literal SQL guard on the table `t` (no input in it),
    such as `t.status = 'open'`.
    """
    if not rows:
        return 0
    fields = _fields(model, [key, *names])
    columns = [connection.ops.quote_name(str(field.column)) for field in fields]
    table = connection.ops.quote_name(model._meta.db_table)
    guard = f" AND {where}" if where else ""
    shared = _fields(model, list(same or ()))
    assigned = [f"{connection.ops.quote_name(str(field.column))} = %s" for field in shared]
    constants = [
        field.get_db_prep_value(value, connection) for field, value in zip(shared, (same or {}).values(), strict=True)
    ]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            arrays = _Arrays(fields, rows)
            assigned += [f"{column} = {value}" for column, value in zip(columns[1:], arrays.select[1:], strict=True)]
            sql = (
                f"UPDATE {table} AS t SET {', '.join(assigned)} FROM {arrays.source} "  # noqa: S608 our own names
                f"WHERE t.{columns[0]} = {arrays.select[0]}{guard}"
            )
            if not counted and (pending := _pending.get()) is not None:
                pending.append((sql, [*constants, *arrays.params]))
                return 0
            cursor.execute(sql, [*constants, *arrays.params])
            return int(cursor.rowcount)
        assigned += [f"{column} = %s" for column in columns[1:]]
        cursor.executemany(
            f"UPDATE {table} AS t SET {', '.join(assigned)} WHERE t.{columns[0]} = %s{guard}",  # noqa: S608 our own names
            [(*constants, *row[1:], row[0]) for row in zip(*_columns_of(fields, rows), strict=True)],
        )
        return int(cursor.rowcount)


def lock_clause(strength: str) -> str:
    """` FOR SHARE` and the like on PostgreSQL; nothing on SQLite, where a write transaction is alone already."""
    return f" {strength}" if connection.vendor == "postgresql" else ""
