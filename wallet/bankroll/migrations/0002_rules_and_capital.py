"""The history is kept by the database; a generous capital for every book, until staff set their own; who may do so."""

from datetime import UTC, datetime

from django.db import migrations

from accounts import groups
from casino.ops.triggers import append_only
from wallet.chart import book_of

BEGINNING = datetime(2020, 1, 1, tzinfo=UTC)  # of the books: all that was ever gained counts
HUNDREDTHS = 10**12  # ten thousand million whole units: nobody is refused for it by the games' first limits
FINER = 10**15

VIEW = ["bankroll.view_bankroll"]
GROUPS = {
    "support": VIEW,
    "risk": [*VIEW, "bankroll.change_bankroll"],
    "finance": VIEW,
    "admin": VIEW,
}


def seed(apps, schema_editor):
    bankroll_model = apps.get_model("bankroll", "Bankroll")
    bankroll_model.objects.bulk_create(
        bankroll_model(
            book=book_of(currency.code, is_demo=is_demo),
            currency=currency,
            is_demo=is_demo,
            capital_minor=HUNDREDTHS if currency.denominator <= 100 else FINER,
            since=BEGINNING,
            counted_to=BEGINNING,
        )
        for currency in apps.get_model("wallet", "Currency").objects.order_by("code")
        for is_demo in (False, True)
    )


def install(apps, schema_editor):
    groups.extend(apps, GROUPS, {})


class Migration(migrations.Migration):
    dependencies = [
        ("bankroll", "0001_initial"),
        ("wallet", "0011_games_and_affiliates"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        append_only("bankroll_bankrollchange"),
        migrations.RunPython(seed, migrations.RunPython.noop),
        migrations.RunPython(install, migrations.RunPython.noop),
    ]
