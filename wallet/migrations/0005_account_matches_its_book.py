"""Two more rules that the database keeps: an account is in the book of its currency, and no row is replaced (SQLite)."""

from django.db import migrations

from casino.ops.triggers import run_sql


class Migration(migrations.Migration):
    dependencies = [("wallet", "0004_cheaper_writes")]

    operations = [
        run_sql(
            postgresql=[
                "ALTER TABLE wallet_account ADD CONSTRAINT account_in_book_of_its_currency "
                "CHECK (book = currency_id || CASE WHEN is_demo THEN '.demo' ELSE '' END)",
            ],
            sqlite=[
                "CREATE TRIGGER wallet_account_in_book BEFORE INSERT ON wallet_account "
                "WHEN NEW.book <> NEW.currency_id || CASE WHEN NEW.is_demo THEN '.demo' ELSE '' END "
                "BEGIN SELECT RAISE(ABORT, 'an account is in the book of its currency'); END",
                # INSERT OR REPLACE deletes the old row without asking the delete trigger.
                "CREATE TRIGGER wallet_transfer_no_replace BEFORE INSERT ON wallet_transfer "
                "WHEN EXISTS (SELECT 1 FROM wallet_transfer WHERE id = NEW.id) "
                "BEGIN SELECT RAISE(ABORT, 'wallet_transfer is append-only'); END",
            ],
        ),
    ]
