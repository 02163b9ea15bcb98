"""
What the database itself keeps: a commitment never changes, nor a bet's terms; what is settled stays so, nothing is
deleted.
"""

from django.db import migrations

from casino.ops.triggers import run_sql

# open to anything; lost only to cashed_out (a cash-out received in time and written late); all else is final.
BET_FINAL = "OLD.status <> 'open' AND NOT (OLD.status = 'lost' AND NEW.status = 'cashed_out')"
BET_TERMS = (
    "id round_id player_id account_id config_id currency_id is_demo identifier stake_minor auto_cashout_hundredths "
    "balance_before_minor placed_at"
).split()
# waiting to running or voided, running to settled.
ROUND_FINAL = (
    "OLD.state IN ('settled', 'voided') "
    "OR (OLD.state = 'waiting' AND NEW.state NOT IN ('waiting', 'running', 'voided')) "
    "OR (OLD.state = 'running' AND NEW.state NOT IN ('running', 'settled')) "
    "OR (OLD.started_at IS NOT NULL AND NEW.started_at <> OLD.started_at)"
)
ROUND_TERMS = (
    "id game_id account_id number config_id chain_id chain_index tick_ms previous_result hash sealed opened_at"
).split()
# A client seed is set once.
CHAIN_FINAL = "OLD.client_seed IS NOT NULL AND NEW.client_seed <> OLD.client_seed"
CHAIN_TERMS = "id game_id account_id number length terminal_hash root_sealed announced_at".split()


def kept(table: str, final: str, terms: list[str]) -> tuple[list[str], list[str]]:
    """For PostgreSQL and SQLite: updates that `final` forbids or that change `terms`, and all deletions, are refused."""
    old, new = (", ".join(f"{row}.{name}" for name in terms) for row in ("OLD", "NEW"))
    changed = " OR ".join(f"OLD.{name} IS NOT NEW.{name}" for name in terms)
    return (
        [
            f"CREATE TRIGGER {table}_final BEFORE UPDATE ON {table} FOR EACH ROW WHEN (({final}) "
            f"OR ({old}) IS DISTINCT FROM ({new})) EXECUTE FUNCTION solo_refuse()",
            f"CREATE TRIGGER {table}_kept BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION solo_refuse()",
        ],
        [
            f"CREATE TRIGGER {table}_final BEFORE UPDATE ON {table} WHEN ({final}) OR {changed} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is final'); END",
            f"CREATE TRIGGER {table}_kept BEFORE DELETE ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is final'); END",
        ],
    )


TABLES = [
    kept("solo_bet", BET_FINAL, BET_TERMS),
    kept("solo_round", ROUND_FINAL, ROUND_TERMS),
    kept("solo_chain", CHAIN_FINAL, CHAIN_TERMS),
]


class Migration(migrations.Migration):
    dependencies = [("solo", "0001_initial")]

    operations = [
        run_sql(
            postgresql=[
                "CREATE FUNCTION solo_refuse() RETURNS trigger LANGUAGE plpgsql AS "
                "$$ BEGIN RAISE EXCEPTION '% is final', TG_TABLE_NAME "
                "USING ERRCODE = 'integrity_constraint_violation'; END $$",
                *(statement for postgresql, _ in TABLES for statement in postgresql),
            ],
            sqlite=[statement for _, sqlite in TABLES for statement in sqlite],
        ),
    ]
