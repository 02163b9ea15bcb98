
import casino.lib.ids
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('crash', '0007_partner_bets_of_a_round'),
        ('wallet', '0010_money_from_outside'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Pulse',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('beat_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='Chain',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('length', models.PositiveIntegerField()),
                ('terminal_hash', models.CharField(max_length=64, unique=True)),
                ('root_sealed', models.TextField()),
                ('announced_at', models.DateTimeField()),
                ('client_seed', models.CharField(blank=True, max_length=128, null=True)),
                ('client_seed_source', models.CharField(blank=True, max_length=200)),
                ('client_seed_at', models.DateTimeField(blank=True, null=True)),
                ('next_index', models.PositiveIntegerField(default=0)),
                ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='wallet.account')),
                ('game', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='crash.game')),
            ],
            options={
                'verbose_name': 'solo seed chain',
            },
        ),
        migrations.CreateModel(
            name='Outage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('began_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField()),
            ],
            options={
                'indexes': [models.Index(fields=['ended_at'], name='outage_recent')],
                'constraints': [models.CheckConstraint(condition=models.Q(('ended_at__gt', models.F('began_at'))), name='outage_ends_after_it_began')],
            },
        ),
        migrations.CreateModel(
            name='Round',
            fields=[
                ('id', models.UUIDField(default=casino.lib.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('number', models.PositiveBigIntegerField()),
                ('chain_index', models.PositiveIntegerField()),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('running', 'Running'), ('settled', 'Settled'), ('voided', 'Voided')], default='waiting', max_length=8)),
                ('tick_ms', models.PositiveIntegerField()),
                ('previous_result', models.PositiveIntegerField()),
                ('hash', models.CharField(max_length=64)),
                ('sealed', models.TextField()),
                ('salt', models.CharField(blank=True, max_length=64, null=True)),
                ('result_hundredths', models.PositiveIntegerField(blank=True, null=True)),
                ('had_bonus', models.BooleanField(default=False)),
                ('bonus_hundredths', models.PositiveIntegerField(blank=True, null=True)),
                ('interrupted', models.BooleanField(default=False)),
                ('opened_at', models.DateTimeField()),
                ('started_at', models.DateTimeField(blank=True, null=True)),
                ('crashed_at', models.DateTimeField(blank=True, null=True)),
                ('settled_at', models.DateTimeField(blank=True, null=True)),
                ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='wallet.account')),
                ('chain', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='solo.chain')),
                ('config', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='crash.gameconfig')),
                ('game', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='crash.game')),
            ],
            options={
                'verbose_name': 'solo round',
            },
        ),
        migrations.CreateModel(
            name='Bet',
            fields=[
                ('id', models.UUIDField(default=casino.lib.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('is_demo', models.BooleanField()),
                ('identifier', models.PositiveSmallIntegerField()),
                ('stake_minor', models.BigIntegerField()),
                ('auto_cashout_hundredths', models.PositiveIntegerField(blank=True, null=True)),
                ('status', models.CharField(choices=[('open', 'Open'), ('cashed_out', 'Cashed Out'), ('lost', 'Lost'), ('refunded', 'Refunded')], default='open', max_length=10)),
                ('multiplier_hundredths', models.PositiveIntegerField(blank=True, null=True)),
                ('boost_percent', models.PositiveSmallIntegerField(default=0)),
                ('was_auto', models.BooleanField(default=False)),
                ('payout_minor', models.BigIntegerField(default=0)),
                ('balance_before_minor', models.BigIntegerField()),
                ('placed_at', models.DateTimeField()),
                ('settled_at', models.DateTimeField(blank=True, null=True)),
                ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='wallet.account')),
                ('config', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='crash.gameconfig')),
                ('currency', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='wallet.currency')),
                ('player', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('round', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='bet', to='solo.round')),
            ],
            options={
                'verbose_name': 'solo bet',
            },
        ),
        migrations.AddConstraint(
            model_name='chain',
            constraint=models.UniqueConstraint(fields=('account', 'game', 'number'), name='solochain_number_once'),
        ),
        migrations.AddConstraint(
            model_name='chain',
            constraint=models.CheckConstraint(condition=models.Q(('next_index__lte', models.F('length'))), name='solochain_not_overplayed'),
        ),
        migrations.AddConstraint(
            model_name='chain',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('client_seed__isnull', True), ('client_seed_at__isnull', True), ('next_index', 0)), models.Q(('client_seed__isnull', False), ('client_seed_at__gte', models.F('announced_at'))), _connector='OR'), name='solochain_announced_before_client_seed'),
        ),
        migrations.AddIndex(
            model_name='round',
            index=models.Index(condition=models.Q(('state', 'running')), fields=['started_at'], name='soloround_running'),
        ),
        migrations.AddConstraint(
            model_name='round',
            constraint=models.UniqueConstraint(fields=('account', 'game', 'number'), name='soloround_number_once'),
        ),
        migrations.AddConstraint(
            model_name='round',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ['waiting', 'running'])), fields=('account', 'game'), name='soloround_one_live_per_account'),
        ),
        migrations.AddConstraint(
            model_name='round',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'voided'), _negated=True), fields=('chain', 'chain_index'), name='soloround_seed_played_once'),
        ),
        migrations.AddConstraint(
            model_name='round',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('crashed_at__isnull', True), ('result_hundredths__isnull', True), ('salt__isnull', True), ('state__in', ['waiting', 'running', 'voided'])), models.Q(('crashed_at__isnull', False), ('result_hundredths__gte', 100), ('salt__isnull', False), ('state', 'settled')), _connector='OR'), name='soloround_secret_until_crash'),
        ),
        migrations.AddConstraint(
            model_name='round',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('started_at__isnull', True), ('state__in', ['waiting', 'voided'])), models.Q(('started_at__isnull', False), ('state__in', ['running', 'settled'])), _connector='OR'), name='soloround_started_when_running'),
        ),
        migrations.AddIndex(
            model_name='bet',
            index=models.Index(fields=['account', '-placed_at'], name='solobet_account_recent'),
        ),
        migrations.AddIndex(
            model_name='bet',
            index=models.Index(condition=models.Q(('status', 'cashed_out')), fields=['account', '-payout_minor'], name='solobet_top'),
        ),
        migrations.AddConstraint(
            model_name='bet',
            constraint=models.CheckConstraint(condition=models.Q(('stake_minor__gt', 0)), name='solobet_stake_positive'),
        ),
        migrations.AddConstraint(
            model_name='bet',
            constraint=models.CheckConstraint(condition=models.Q(('identifier__gte', 1), ('identifier__lte', 10)), name='solobet_identifier_range'),
        ),
        migrations.AddConstraint(
            model_name='bet',
            constraint=models.CheckConstraint(condition=models.Q(('auto_cashout_hundredths__isnull', True), ('auto_cashout_hundredths__gte', 101), _connector='OR'), name='solobet_auto_cashout_range'),
        ),
        migrations.AddConstraint(
            model_name='bet',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('multiplier_hundredths__isnull', True), ('payout_minor', 0), ('settled_at__isnull', True), ('status', 'open')), models.Q(('multiplier_hundredths__gte', 101), ('payout_minor__gte', models.F('stake_minor')), ('settled_at__isnull', False), ('status', 'cashed_out')), models.Q(('multiplier_hundredths__isnull', True), ('payout_minor', 0), ('settled_at__isnull', False), ('status', 'lost')), models.Q(('multiplier_hundredths__isnull', True), ('payout_minor', models.F('stake_minor')), ('settled_at__isnull', False), ('status', 'refunded')), _connector='OR'), name='solobet_status_and_payout_agree'),
        ),
    ]
