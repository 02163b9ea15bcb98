"""What the database itself refuses, and the currencies with the house's accounts."""

from django.db import migrations
from django.utils import timezone

from casino.ops.triggers import append_only, run_sql
from wallet.chart import book_of

# code, minor units per unit, symbol, kind, millionths of a euro per unit (ranks mixed lists, moves no money)
CURRENCIES = [
    ("BRL", 100, "R$", "fiat", 160_000),
    ("EUR", 100, "€", "fiat", 1_000_000),
    ("USD", 100, "$", "fiat", 900_000),
    ("GBP", 100, "£", "fiat", 1_150_000),
    ("BTC", 100_000_000, "₿", "crypto", 80_000_000_000),
    ("BITS", 100, "bits", "crypto", 80_000),
    ("ADA", 1_000_000, "₳", "crypto", 500_000),
    ("COIN", 100_000_000, "coin", "coin", 0),
]
# The house of that time; those that came later have migrations of their own.
HOUSE = ("funding", "demo_issue", "adjustment", "suspense", "crash")


def seed(apps, schema_editor):
    currency_model = apps.get_model("wallet", "Currency")
    account_model = apps.get_model("wallet", "Account")
    for code, denominator, symbol, kind, micros in CURRENCIES:
        currency_model.objects.create(
            code=code, denominator=denominator, symbol=symbol, kind=kind, reference_micros=micros
        )
        account_model.objects.bulk_create(
            account_model(
                kind=house,
                currency_id=code,
                is_demo=is_demo,
                book=book_of(code, is_demo=is_demo),
                created_at=timezone.now(),
            )
            for is_demo in (False, True)
            for house in HOUSE
        )


class Migration(migrations.Migration):
    dependencies = [("wallet", "0001_initial")]

    operations = [
        append_only("wallet_transfer"),
        run_sql(
            postgresql=[
                # Both accounts of a transfer are in its book, and neither is ever deleted.
                *(
                    f"ALTER TABLE wallet_transfer ADD CONSTRAINT transfer_{side}_in_book "
                    f"FOREIGN KEY ({side}_account_id, book) REFERENCES wallet_account (id, book)"
                    for side in ("debit", "credit")
                ),
                "CREATE FUNCTION wallet_account_refuse() RETURNS trigger LANGUAGE plpgsql AS "
                "$$ BEGIN RAISE EXCEPTION 'an account keeps its owner and its book' "
                "USING ERRCODE = 'integrity_constraint_violation'; END $$",
                "CREATE TRIGGER wallet_account_fixed BEFORE UPDATE ON wallet_account FOR EACH ROW WHEN "
                "((OLD.owner_id, OLD.kind, OLD.book, OLD.currency_id, OLD.is_demo) IS DISTINCT FROM "
                "(NEW.owner_id, NEW.kind, NEW.book, NEW.currency_id, NEW.is_demo)) "
                "EXECUTE FUNCTION wallet_account_refuse()",
            ],
            sqlite=[
                "CREATE TRIGGER wallet_transfer_in_book BEFORE INSERT ON wallet_transfer "
                "WHEN 2 <> (SELECT COUNT(*) FROM wallet_account WHERE book = NEW.book "
                "AND id IN (NEW.debit_account_id, NEW.credit_account_id)) "
                "BEGIN SELECT RAISE(ABORT, 'both accounts of a transfer are in its book'); END",
                "CREATE TRIGGER wallet_account_fixed BEFORE UPDATE ON wallet_account "
                "WHEN OLD.owner_id IS NOT NEW.owner_id OR OLD.kind <> NEW.kind OR OLD.book <> NEW.book "
                "OR OLD.currency_id <> NEW.currency_id OR OLD.is_demo <> NEW.is_demo "
                "BEGIN SELECT RAISE(ABORT, 'an account keeps its owner and its book'); END",
                "CREATE TRIGGER wallet_account_kept BEFORE DELETE ON wallet_account "
                "WHEN EXISTS (SELECT 1 FROM wallet_transfer WHERE debit_account_id = OLD.id OR credit_account_id = OLD.id) "
                "BEGIN SELECT RAISE(ABORT, 'an account with transfers is kept'); END",
            ],
        ),
        migrations.RunPython(seed, migrations.RunPython.noop),
    ]
