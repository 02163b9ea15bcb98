"""What the database itself keeps of payments, and the cashier's first limits."""

from django.db import migrations

from casino.ops.triggers import run_sql

# In whole units: deposit from, to; withdrawal from, to; reviewed above. COIN is played with only: it has no cashier.
LIMITS = {
    "BRL": (10, 50_000, 20, 50_000, 10_000),
    "EUR": (5, 10_000, 10, 10_000, 2_000),
    "USD": (5, 10_000, 10, 10_000, 2_000),
    "GBP": (5, 10_000, 10, 10_000, 2_000),
    "BITS": (100, 10_000_000, 200, 10_000_000, 2_000_000),
    "ADA": (10, 50_000, 20, 50_000, 10_000),
}
# A thousandth of the unit, for a unit that is worth much.
FINE_LIMITS = {"BTC": (1, 1_000, 2, 1_000, 200)}

KEPT = ("reference", "direction", "provider_id", "player_id", "account_id", "currency_id", "amount_minor")
CHANGED = " OR ".join(f"NEW.{name} <> OLD.{name}" for name in KEPT)
REOPENED = (
    "OLD.concluded_at IS NOT NULL AND (NEW.status <> OLD.status OR NEW.reason <> OLD.reason "
    "OR NEW.concluded_at IS NULL OR NEW.concluded_at <> OLD.concluded_at)"
)
BACKWARDS = "OLD.status = 'pending' AND NEW.status = 'requested'"
REPORT_KEPT = ("provider_id", "message_id", "type", "reference", "provider_reference", "amount_minor", "body")
REPORT_CHANGED = " OR ".join(f"NEW.{name} <> OLD.{name}" for name in REPORT_KEPT)


def rule(table, broken, message):
    """Updates that `broken` describes, and every deletion, are refused."""
    return run_sql(
        postgresql=[
            f"CREATE FUNCTION {table}_keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"IF TG_OP = 'DELETE' THEN RAISE EXCEPTION '{message}' USING ERRCODE = 'integrity_constraint_violation'; "
            f"ELSIF {broken} THEN RAISE EXCEPTION '{message}' USING ERRCODE = 'integrity_constraint_violation'; "
            "END IF; RETURN NEW; END $$",
            f"CREATE TRIGGER {table}_keep BEFORE UPDATE OR DELETE ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION {table}_keep()",
        ],
        sqlite=[
            f"CREATE TRIGGER {table}_keep BEFORE UPDATE ON {table} WHEN {broken} "
            f"BEGIN SELECT RAISE(ABORT, '{message}'); END",
            f"CREATE TRIGGER {table}_stays BEFORE DELETE ON {table} BEGIN SELECT RAISE(ABORT, '{message}'); END",
        ],
    )


def set_limits(apps, schema_editor):
    currencies = apps.get_model("wallet", "Currency").objects.in_bulk()
    limits = apps.get_model("psp", "CashierLimits").objects
    fields = ("min_deposit", "max_deposit", "min_withdrawal", "max_withdrawal", "review_above")
    for table, part in ((LIMITS, 1), (FINE_LIMITS, 1000)):
        for code, units in table.items():
            if code in currencies:
                unit = currencies[code].denominator // part
                values = {f"{name}_minor": each * unit for name, each in zip(fields, units, strict=True)}
                limits.get_or_create(currency_id=code, defaults=values)


class Migration(migrations.Migration):
    dependencies = [("psp", "0001_initial"), ("wallet", "0010_money_from_outside")]

    operations = [
        rule(
            "psp_payment",
            f"({CHANGED}) OR ({REOPENED}) OR ({BACKWARDS})",
            "a payment keeps what it is, and what is final stays",
        ),
        rule("psp_report", REPORT_CHANGED, "a report stays as it came"),
        rule(
            "psp_suspensecase",
            "NEW.report_id <> OLD.report_id OR NEW.suspense_minor <> OLD.suspense_minor OR NEW.book <> OLD.book "
            "OR (OLD.state = 'resolved' AND NEW.state <> 'resolved')",
            "a case keeps what it is about, and stays resolved",
        ),
        migrations.RunPython(set_limits, migrations.RunPython.noop),
    ]
