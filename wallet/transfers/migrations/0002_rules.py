"""A partner's transfer is never changed."""

from django.db import migrations

from casino.ops.triggers import run_sql

MESSAGE = "a transfer of a partner stays as it was asked for"


class Migration(migrations.Migration):
    dependencies = [("transfers", "0001_initial")]

    operations = [
        run_sql(
            postgresql=[
                "CREATE FUNCTION transfers_partnertransfer_keep() RETURNS trigger LANGUAGE plpgsql AS "
                f"$$ BEGIN RAISE EXCEPTION '{MESSAGE}' USING ERRCODE = 'integrity_constraint_violation'; END $$",
                "CREATE TRIGGER transfers_partnertransfer_keep BEFORE UPDATE ON transfers_partnertransfer "
                "FOR EACH ROW EXECUTE FUNCTION transfers_partnertransfer_keep()",
            ],
            sqlite=[
                "CREATE TRIGGER transfers_partnertransfer_keep BEFORE UPDATE ON transfers_partnertransfer "
                f"BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"
            ],
        )
    ]
