"""
Indexes that a settlement does not touch: none names a bet's status, payout or times any more (see `Bet`).

Bets that were cancelled before get the time at which they were; their rows are final, so the rule rests meanwhile. It is
made again by the next migration.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from casino.ops.triggers import run_sql


class Migration(migrations.Migration):

    dependencies = [
        ('crash', '0004_rules_of_reservations'),
        ('wallet', '0009_reservations'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        run_sql(
            postgresql=["DROP TRIGGER crash_bet_final ON crash_bet"],
            sqlite=["DROP TRIGGER IF EXISTS crash_bet_final", "DROP TRIGGER IF EXISTS crash_bet_kept"],
        ),
        migrations.CreateModel(
            name='TopWin',
            fields=[
                ('bet', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='top_win', serialize=False, to='crash.bet')),
                ('payout_reference_micros', models.BigIntegerField()),
                ('won_at', models.DateTimeField()),
            ],
        ),
        migrations.RemoveConstraint(
            model_name='bet',
            name='bet_identifier_once_per_round',
        ),
        migrations.RemoveIndex(
            model_name='bet',
            name='bet_open_by_auto',
        ),
        migrations.RemoveIndex(
            model_name='bet',
            name='bet_top_wins',
        ),
        migrations.RemoveIndex(
            model_name='bet',
            name='bet_recent_wins',
        ),
        migrations.RemoveIndex(
            model_name='bet',
            name='bet_reserved',
        ),
        migrations.AddField(
            model_name='bet',
            name='cancelled_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        run_sql(
            postgresql=["UPDATE crash_bet SET cancelled_at = settled_at WHERE status = 'cancelled'"],
            sqlite=["UPDATE crash_bet SET cancelled_at = settled_at WHERE status = 'cancelled'"],
        ),
        migrations.AddIndex(
            model_name='bet',
            index=models.Index(condition=models.Q(('auto_cashout_hundredths__isnull', False)), fields=['round', 'auto_cashout_hundredths'], name='bet_by_auto'),
        ),
        migrations.AddIndex(
            model_name='bet',
            index=models.Index(condition=models.Q(('was_reserved', True)), fields=['round'], name='bet_reserved'),
        ),
        migrations.AddConstraint(
            model_name='bet',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('cancelled_at__isnull', False), ('status', 'cancelled')), models.Q(models.Q(('status', 'cancelled'), _negated=True), ('cancelled_at__isnull', True)), _connector='OR'), name='bet_cancelled_at_a_time'),
        ),
        migrations.AddConstraint(
            model_name='bet',
            constraint=models.UniqueConstraint(condition=models.Q(('cancelled_at__isnull', True)), fields=('round', 'account', 'identifier'), name='bet_identifier_once_per_round'),
        ),
        migrations.AddField(
            model_name='topwin',
            name='game',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='crash.game'),
        ),
        migrations.AddIndex(
            model_name='topwin',
            index=models.Index(fields=['game', '-payout_reference_micros'], name='topwin_largest'),
        ),
        migrations.AddIndex(
            model_name='topwin',
            index=models.Index(fields=['game', '-won_at'], name='topwin_recent'),
        ),
    ]
