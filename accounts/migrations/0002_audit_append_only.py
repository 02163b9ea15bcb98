"""The audit trail is written once and never edited, by nobody."""

from django.db import migrations

from casino.ops.triggers import append_only


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [append_only("accounts_auditentry")]
