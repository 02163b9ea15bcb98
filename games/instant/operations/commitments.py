"""The secret of an account's next bet: made, shown as its hash, and made anew."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import F

from casino.ops.bulk import AnyOf, insert_rows, update_rows
from games.instant.fairness import Secret, new_secret
from games.instant.models import Commitment
from games.instant.sealed import opened, seal
from wallet import ledger


def next_hash(account_id: int, *, now: datetime) -> str:
    """The hash that the account's next bet will be held to."""
    found = Commitment.objects.filter(pk=account_id).values_list("hash", flat=True).first()
    if found is not None:
        return found
    with transaction.atomic():
        ledger.lock([account_id], now=now)  # one is made, however many ask at once
        return next_secrets([account_id], now=now)[account_id].hash


def renew(account_id: int, *, now: datetime) -> str:
    """Another secret for the account's next bet; its hash. The one before is never used, and never shown."""
    with transaction.atomic():
        ledger.lock([account_id], now=now)
        next_secrets([account_id], now=now)
        secret = new_secret()
        rotate({account_id: secret}, now=now)
        return secret.hash


def next_secrets(account_ids: Iterable[int], *, now: datetime) -> dict[int, Secret]:
    """Under the accounts' locks: the secret of each one's next bet, made where there is none yet."""
    wanted = set(account_ids)
    rows = Commitment.objects.filter(AnyOf(F("account_id"), wanted)).values_list("account_id", "sealed")
    found = {account_id: opened(sealed) for account_id, sealed in rows}
    made = {account_id: new_secret() for account_id in wanted.difference(found)}
    insert_rows(
        Commitment,
        ("account", "sealed", "hash", "made_at"),
        [(account_id, seal(secret), secret.hash, now) for account_id, secret in made.items()],
    )
    return found | made


def rotate(secrets: Mapping[int, Secret], *, now: datetime) -> None:
    """Under the accounts' locks: these are next."""
    rows = [(account_id, seal(secret), secret.hash) for account_id, secret in secrets.items()]
    update_rows(Commitment, "account", ("sealed", "hash"), rows, same={"made_at": now}, counted=False)
