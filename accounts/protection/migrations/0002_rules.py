"""
What the database itself keeps: a limit grows looser only by a change that has waited a day (by the times that are
written, so without a clock of its own), no limit is deleted, and exclusions are written once.
"""

from django.db import migrations

from casino.ops.triggers import append_only, run_sql

MESSAGE = "protection_limit grows looser only by a change that has waited"
# `reality_check` is a reminder and no limit of play.
WAITS = "NEW.kind <> 'reality_check'"
LOOSER = "OLD.value IS NOT NULL AND (NEW.value IS NULL OR NEW.value > OLD.value)"
RIPE = (
    "OLD.next_at IS NOT NULL AND OLD.next_at <= NEW.changed_at "
    "AND (OLD.next_value IS NULL OR NEW.value <= OLD.next_value)"
)
OTHER_ROW = (
    "NEW.player_id <> OLD.player_id OR NEW.kind <> OLD.kind OR NEW.period <> OLD.period OR NEW.source <> OLD.source"
)


class Migration(migrations.Migration):
    dependencies = [("protection", "0001_initial")]

    operations = [
        append_only("protection_exclusion"),
        run_sql(
            postgresql=[
                f"""
                CREATE FUNCTION protection_limit_guard() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN
                    IF TG_OP = 'DELETE' THEN
                        RAISE EXCEPTION 'protection_limit is never deleted'
                            USING ERRCODE = 'integrity_constraint_violation';
                    END IF;
                    IF TG_OP = 'UPDATE' THEN
                        IF {OTHER_ROW} OR ({WAITS} AND {LOOSER} AND NOT COALESCE({RIPE}, FALSE)) THEN
                            RAISE EXCEPTION '{MESSAGE}' USING ERRCODE = 'integrity_constraint_violation';
                        END IF;
                        IF NEW.next_at IS NOT DISTINCT FROM OLD.next_at
                            AND (NEW.next_at IS NULL OR NEW.next_value IS NOT DISTINCT FROM OLD.next_value)
                        THEN RETURN NEW; END IF;
                    END IF;
                    IF NEW.next_at < NEW.changed_at + interval '24 hours' THEN
                        RAISE EXCEPTION '{MESSAGE}' USING ERRCODE = 'integrity_constraint_violation';
                    END IF;
                    RETURN NEW;
                END $$
                """,
                "CREATE TRIGGER protection_limit_guard BEFORE INSERT OR UPDATE OR DELETE ON protection_limit "
                "FOR EACH ROW EXECUTE FUNCTION protection_limit_guard()",
            ],
            sqlite=[
                f"""
                CREATE TRIGGER protection_limit_looser BEFORE UPDATE ON protection_limit
                WHEN {OTHER_ROW} OR ({WAITS} AND {LOOSER} AND NOT COALESCE({RIPE}, 0))
                BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END
                """,
                f"""
                CREATE TRIGGER protection_limit_waits BEFORE UPDATE ON protection_limit
                WHEN (NEW.next_at IS NOT OLD.next_at OR NEW.next_value IS NOT OLD.next_value)
                    AND datetime(NEW.next_at) < datetime(NEW.changed_at, '+24 hours')
                BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END
                """,
                f"""
                CREATE TRIGGER protection_limit_begins BEFORE INSERT ON protection_limit
                WHEN datetime(NEW.next_at) < datetime(NEW.changed_at, '+24 hours')
                BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END
                """,
                "CREATE TRIGGER protection_limit_no_delete BEFORE DELETE ON protection_limit "
                "BEGIN SELECT RAISE(ABORT, 'protection_limit is never deleted'); END",
            ],
        ),
    ]
