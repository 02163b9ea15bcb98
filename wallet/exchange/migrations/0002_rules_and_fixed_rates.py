"""What the database itself refuses, the rate that is true by definition, and what staff may do."""

from django.db import migrations
from django.utils import timezone

from accounts import groups
from casino.ops.triggers import append_only, run_sql

VIEW = ["exchange.view_exchangerate", "exchange.view_conversion"]
GROUPS = {
    "support": VIEW,
    "risk": VIEW,
    "finance": [*VIEW, "exchange.add_exchangerate"],
    "admin": VIEW,
}

# A second way between two currencies: another quote, the same pair turned round, or a ring of three or four pairs.
SECOND_WAY = """
    EXISTS (SELECT 1 FROM exchange_exchangerate a WHERE a.base_id = NEW.base_id AND a.quote_id <> NEW.quote_id)
    OR EXISTS (SELECT 1 FROM exchange_exchangerate a WHERE a.base_id = NEW.quote_id AND a.quote_id = NEW.base_id)
    OR EXISTS (SELECT 1 FROM exchange_exchangerate a JOIN exchange_exchangerate b ON b.base_id = a.quote_id
        WHERE a.base_id = NEW.quote_id AND b.quote_id = NEW.base_id)
    OR EXISTS (SELECT 1 FROM exchange_exchangerate a JOIN exchange_exchangerate b ON b.base_id = a.quote_id
        JOIN exchange_exchangerate c ON c.base_id = b.quote_id
        WHERE a.base_id = NEW.quote_id AND c.quote_id = NEW.base_id)
"""
ONE_WAY = "there is one way from a currency to another"
# Real money of one player, from one book to another.
NOT_OF_ONE_PLAYER = """
    NOT EXISTS (SELECT 1 FROM wallet_account s JOIN wallet_account t ON t.owner_id = s.owner_id
        WHERE s.id = NEW.source_account_id AND t.id = NEW.target_account_id AND s.owner_id = NEW.player_id
        AND s.book <> t.book AND NOT s.is_demo AND NOT t.is_demo)
"""
ONE_PLAYER = "a conversion is of one player, in real money"


def trigger(table, name, refused, message):
    """Refuse rows of `table` for which `refused` holds, in both dialects."""
    return run_sql(
        postgresql=[
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF {refused} THEN "
            f"RAISE EXCEPTION '{message}' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$",
            f"CREATE TRIGGER {name} BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()",
        ],
        sqlite=[
            f"CREATE TRIGGER {name} BEFORE INSERT ON {table} WHEN {refused} "
            f"BEGIN SELECT RAISE(ABORT, '{message}'); END",
        ],
    )


def seed(apps, schema_editor):
    """1 bit = 100 satoshi."""
    now = timezone.now()
    apps.get_model("exchange", "ExchangeRate").objects.create(
        base_id="BITS",
        quote_id="BTC",
        numerator=1,
        denominator=1_000_000,
        is_fixed=True,
        source="definition",
        reason="1 bit = 100 satoshi",
        valid_from=now.replace(year=2020, month=1, day=1, hour=0, minute=0, second=0, microsecond=0),
        created_at=now,
    )


def install(apps, schema_editor):
    groups.extend(apps, GROUPS, {})


class Migration(migrations.Migration):
    dependencies = [
        ("exchange", "0001_initial"),
        ("wallet", "0010_money_from_outside"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        append_only("exchange_exchangerate"),
        append_only("exchange_conversion"),
        append_only("exchange_conversionstep"),
        trigger("exchange_exchangerate", "exchange_rate_one_way", SECOND_WAY, ONE_WAY),
        trigger("exchange_conversion", "exchange_conversion_one_player", NOT_OF_ONE_PLAYER, ONE_PLAYER),
        migrations.RunPython(seed, migrations.RunPython.noop),
        migrations.RunPython(install, migrations.RunPython.noop),
    ]
