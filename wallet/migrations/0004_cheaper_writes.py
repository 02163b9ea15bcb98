"""PostgreSQL: what a batch of transfers costs, without changing what any row means."""

from django.db import migrations

from casino.ops.triggers import run_sql


class Migration(migrations.Migration):
    dependencies = [("wallet", "0003_account_last_transfer_at")]

    operations = [
        run_sql(
            postgresql=[
                # Ids are compared byte by byte in every database, whatever its locale: cheaper, and a prefix search
                # then uses the primary key, so the second index that Django makes for those is not needed.
                'ALTER TABLE wallet_transfer ALTER COLUMN id TYPE varchar(80) COLLATE "C", '
                'ALTER COLUMN pending_id TYPE varchar(80) COLLATE "C"',
                "DO $$ DECLARE name text; BEGIN FOR name IN SELECT indexname FROM pg_indexes "
                "WHERE tablename = 'wallet_transfer' AND schemaname = current_schema() AND right(indexname, 5) = '_like' "
                "LOOP EXECUTE 'DROP INDEX ' || quote_ident(name); END LOOP; END $$",
                # Balances change with every transfer and are in no index: with room in its page, the new version of
                # a row goes there and no index is touched.
                "ALTER TABLE wallet_account SET (fillfactor = 50)",
            ],
            sqlite=[],
        ),
    ]
