"""What the database itself keeps: a bet's terms never change, what is settled stays settled, nothing is deleted."""

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
)
# open to anything; lost only to cashed_out (a cash-out received in time and written late); all else is final.
FINAL = "OLD.status <> 'open' AND NOT (OLD.status = 'lost' AND NEW.status = 'cashed_out')"
OLD_TERMS = ", ".join(f"OLD.{name}" for name in TERMS)
NEW_TERMS = ", ".join(f"NEW.{name}" for name in TERMS)
SQLITE_CHANGED = " OR ".join(f"OLD.{name} IS NOT NEW.{name}" for name in TERMS)
REVEALED = "salt result_hundredths hash previous_result sealed chain_id chain_index config_id".split()
SQLITE_ROUND = " OR ".join(f"OLD.{name} IS NOT NEW.{name}" for name in REVEALED)


class Migration(migrations.Migration):
    dependencies = [("crash", "0001_initial")]

    operations = [
        run_sql(
            postgresql=[
                (
                    "CREATE FUNCTION crash_refuse() RETURNS trigger LANGUAGE plpgsql AS "
                    "$$ BEGIN RAISE EXCEPTION '% is final', TG_TABLE_NAME "
                    "USING ERRCODE = 'integrity_constraint_violation'; END $$"
                ),
                (
                    f"CREATE TRIGGER crash_bet_final BEFORE UPDATE ON crash_bet FOR EACH ROW WHEN ({FINAL} "
                    f"OR ({OLD_TERMS}) IS DISTINCT FROM ({NEW_TERMS})) EXECUTE FUNCTION crash_refuse()"
                ),
                (
                    "CREATE TRIGGER crash_bet_kept BEFORE DELETE ON crash_bet "
                    "FOR EACH ROW EXECUTE FUNCTION crash_refuse()"
                ),
                (
                    "CREATE TRIGGER crash_round_final BEFORE UPDATE ON crash_round FOR EACH ROW WHEN "
                    "(OLD.state IN ('crashed', 'settled', 'voided') AND ("
                    + ", ".join(f"OLD.{name}" for name in REVEALED)
                    + ") IS DISTINCT FROM ("
                    + ", ".join(f"NEW.{name}" for name in REVEALED)
                    + ")) EXECUTE FUNCTION crash_refuse()"
                ),
                (
                    "CREATE TRIGGER crash_round_kept BEFORE DELETE ON crash_round "
                    "FOR EACH ROW EXECUTE FUNCTION crash_refuse()"
                ),
            ],
            sqlite=[
                (
                    f"CREATE TRIGGER crash_bet_final BEFORE UPDATE ON crash_bet WHEN {FINAL} OR {SQLITE_CHANGED} "
                    "BEGIN SELECT RAISE(ABORT, 'crash_bet is final'); END"
                ),
                (
                    "CREATE TRIGGER crash_bet_kept BEFORE DELETE ON crash_bet "
                    "BEGIN SELECT RAISE(ABORT, 'crash_bet is final'); END"
                ),
                (
                    "CREATE TRIGGER crash_round_final BEFORE UPDATE ON crash_round "
                    f"WHEN OLD.state IN ('crashed', 'settled', 'voided') AND ({SQLITE_ROUND}) "
                    "BEGIN SELECT RAISE(ABORT, 'crash_round is final'); END"
                ),
                (
                    "CREATE TRIGGER crash_round_kept BEFORE DELETE ON crash_round "
                    "BEGIN SELECT RAISE(ABORT, 'crash_round is final'); END"
                ),
            ],
        ),
    ]
