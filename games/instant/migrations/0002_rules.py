"""A bet that was played, and a version of the rules, are never changed."""

from django.db import migrations

from casino.ops.triggers import append_only


class Migration(migrations.Migration):
    dependencies = [("instant", "0001_initial")]

    operations = [
        append_only("instant_instantbet"),
        append_only("instant_instantconfig"),
        append_only("instant_instantlimit"),
    ]
