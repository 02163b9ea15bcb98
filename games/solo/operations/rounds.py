"""
The rounds of an account, one after the other: the next one is opened, with its commitment, as soon as the last is over.
"""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from games.crash.fairness import result_of, round_hash
from games.crash.models import GameConfig
from games.crash.operations.locking import lock_accounts
from games.crash.rules import CAPS
from games.crash.sealed import seal_result
from games.solo import publisher
from games.solo.errors import BadClientSeed, RoundStillRuns, SeedNotPlayed
from games.solo.models import Chain, Round
from games.solo.operations import chains
from games.solo.operations.locking import Place, live_rounds, own_live_rounds
from games.solo.operations.settling import is_over, settle

MOST_SEED = 64


def advance(places: Sequence[Place], *, now: datetime, tick_ms: int) -> list[Round]:
    """
    End what is over in these accounts, and open a round where none waits or runs: the live round of each, in order.

    A round that waits is replaced where the rules (or the pace) are others by now; its seed goes to the one after it,
    so that replacing cannot be used to skip a result.
    """
    accounts = {account_id for _, account_id in places}
    configs = {game: GameConfig.objects.filter(game_id=game).latest("version") for game in {game for game, _ in places}}
    with transaction.atomic():
        owned = own_live_rounds(accounts)
        settle([round_ for round_ in owned.values() if is_over(round_, now)], now=now)
        lock_accounts(accounts)
        live = live_rounds(accounts)  # only we can open rounds here now
        for place in dict.fromkeys(places):
            round_, config = live.get(place), configs[place[0]]
            if round_ is not None and place in owned and _is_outdated(round_, config, tick_ms):
                _void(round_, now=now)
                transaction.on_commit(lambda place=place: publisher.moved([place]))  # type: ignore[misc]
                round_ = None
            if round_ is None:
                live[place] = _open(*place, config, now=now, tick_ms=tick_ms)
    return [live[place] for place in places]


def bring_seed(game: str, account_id: int, client_seed: str, *, now: datetime, tick_ms: int) -> Round:
    """
    Play on with the announced chain and the player's own client seed. The house had fixed that chain, and shown its
    terminal hash, before it could know the seed.
    """
    if not (1 <= len(client_seed) <= MOST_SEED and client_seed.isascii() and client_seed.isprintable()):
        raise BadClientSeed
    config = GameConfig.objects.filter(game_id=game).latest("version")
    with transaction.atomic():
        owned = own_live_rounds([account_id])
        lock_accounts([account_id])
        live = live_rounds([account_id]).get((game, account_id))
        if live is not None and (live.state != Round.State.WAITING or (game, account_id) not in owned):
            raise RoundStillRuns
        if live is not None:
            if live.chain.client_seed_source == chains.BROUGHT and live.chain_index == 0:
                raise SeedNotPlayed
            _void(live, now=now)
        chains.begin_next(game, account_id, client_seed, source=chains.BROUGHT, now=now)
        round_ = _open(game, account_id, config, now=now, tick_ms=tick_ms)
        transaction.on_commit(lambda: publisher.moved([(game, account_id)]))
    return round_


def _is_outdated(round_: Round, config: GameConfig, tick_ms: int) -> bool:
    return round_.state == Round.State.WAITING and (round_.config_id != config.pk or round_.tick_ms != tick_ms)


def _void(round_: Round, *, now: datetime) -> None:
    changed = Round.objects.filter(pk=round_.pk, state=Round.State.WAITING).update(
        state=Round.State.VOIDED, settled_at=now
    )
    assert changed == 1, "a round changed under its lock"
    Chain.objects.filter(pk=round_.chain_id).update(next_index=round_.chain_index)


def _open(game: str, account_id: int, config: GameConfig, *, now: datetime, tick_ms: int) -> Round:
    chain = chains.playable(game, account_id, now=now)
    result = result_of(
        chains.next_seed(chain),
        chain.client_seed or "",
        rtp=config.rtp,
        cap=CAPS[config.volatility],
        bonus_probability=config.bonus_probability,
        boost_percent=config.bonus_boost_percent,
    )
    before = Round.objects.filter(account_id=account_id, game_id=game).order_by("-number")
    last = before.first()
    played = before.filter(state=Round.State.SETTLED).first()
    previous = played.result_hundredths or 0 if played else 0
    index = chain.next_index
    chain.next_index += 1
    chain.save(update_fields=["next_index"])
    return Round.objects.create(
        game_id=game,
        account_id=account_id,
        number=last.number + 1 if last else 1,
        config=config,
        chain=chain,
        chain_index=index,
        tick_ms=tick_ms,
        previous_result=previous,
        hash=round_hash(previous, result.salt, result.crash_point),
        sealed=seal_result(result, boost_percent=config.bonus_boost_percent),
        opened_at=now,
    )
