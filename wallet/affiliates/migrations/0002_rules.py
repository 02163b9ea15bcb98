"""What was booked for a day stays as it is."""

from django.db import migrations

from casino.ops.triggers import append_only


class Migration(migrations.Migration):
    dependencies = [("affiliate_shares", "0001_initial")]

    operations = [append_only("affiliate_shares_closedday"), append_only("affiliate_shares_share")]
