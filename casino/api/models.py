"""What must be remembered of calls that move money: their answers, and the signatures they were made with."""

from django.db import models


class IdempotencyRecord(models.Model):
    """
    The answer to a call, written in the transaction that moved its money. Kept for at least 24 hours.

    `name` is SHA-256 of the key's id and the Idempotency-Key; `request` that of method, path and body.
    """

    name = models.CharField(max_length=64, primary_key=True)
    request = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    body = models.TextField()
    created_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.name


class SignatureUse(models.Model):
    """
    A signature that was accepted, and for what. Kept for longer than its timestamp is in range.

    `name` is SHA-256 of the key's id and the signature; `binding` that of method, path and Idempotency-Key.
    """

    name = models.CharField(max_length=64, primary_key=True)
    binding = models.CharField(max_length=64)
    created_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.name
