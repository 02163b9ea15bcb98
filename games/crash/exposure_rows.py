"""What a live round may win: counters that come and go with it, and are no record of anything."""

from django.db import models


class RoundExposure(models.Model):
    """
    What the bets of a round may win together: the sum over the shards. A shard belongs to a thread that places bets,
    so nobody waits for another's; a bet that is given back is taken off the giver's own, so one alone may be negative.

    There are none after the round. (`games.crash.operations.exposure`)
    """

    pk = models.CompositePrimaryKey("round_id", "book", "shard")
    round = models.ForeignKey(
        "crash.Round", on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    book = models.CharField(max_length=16)
    shard = models.PositiveSmallIntegerField()
    amount_minor = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.round_id} {self.book}"
