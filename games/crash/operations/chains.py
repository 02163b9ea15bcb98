"""
Seed chains: made, announced, given their client seed, played, followed by the next.

The terminal hash is public as soon as the chain exists, and only then can the client seed be set, once.
"""

import secrets
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import F

from accounts import audit
from accounts.models import User
from casino.lib.errors import DomainError
from games.crash import fairness
from games.crash.models import SeedChain
from games.crash.sealed import sealer


class ClientSeedRefused(DomainError):
    code = "client_seed_refused"
    status = 409
    message = "This chain has its client seed already; it can be set once."


def announce_chain(game: str, *, now: datetime, length: int | None = None) -> SeedChain:
    """Make a chain and publish its terminal hash. It cannot be played before its client seed is set."""
    root = secrets.token_bytes(32)
    length = length or settings.CRASH_CHAIN_LENGTH
    return SeedChain.objects.create(
        game_id=game,
        length=length,
        terminal_hash=fairness.terminal_hash(root, length=length),
        root_sealed=sealer().seal(root.hex()),
        announced_at=now,
    )


@transaction.atomic
def set_client_seed(chain: SeedChain, client_seed: str, *, source: str, now: datetime, actor: User | None) -> SeedChain:
    """Public entropy that nobody knew when the chain was announced (the hash of a later block); `source` says which."""
    if not 1 <= len(client_seed) <= 128:
        raise ClientSeedRefused("A client seed has 1 to 128 characters.")
    changed = SeedChain.objects.filter(pk=chain.pk, client_seed__isnull=True).update(
        client_seed=client_seed, client_seed_source=source, client_seed_at=now
    )
    if not changed:
        raise ClientSeedRefused
    audit.record("chain.client_seed_set", f"chain:{chain.pk}", actor=actor, now=now, source=source)
    chain.refresh_from_db()
    return chain


def root_of(chain: SeedChain) -> bytes:
    return bytes.fromhex(sealer().open(chain.root_sealed))


def playable_chain(game: str, *, now: datetime) -> SeedChain | None:
    """
    The chain to play from. The one that follows is announced while a tenth is left.

    With CRASH_CLIENT_SEED=auto client seeds are drawn here, after the announcement; with `manual` staff enter them
    (a public beacon), and None is answered until they have.
    """
    unplayed = SeedChain.objects.filter(game_id=game, next_index__lt=F("length")).order_by("pk")
    chains = list(unplayed)
    if sum(chain.length - chain.next_index for chain in chains) <= settings.CRASH_CHAIN_LENGTH // 10:
        chains.append(announce_chain(game, now=now))
    if settings.CRASH_CLIENT_SEED == "auto":
        for chain in chains:
            if chain.client_seed is None:
                set_client_seed(chain, secrets.token_hex(16), source="drawn by this server", now=now, actor=None)
    return next((chain for chain in chains if chain.client_seed is not None), None)
