"""Accounts of the house for the instant games and for affiliates, and the code of their shares."""

from django.db import migrations, models
from django.utils import timezone

HOUSE = ("instant", "affiliates", "payable")
CODES = (
    "hold release stake payout refund deposit withdrawal grant adjustment "
    "operator_debit operator_credit transfer_in transfer_out exchange suspense share"
).split()


def open_house_accounts(apps, schema_editor):
    account_model = apps.get_model("wallet", "Account")
    books = account_model.objects.filter(owner=None).values_list("book", "currency_id", "is_demo").distinct()
    account_model.objects.bulk_create(
        account_model(kind=kind, book=book, currency_id=currency, is_demo=is_demo, created_at=timezone.now())
        for book, currency, is_demo in books.order_by("book")
        for kind in HOUSE
    )


class Migration(migrations.Migration):
    dependencies = [("wallet", "0010_money_from_outside")]

    operations = [
        migrations.AlterField(
            model_name="transfer",
            name="code",
            field=models.CharField(choices=[(code, code) for code in CODES], max_length=16),
        ),
        migrations.RunPython(open_house_accounts, migrations.RunPython.noop),
    ]
