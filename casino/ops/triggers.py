"""Rules that the database itself keeps, written for both databases and used by migrations."""

from typing import Any

from django.db.migrations.operations import RunPython


def run_sql(*, postgresql: list[str], sqlite: list[str]) -> RunPython:
    """A migration step with a list of statements per database (dropping the tables drops what they make)."""

    def forwards(apps: Any, schema_editor: Any) -> None:
        for statement in postgresql if schema_editor.connection.vendor == "postgresql" else sqlite:
            schema_editor.execute(statement, params=None)  # as they are: a % in them is theirs

    return RunPython(forwards, RunPython.noop)


def append_only(table: str) -> RunPython:
    """Rows of `table` can be inserted, and then never changed or deleted."""
    message = f"{table} is append-only"
    return run_sql(
        postgresql=[
            (
                f"CREATE FUNCTION {table}_refuse() RETURNS trigger LANGUAGE plpgsql AS "
                f"$$ BEGIN RAISE EXCEPTION '{message}' USING ERRCODE = 'integrity_constraint_violation'; END $$"
            ),
            (
                f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
                f"FOR EACH ROW EXECUTE FUNCTION {table}_refuse()"
            ),
            (
                f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
                f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_refuse()"
            ),
        ],
        sqlite=[
            f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} BEGIN SELECT RAISE(ABORT, '{message}'); END",
            f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} BEGIN SELECT RAISE(ABORT, '{message}'); END",
        ],
    )
