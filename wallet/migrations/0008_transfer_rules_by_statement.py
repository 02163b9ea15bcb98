"""
PostgreSQL: "both accounts of a transfer are in its book" is asked once per statement instead of twice per row.

The foreign keys that asked it took a lock on the house's account row for every transfer, in every transaction at once.
What they kept stays kept: an account's id and book never change, and an account with transfers is never deleted.
"""

from django.db import migrations

from casino.ops.triggers import run_sql


class Migration(migrations.Migration):
    dependencies = [("wallet", "0007_staff_groups")]

    operations = [
        run_sql(
            postgresql=[
                "ALTER TABLE wallet_transfer DROP CONSTRAINT transfer_debit_in_book, "
                "DROP CONSTRAINT transfer_credit_in_book",
                "CREATE FUNCTION wallet_transfer_in_book() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                "IF EXISTS (SELECT 1 FROM added t "
                "LEFT JOIN wallet_account d ON d.id = t.debit_account_id "
                "LEFT JOIN wallet_account c ON c.id = t.credit_account_id "
                "WHERE d.book IS DISTINCT FROM t.book OR c.book IS DISTINCT FROM t.book) THEN "
                "RAISE EXCEPTION 'both accounts of a transfer are in its book' "
                "USING ERRCODE = 'foreign_key_violation'; END IF; RETURN NULL; END $$",
                "CREATE TRIGGER wallet_transfer_in_book AFTER INSERT ON wallet_transfer REFERENCING NEW TABLE AS added "
                "FOR EACH STATEMENT EXECUTE FUNCTION wallet_transfer_in_book()",
                "CREATE FUNCTION wallet_account_keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                "IF EXISTS (SELECT 1 FROM wallet_transfer WHERE debit_account_id = OLD.id) "
                "OR EXISTS (SELECT 1 FROM wallet_transfer WHERE credit_account_id = OLD.id) THEN "
                "RAISE EXCEPTION 'an account with transfers is kept' "
                "USING ERRCODE = 'foreign_key_violation'; END IF; RETURN OLD; END $$",
                "CREATE TRIGGER wallet_account_kept BEFORE DELETE ON wallet_account "
                "FOR EACH ROW EXECUTE FUNCTION wallet_account_keep()",
                "DROP TRIGGER wallet_account_fixed ON wallet_account",
                "CREATE TRIGGER wallet_account_fixed BEFORE UPDATE ON wallet_account FOR EACH ROW WHEN "
                "((OLD.id, OLD.owner_id, OLD.kind, OLD.book, OLD.currency_id, OLD.is_demo) IS DISTINCT FROM "
                "(NEW.id, NEW.owner_id, NEW.kind, NEW.book, NEW.currency_id, NEW.is_demo)) "
                "EXECUTE FUNCTION wallet_account_refuse()",
            ],
            sqlite=[],
        ),
    ]
