"""
What is final, once more, with the time of a cancellation; the wins so far, for the leaderboards.

Every bet's row changes once or twice in its life: with room for that in its page, no index has to know of it.
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

WINS = (
    "INSERT INTO crash_topwin (bet_id, game_id, payout_reference_micros, won_at) "
    "SELECT b.id, r.game_id, b.payout_reference_micros, b.settled_at FROM crash_bet b "
    "JOIN crash_round r ON r.id = b.round_id WHERE b.status = 'cashed_out' AND NOT b.is_demo"
)


class Migration(migrations.Migration):
    dependencies = [("crash", "0005_settle_in_place")]

    operations = [
        run_sql(
            postgresql=[
                "ALTER TABLE crash_bet SET (fillfactor = 45)",
                WINS,
                f"CREATE TRIGGER crash_bet_final BEFORE UPDATE ON crash_bet FOR EACH ROW WHEN ({FINAL} "
                f"OR ({OLD_TERMS}) IS DISTINCT FROM ({NEW_TERMS})) EXECUTE FUNCTION crash_refuse()",
            ],
            sqlite=[
                WINS,
                f"CREATE TRIGGER crash_bet_final BEFORE UPDATE ON crash_bet WHEN {FINAL} OR {SQLITE_CHANGED} "
                "BEGIN SELECT RAISE(ABORT, 'crash_bet is final'); END",
                "CREATE TRIGGER crash_bet_kept BEFORE DELETE ON crash_bet "
                "BEGIN SELECT RAISE(ABORT, 'crash_bet is final'); END",
            ],
        ),
    ]
