"""The round beside each partner's bet, so that a settlement finds a round's partner bets at once."""

import django.db.models.deletion
from django.db import migrations, models

from casino.ops.triggers import run_sql

ROUNDS = "UPDATE crash_partnerbet SET round_id = (SELECT b.round_id FROM crash_bet b WHERE b.id = bet_id)"


def round_of_a_bet(*, null: bool) -> models.ForeignKey:
    return models.ForeignKey(
        db_constraint=False,
        db_index=False,
        null=null,
        on_delete=django.db.models.deletion.PROTECT,
        related_name="+",
        to="crash.round",
    )


class Migration(migrations.Migration):
    dependencies = [("crash", "0006_rules_again")]

    operations = [
        migrations.AddField(model_name="partnerbet", name="round", field=round_of_a_bet(null=True)),
        run_sql(postgresql=[ROUNDS], sqlite=[ROUNDS]),
        migrations.AlterField(model_name="partnerbet", name="round", field=round_of_a_bet(null=False)),
        migrations.AddIndex(
            model_name="partnerbet", index=models.Index(fields=["round"], name="partnerbet_of_round")
        ),
    ]
