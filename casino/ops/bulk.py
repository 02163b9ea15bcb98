"""
Set-based writes: one statement for a whole batch, on PostgreSQL and on SQLite.

The ORM's bulk helpers build a statement with a parameter per value; these send a column per parameter (PostgreSQL,
`unnest`) or run one prepared statement over the rows (SQLite). Table and column names come from the models' own
metadata, never from input.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import connection, models
from django.db.models import Lookup, Model


class AnyOf(Lookup):
    """
    `AnyOf(F("id"), values)`: one of many values, as one parameter (an `IN` list has one each, which costs more to send
    and to parse than to answer).
    """

    lookup_name = "any_of"
    prepare_rhs = False

    def as_postgresql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        lhs, params = self.process_lhs(compiler, connection)
        return f"{lhs} = ANY(%s)", [*params, list(self.rhs)]

    def as_sqlite(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        lhs, params = self.process_lhs(compiler, connection)
        field = self.lhs.output_field
        values = json.dumps([field.get_db_prep_value(value, connection) for value in self.rhs])
        return f"{lhs} IN (SELECT value FROM json_each(%s))", [*params, values]  # noqa: S608 the left side is a column


def _fields(model: type[Model], names: Sequence[str]) -> list["models.Field[Any, Any]"]:
    return [model._meta.get_field(name) for name in names]  # type: ignore[misc]


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(connection.ops.quote_name(name) for name in names)


def _columns_of(fields: Sequence["models.Field[Any, Any]"], rows: Sequence[Sequence[Any]]) -> list[Any]:
    """The rows as columns: an array literal each (PostgreSQL), or values as the database wants them (SQLite)."""
    columns = [list(column) for column in zip(*rows, strict=True)]
    if connection.vendor == "postgresql":
        return [_array_literal(column) for column in columns]
    return [_prepared(field, column) for field, column in zip(fields, columns, strict=True)]


def _array_literal(column: Sequence[Any]) -> str:
    """
    `{1,2,NULL}` or `{"a","b"}`: a column as one text parameter, which the statement casts to its array type.

    psycopg writes the same, value by value, at several times the cost.
    """
    if all(type(value) is int for value in column):
        return "{" + ",".join(map(str, column)) + "}"
    texts: dict[Any, str] = {None: "NULL"}  # few different values in most columns
    return "{" + ",".join([texts.get(value) or texts.setdefault(value, _element(value)) for value in column]) + "}"


def _element(value: Any) -> str:
    text = str(value)
    if "\\" in text or '"' in text:
        text = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'


def _prepared(field: "models.Field[Any, Any]", column: list[Any]) -> list[Any]:
    """The same for SQLite, which stores texts and integers as they are and wants the rest prepared by its field."""
    target = field.target_field if isinstance(field, models.ForeignKey) else field
    if isinstance(target, models.CharField | models.TextField | models.IntegerField):
        return column
    if isinstance(target, models.DateTimeField):  # few different ones in a batch, each costly to format
        texts = {moment: target.get_db_prep_value(moment, connection) for moment in set(column)}
        return [texts[moment] for moment in column]
    return [target.get_db_prep_value(value, connection) for value in column]


def _array_types(fields: Sequence["models.Field[Any, Any]"]) -> list[str]:
    """`bigint[]` and the like; PostgreSQL's lengths do not matter to an array parameter."""
    return [
        str(field.rel_db_type(connection) if field.is_relation else field.db_type(connection)) + "[]"
        for field in fields
    ]


def insert_rows(model: type[Model], names: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Insert `rows` (values in the order of the field `names`) in one statement."""
    if not rows:
        return
    fields = _fields(model, names)
    table = connection.ops.quote_name(model._meta.db_table)
    columns = _quoted(str(field.column) for field in fields)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            arrays = ", ".join(f"%s::{kind}" for kind in _array_types(fields))
            cursor.execute(
                f"INSERT INTO {table} ({columns}) SELECT * FROM unnest({arrays})",  # noqa: S608 names are our own models'
                _columns_of(fields, rows),
            )
        else:
            marks = ", ".join(["%s"] * len(fields))
            cursor.executemany(
                f"INSERT INTO {table} ({columns}) VALUES ({marks})",  # noqa: S608 names are our own models'
                list(zip(*_columns_of(fields, rows), strict=True)),
            )


def update_rows(
    model: type[Model],
    key: str,
    names: Sequence[str],
    rows: Sequence[Sequence[Any]],
    *,
    same: Mapping[str, Any] | None = None,
    where: str = "",
) -> int:
    """
    Update by key in one statement: each row is `(key, value, …)` in the order of `names`.

    Answers how many rows changed.

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
            assigned += [f"{column} = v.{column}" for column in columns[1:]]
            arrays = ", ".join(f"%s::{kind}" for kind in _array_types(fields))
            cursor.execute(
                f"UPDATE {table} AS t SET {', '.join(assigned)} FROM unnest({arrays}) AS v ({', '.join(columns)}) "  # noqa: S608
                f"WHERE t.{columns[0]} = v.{columns[0]}{guard}",
                [*constants, *_columns_of(fields, rows)],
            )
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
