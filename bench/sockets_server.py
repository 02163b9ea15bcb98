"""
One server of the sockets benchmark: `python -m bench.sockets_server <kind>`, on the database of its environment.

    ours       the platform's own application, as `manage.py serve --sockets-only` serves it
    tutorial   a Channels consumer that does a transaction per bet with the ORM, the way its documentation shows it:
               `database_sync_to_async`, which runs everything of a process in one thread
    threads    the same consumer on eight threads, which a reader of the fine print would give it

All of them by the same uvicorn settings and garbage collection. Prints its port; ends with its standard input.
"""

import asyncio
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple
from urllib.parse import parse_qs

import uvloop

from bench.bets import orm_bet

THREADS = 8


class Sitting(NamedTuple):
    """What the tutorial's consumer keeps of its player: loaded once, so that a bet pays only for itself."""

    round: Any
    player_id: int
    username: str
    account_id: int
    house_id: int


def sit_down(game: str, token: str) -> Sitting:
    from accounts.queries import session_by_token
    from bench.world import now
    from games.crash.models import Round
    from wallet.chart import House
    from wallet.models import Account
    from wallet.queries import house_accounts

    session = session_by_token(token, now=now())
    assert session is not None
    round_ = Round.objects.get(game_id=game, state=Round.State.WAITING)
    account = Account.objects.get(owner=session.player, book="BRL")
    house_id = house_accounts(House.CRASH, ["BRL"])["BRL"]
    return Sitting(round_, session.player_id, session.player.username, account.pk, house_id)


def place_bet(sitting: Sitting, amount: int, identifier: int) -> dict[str, Any]:
    """In one transaction, with the ORM; gives the answer."""
    bet = orm_bet(sitting.round, sitting.player_id, sitting.account_id, sitting.house_id, identifier)
    return {
        "messageType": "bet",
        "betID": str(bet.pk),
        "username": sitting.username,
        "currency": bet.currency_id,
        "amount": amount,
        "identifier": identifier,
        "isDemo": bet.is_demo,
        "balance": bet.balance_before_minor - amount,
        "autoCashoutMultiplier": None,
        "roundId": str(sitting.round.pk),
        "createdAt": bet.placed_at.isoformat(),
    }


def consumer(**in_threads: Any) -> Any:
    """The tutorial's application; `in_threads` are options of `database_sync_to_async`."""
    from channels.db import database_sync_to_async
    from channels.generic.websocket import AsyncJsonWebsocketConsumer
    from channels.routing import ProtocolTypeRouter, URLRouter
    from django.urls import path

    class BetConsumer(AsyncJsonWebsocketConsumer):
        async def connect(self) -> None:
            game = self.scope["url_route"]["kwargs"]["game"]
            token = parse_qs(self.scope["query_string"].decode())["session"][0]
            self.sitting = await database_sync_to_async(sit_down, **in_threads)(game, token)
            await self.accept()

        async def receive_json(self, content: dict[str, Any], **kwargs: Any) -> None:
            if content["messageType"] != "bet":
                await self.send_json({"messageType": content["messageType"]})
                return
            place = database_sync_to_async(place_bet, **in_threads)
            await self.send_json(await place(self.sitting, content["amount"], content["identifier"]))

    return ProtocolTypeRouter({"websocket": URLRouter([path("ws/<slug:game>", BetConsumer.as_asgi())])})  # type: ignore[arg-type]


def application(kind: str) -> Any:
    if kind == "ours":
        from casino.asgi import application as platform

        return platform
    if kind == "tutorial":
        return consumer()
    return consumer(thread_sensitive=False, executor=ThreadPoolExecutor(THREADS))


async def serve(kind: str) -> None:
    from casino.live.server import LiveServer, make_config
    from games.crash.consumers import sweep_sessions

    config = make_config(application(kind), host="127.0.0.1", port=0)
    server = LiveServer(config, background=[sweep_sessions] if kind == "ours" else [])
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    print(server.servers[0].sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    server.should_exit = True
    await serving


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "casino.settings")
    import django

    django.setup()
    from casino.live.server import raise_file_limit
    from casino.ops.process import quiet_gc

    raise_file_limit()
    quiet_gc()
    uvloop.run(serve(sys.argv[1]))


if __name__ == "__main__":
    main()
