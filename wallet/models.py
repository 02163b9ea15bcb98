"""Money: currencies, accounts and the append-only transfers between them. Written only by `wallet.ledger`."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from wallet import chart


class Currency(models.Model):
    """Amounts are integers of minor units: `amount / denominator` in `symbol`."""

    class Kind(models.TextChoices):
        FIAT = "fiat"
        CRYPTO = "crypto"
        COIN = "coin"

    code = models.CharField(max_length=8, primary_key=True)
    denominator = models.PositiveBigIntegerField()
    symbol = models.CharField(max_length=8)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    enabled = models.BooleanField(default=True)
    # Millionths of a euro that one whole unit is worth, roughly: ranks bets of several currencies in one list.
    # It never moves money; exchange rates are a matter of their own.
    reference_micros = models.PositiveBigIntegerField()

    class Meta:
        verbose_name_plural = "currencies"
        constraints = [models.CheckConstraint(condition=Q(denominator__gte=1), name="currency_denominator_positive")]

    def __str__(self) -> str:
        return self.code


class Account(models.Model):
    """
    A place where money is. A player's account carries its balance in its row; a house account carries none.

    posted_minor   what is there; credits minus debits of all posted transfers.
    held_minor     the part of it that pending transfers have set aside.
    last_transfer_at  time of its last transfer; the next one is later, so a statement in order of time is in order.
    """

    kind = models.CharField(max_length=16)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    currency = models.ForeignKey(Currency, on_delete=models.PROTECT, related_name="+")
    is_demo = models.BooleanField()
    book = models.CharField(max_length=16)
    posted_minor = models.BigIntegerField(null=True, blank=True)
    held_minor = models.BigIntegerField(null=True, blank=True)
    last_transfer_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "book"], condition=Q(owner__isnull=False), name="account_one_per_player_and_book"
            ),
            models.UniqueConstraint(
                fields=["kind", "book"], condition=Q(owner__isnull=True), name="account_one_per_house_kind_and_book"
            ),
            # Target of the transfers' foreign keys: both sides of a transfer are in its book.
            models.UniqueConstraint(fields=["id", "book"], name="account_id_and_book"),
            models.CheckConstraint(
                condition=Q(
                    kind=chart.PLAYER, owner__isnull=False, posted_minor__isnull=False, held_minor__isnull=False
                )
                | (~Q(kind=chart.PLAYER) & Q(owner__isnull=True, posted_minor__isnull=True, held_minor__isnull=True)),
                name="account_balance_in_row_only_for_players",
            ),
            models.CheckConstraint(
                condition=Q(posted_minor__isnull=True) | Q(held_minor__gte=0, posted_minor__gte=F("held_minor")),
                name="account_never_below_zero",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.owner_id or ''} {self.book}"

    @property
    def available_minor(self) -> int:
        """What a player can stake now. Only for player accounts."""
        assert self.posted_minor is not None
        assert self.held_minor is not None
        return self.posted_minor - self.held_minor


class Transfer(models.Model):
    """
    One movement of money, from the debit account to the credit account: balanced because it is one row.

    The id is chosen by the maker and is the idempotency key. Rows are never changed or deleted (database triggers).
    `debit_balance_minor` and `credit_balance_minor` are the available balances right after it, for player accounts.
    """

    id = models.CharField(max_length=80, primary_key=True)
    book = models.CharField(max_length=16)
    kind = models.CharField(max_length=8, choices=[(kind.value, kind.value) for kind in chart.Kind])
    code = models.CharField(max_length=16, choices=[(code.value, code.value) for code in chart.Code])
    debit_account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    credit_account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    amount_minor = models.BigIntegerField()
    pending = models.ForeignKey(
        "self", on_delete=models.PROTECT, related_name="+", null=True, blank=True, db_index=False
    )
    reference = models.CharField(max_length=80, blank=True)
    debit_balance_minor = models.BigIntegerField(null=True, blank=True)
    credit_balance_minor = models.BigIntegerField(null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="transfer_amount_positive"),
            models.CheckConstraint(
                condition=~Q(debit_account=F("credit_account")), name="transfer_between_two_accounts"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["posted", "pending"], pending__isnull=True)
                | Q(kind__in=["post", "void"], pending__isnull=False),
                name="transfer_pending_only_where_it_belongs",
            ),
            models.UniqueConstraint(
                fields=["pending"], condition=Q(pending__isnull=False), name="transfer_pending_resolved_once"
            ),
        ]
        indexes = [
            models.Index(fields=["debit_account", "created_at"]),
            models.Index(fields=["credit_account", "created_at"]),
            models.Index(fields=["created_at"]),  # the back office's list; grows at its end, so it costs little
        ]

    def __str__(self) -> str:
        return self.id
