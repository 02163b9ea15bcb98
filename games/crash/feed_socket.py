"""
The partners' socket `/ws/v1/feed` (contract section 6).

    connect (key in a header, or {"op": "auth", "key"} within five seconds)
      → {"op": "subscribe", "game", "channels", "since"?}   → {"op": "subscribed", …snapshots…}, then events
      ← {"op": "heartbeat", "n"} every 15 s                 → {"op": "heartbeat_ack", "n"} within 10 s, else 4408

Close codes: 4401 no (good) key · 4408 does not read, or lets heartbeats go by · 4429 too much · 4501 the key has ended.
Any page may open one: nothing is done in the name of a cookie, and the key must be sent by whoever wants to be heard.
"""

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from django.conf import settings

from accounts.partners import queries as key_queries
from accounts.partners import usage
from accounts.partners.authentication import live_key
from accounts.partners.models import ApiKey
from casino.api.addresses import client_address
from casino.api.problems import CATALOGUE, Problem
from casino.lib.clock import system_clock
from casino.live.channels import Channel
from casino.live.connection import SESSION_ENDED, TOO_MANY, TOO_SLOW
from casino.live.hub import current_hub
from casino.live.socket import Identity, Refused, Scope, SocketBase
from games.crash import feed_messages, partner_queries
from games.crash.consumers import current_intake
from games.crash.feed import GameFeed, game_feed
from games.crash.feed_messages import BETS, BadMessage, Incoming
from games.crash.publisher import partner_address

logger = logging.getLogger(__name__)

DEFAULT_GAME = "BigPanda"
SWEEP_SECONDS = 0.5
SEES_GAMES, SEES_BETS = "read:game_state", "read:bets"


class PartnerFeed(SocketBase):
    AUTH_SECONDS: float = 5
    HEARTBEAT_SECONDS: float = 15
    ACK_SECONDS: float = 10
    SOCKETS_PER_KEY = 20

    key: ApiKey | None = None

    def __init__(self) -> None:
        self._address = ""
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._beats = 0
        self._acknowledged = 0
        self._busy = asyncio.Lock()  # what was asked first is answered first

    # --- coming and going ---------------------------------------------------------------------------------------------
    async def authenticate(self, scope: Scope) -> Identity:
        headers = {name.decode("latin-1").title(): value.decode("latin-1") for name, value in scope["headers"]}
        client = scope.get("client") or ("", 0)
        meta = {"REMOTE_ADDR": client[0], "HTTP_X_FORWARDED_FOR": headers.get("X-Forwarded-For", "")}
        self._address = client_address(meta, settings.TRUSTED_PROXY_IPS)
        kind, _, bearer = headers.get("Authorization", "").partition(" ")
        token = bearer.strip() if kind.lower() == "bearer" else headers.get("X-Api-Key", "").strip()
        if token:
            try:
                self.key = await self._open(token)
            except Problem as problem:
                raise Refused(feed_messages.error(problem.code, problem.message), SESSION_ENDED) from None
        return Identity(user_id=None, session_id=None, recipient="")

    async def joined(self) -> None:
        if self.key is None:
            self._later("auth", self.AUTH_SECONDS, self._nobody_came)
        else:
            self._let_in(self.key)

    async def left(self) -> None:
        for timer in self._timers.values():
            timer.cancel()

    async def _open(self, token: str) -> ApiKey:
        return await current_intake().read(lambda: self._key_of(token))

    def _key_of(self, token: str) -> ApiKey:
        key = live_key(token, self._address)
        if SEES_GAMES not in key.scopes:
            raise Problem("insufficient_scope", f"The feed needs the scope {SEES_GAMES}.")
        usage.note(key, address=self._address, now=self.clock.now())
        return key

    def _let_in(self, key: ApiKey, *, id: Any = None) -> None:
        self.key = key
        timer = self._timers.pop("auth", None)
        if timer is not None:
            timer.cancel()
        if self.hub.sockets_of_key(key.pk) >= self.SOCKETS_PER_KEY:
            text = feed_messages.error("rate_limited", f"A key opens at most {self.SOCKETS_PER_KEY} feeds.", id=id)
            self.close(TOO_MANY, text=text)
            return
        self.connection.recipient = partner_address(key.partner_id, key.environment)
        self.hub.hold_key(self.connection, key.pk)
        self.send(feed_messages.answer("auth", id=id, status="ok", key_id=key.key_id, environment=key.environment))
        self._later("beat", self.HEARTBEAT_SECONDS, self._beat)

    def _nobody_came(self) -> None:
        text = feed_messages.error("authentication_failed", f"No key came within {self.AUTH_SECONDS:g} seconds.")
        self.close(SESSION_ENDED, text=text)

    # --- heartbeats ---------------------------------------------------------------------------------------------------
    def _beat(self) -> None:
        self._beats += 1
        self.send(feed_messages.answer("heartbeat", n=self._beats))
        self._later("ack", self.ACK_SECONDS, self._check)
        self._later("beat", self.HEARTBEAT_SECONDS, self._beat)

    def _check(self) -> None:
        if self._acknowledged < self._beats:
            self.close(TOO_SLOW, text=feed_messages.error("invalid_request", "A heartbeat was not acknowledged."))

    def _later(self, name: str, seconds: float, work: Any) -> None:
        if not self.connection.closed:
            self._timers[name] = asyncio.get_running_loop().call_later(seconds, work)

    # --- messages -----------------------------------------------------------------------------------------------------
    async def handle(self, data: str | bytes, received_at: datetime) -> None:
        try:
            message = feed_messages.decode(data)
        except BadMessage as bad:
            self.send(feed_messages.error(bad.code, bad.message))
            return
        try:
            if message.op == "heartbeat_ack":
                self._acknowledge(message)
            else:
                async with self._busy:
                    await self._answer(message)
        except (BadMessage, Problem) as refusal:
            self.send(feed_messages.error(refusal.code, refusal.message, id=message.id))

    async def _answer(self, message: Incoming) -> None:
        if self.key is None and message.op != "auth":
            raise Problem("authentication_failed", 'Send your key first: {"op": "auth", "key": …}.')
        match message.op:
            case "auth":
                await self._authenticate(message)
            case "subscribe":
                await self._subscribe_to(message)
            case "unsubscribe":
                await self._unsubscribe_from(message)
            case _:
                raise BadMessage("op is auth, subscribe, unsubscribe or heartbeat_ack.")

    async def _authenticate(self, message: Incoming) -> None:
        if self.key is not None:
            raise BadMessage("This socket has a key already.")
        if not isinstance(message.key, str):
            raise BadMessage("key is a text.")
        token = message.key
        try:
            key = await self._open(token)
        except Problem as problem:
            self.close(SESSION_ENDED, text=feed_messages.error(problem.code, problem.message, id=message.id))
            return
        self._let_in(key, id=message.id)

    def _acknowledge(self, message: Incoming) -> None:
        n = message.n
        if isinstance(n, bool) or not isinstance(n, int) or not 0 < n <= self._beats:
            raise BadMessage("n is the number of a heartbeat that was sent.")
        self._acknowledged = max(self._acknowledged, n)

    async def _game(self, message: Incoming) -> GameFeed:
        game = DEFAULT_GAME if message.game is None else message.game
        intake = current_intake()
        if not isinstance(game, str) or not await intake.read(lambda: partner_queries.is_game(game)):
            raise Problem("not_found", "There is no such game.")
        return await game_feed(game, intake)

    async def _subscribe_to(self, message: Incoming) -> None:
        assert self.key is not None
        wanted = feed_messages.channels(message)
        since = feed_messages.since(message, wanted)
        if BETS in wanted and SEES_BETS not in self.key.scopes:
            raise Problem("insufficient_scope", f"The channel {BETS} needs the scope {SEES_BETS}.")
        game = await self._game(message)
        address = self.connection.recipient
        places = {name: _place(game.channel(name, address)) for name in wanted}
        open_bets = await self._open_bets(game.game) if BETS in wanted else []
        # From here to the end nothing waits: what happens meanwhile comes after it, and nothing is left out.
        answers: dict[str, Any] = {}
        missed: list[str] = []
        for name in wanted:
            channel = game.channel(name, address)
            rest = channel.since(since[name].epoch, since[name].seq) if name in since else None
            if rest is not None:
                answers[name] = {"epoch": since[name].epoch, "seq": since[name].seq, "recovered": True}
                missed += rest
                continue
            if name == BETS:
                # The bets were read a moment after the place was taken: what happened between is told once more.
                epoch, seq = places[name]
                missed += channel.since(epoch, seq) or []
                snapshot: Any = {"game": game.game, "bets": open_bets}
            else:
                epoch, seq = _place(channel)
                snapshot = game.snapshots.get(name, {})
            answers[name] = {"epoch": epoch, "seq": seq, "snapshot": snapshot}
            if name in since:
                answers[name]["recovered"] = False
        self.send(feed_messages.answer("subscribed", id=message.id, game=game.game, channels=answers))
        for text in missed:
            self.send(text)
        self.hub.join(self.connection, game.topic)
        self.hub.subscribe(self.connection, game.topic, wanted)

    async def _open_bets(self, game: str) -> list[feed_messages.Message]:
        assert self.key is not None
        partner_id, environment = self.key.partner_id, self.key.environment
        return await current_intake().read(lambda: partner_queries.open_bets(partner_id, environment, game))

    async def _unsubscribe_from(self, message: Incoming) -> None:
        names: Sequence[str] = feed_messages.channels(message)
        game = await self._game(message)
        self.hub.unsubscribe(self.connection, game.topic, names)
        self.send(feed_messages.answer("unsubscribed", id=message.id, game=game.game, channels=list(names)))

    # --- texts --------------------------------------------------------------------------------------------------------
    def limit_error(self, kind: Literal["rate", "size"]) -> str:
        too_long = f"The message is too long: at most {self.MAX_MESSAGE_BYTES} bytes."
        too_fast = f"Too many messages: at most {self.MESSAGES_PER_SECOND} a second."
        code = "payload_too_large" if kind == "size" else "rate_limited"
        return feed_messages.error(code, too_long if kind == "size" else too_fast)

    def internal_error(self) -> str:
        return feed_messages.error("internal_error", CATALOGUE["internal_error"][1])

    def session_error(self) -> str:
        return feed_messages.error("key_revoked", "The key of this socket has ended.")


def _place(channel: Channel) -> tuple[str, int]:
    return channel.epoch, channel.seq


async def sweep_keys() -> None:
    """
    End the feeds of keys that have expired, or were revoked by a process that this one does not hear of.

    Runs beside the server; asks nothing while no partner listens.
    """
    hub = current_hub()
    while True:
        await asyncio.sleep(SWEEP_SECONDS)
        keys = hub.keys()
        if not keys:
            continue
        try:
            hub.close_keys(await current_intake().read(lambda: key_queries.dead_keys(keys, now=system_clock.now())))  # noqa: B023 awaited here
        except Exception:
            logger.exception("keys could not be swept; tried again soon")
