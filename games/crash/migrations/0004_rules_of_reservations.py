"""
What is final, once more: a reservation may be confirmed or given back, and nothing becomes a reservation later.

On SQLite the table was rebuilt by the migration before this one, without its triggers.
"""

from django.db import migrations

from casino.ops.triggers import run_sql

TERMS = (
    "round_id",
    "player_id",
    "account_id",
    "config_id",
    "currency_id",
    "is_demo",
    "identifier",
    "stake_minor",
    "auto_cashout_hundredths",
    "placed_at",
    "was_reserved",
)
FINAL = (
    "(OLD.status NOT IN ('open', 'reserved') AND NOT (OLD.status = 'lost' AND NEW.status = 'cashed_out')) "
    "OR (NEW.status = 'reserved' AND OLD.status <> 'reserved') "
    "OR (OLD.status = 'reserved' AND NEW.status NOT IN ('reserved', 'open', 'cancelled')) "
    "OR (OLD.confirmed_at IS NOT NULL AND (NEW.confirmed_at IS NULL OR NEW.confirmed_at <> OLD.confirmed_at))"
)
OLD_TERMS = ", ".join(f"OLD.{name}" for name in TERMS)
NEW_TERMS = ", ".join(f"NEW.{name}" for name in TERMS)
SQLITE_CHANGED = " OR ".join(f"OLD.{name} IS NOT NEW.{name}" for name in TERMS)


class Migration(migrations.Migration):
    dependencies = [("crash", "0003_reservations")]

    operations = [
        run_sql(
            postgresql=[
                "DROP TRIGGER crash_bet_final ON crash_bet",
                f"CREATE TRIGGER crash_bet_final BEFORE UPDATE ON crash_bet FOR EACH ROW WHEN ({FINAL} "
                f"OR ({OLD_TERMS}) IS DISTINCT FROM ({NEW_TERMS})) EXECUTE FUNCTION crash_refuse()",
            ],
            sqlite=[
                "DROP TRIGGER IF EXISTS crash_bet_final",
                "DROP TRIGGER IF EXISTS crash_bet_kept",
                f"CREATE TRIGGER crash_bet_final BEFORE UPDATE ON crash_bet WHEN {FINAL} OR {SQLITE_CHANGED} "
                "BEGIN SELECT RAISE(ABORT, 'crash_bet is final'); END",
                "CREATE TRIGGER crash_bet_kept BEFORE DELETE ON crash_bet "
                "BEGIN SELECT RAISE(ABORT, 'crash_bet is final'); END",
            ],
        ),
    ]
