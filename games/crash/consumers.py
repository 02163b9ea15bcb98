"""
The players' socket `/ws/<game>?session=<token>` (contract section 4): texts in and out, one domain call per message.
"""

import asyncio
import logging
from datetime import datetime
from typing import Literal
from urllib.parse import parse_qs, urlsplit
from weakref import WeakKeyDictionary

from asgiref.sync import sync_to_async
from django.conf import settings
from django.http.request import validate_host

from accounts import operations as account_operations
from accounts import queries as account_queries
from casino.lib.clock import system_clock
from casino.lib.errors import DomainError
from casino.live.hub import Hub, current_hub
from casino.live.socket import Identity, Refused, Scope, SocketBase
from games.crash import messages, queries
from games.crash.intake import Intake
from games.crash.messages import CHANNELS, Message
from games.crash.players import InternalError, Player, Seat, SessionOver, take_seat
from games.crash.publisher import topic_of
from games.crash.reality import RealityCheck

logger = logging.getLogger(__name__)

NOT_FOUND = 4404
FORBIDDEN = 4403
SWEEP_SECONDS = 20

_intakes: WeakKeyDictionary[asyncio.AbstractEventLoop, Intake] = WeakKeyDictionary()


def current_intake() -> Intake:
    """The combiners of this loop: one set per serving process."""
    loop = asyncio.get_running_loop()
    if loop not in _intakes:
        _intakes[loop] = Intake()
    return _intakes[loop]


class TooMuch(DomainError):
    code = "rate_limited"
    status = 429
    socket_code = 429


class GameNotFound(DomainError):
    code = "not_found"
    status = 404
    socket_code = 1012
    message = "There is no such game."


class WrongOrigin(DomainError):
    code = "origin_not_allowed"
    status = 403
    socket_code = 1000
    message = "This page may not open a socket here."


class CrashSocket(SocketBase):
    SOCKETS_PER_USER = settings.SOCKETS_PER_PLAYER  # shared and solo tables together

    player: Player
    reality_check: RealityCheck

    async def authenticate(self, scope: Scope) -> Identity:
        if not origin_allowed(scope):
            raise Refused(self.refusal(WrongOrigin()), FORBIDDEN)
        game: str = scope["url_route"]["kwargs"]["game"]
        token = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("session", [""])[0]
        try:
            seat = await current_intake().read(lambda: self._sit_down(game, token))
        except SessionOver as refusal:
            raise Refused(self.refusal(refusal), 4401) from None
        except GameNotFound as refusal:
            raise Refused(self.refusal(refusal), NOT_FOUND) from None
        return self.seated(seat, game)

    def seated(self, seat: Seat, game: str) -> Identity:
        """Who plays, and what their socket hears."""
        self.player = Player(seat, game, current_intake(), self._subscribe_exactly)
        return self.identity_of(seat, topic_of(game))

    @staticmethod
    def identity_of(seat: Seat, topic: str) -> Identity:
        return Identity(
            user_id=seat.player_id, session_id=seat.session_id, recipient=str(seat.account_id), topics=(topic,)
        )

    def _sit_down(self, game: str, token: str) -> Seat:
        seat = take_seat(token, now=self.clock.now())
        if queries.game_by_slug(game) is None:
            raise GameNotFound
        return seat

    async def joined(self) -> None:
        def tell(message: Message) -> None:
            self.send(messages.encode(message))

        self.reality_check = RealityCheck(self.player.seat, self.player.intake, self.clock, tell)
        await self.reality_check.start()

    async def left(self) -> None:
        self.reality_check.stop()

    async def handle(self, data: str | bytes, received_at: datetime) -> None:
        text = data if isinstance(data, str) else ""  # the protocol is text; a binary frame is no message of it
        try:
            answer = await self.player.answer(text, received_at)
        except SessionOver as over:
            self.close(4401, text=self.refusal(over))
            return
        self.send(messages.encode(answer))

    def refusal(self, error: DomainError) -> str:
        """As it is sent."""
        return messages.encode(messages.error(error))

    def limit_error(self, kind: Literal["rate", "size"]) -> str:
        too_long = f"The message is too long: at most {self.MAX_MESSAGE_BYTES} bytes."
        too_fast = f"Too many messages: at most {self.MESSAGES_PER_SECOND} a second."
        return self.refusal(TooMuch(too_long if kind == "size" else too_fast))

    def crowd_error(self) -> str:
        return self.refusal(TooMuch(f"A player opens at most {self.SOCKETS_PER_USER} sockets."))

    def internal_error(self) -> str:
        return self.refusal(InternalError())

    def session_error(self) -> str:
        return self.refusal(SessionOver())

    def _subscribe_exactly(self, channels: set[str]) -> None:
        for topic in self.identity.topics:
            self.hub.unsubscribe(self.connection, topic, set(CHANNELS) - channels)
        self.subscribe(*channels)


class NoSuchSocket(SocketBase):
    """What every other path answers."""

    async def authenticate(self, scope: Scope) -> Identity:
        raise Refused(messages.encode(messages.error(GameNotFound("There is nothing at this address."))), NOT_FOUND)

    def internal_error(self) -> str:
        return messages.encode(messages.error(InternalError()))


def origin_allowed(scope: Scope) -> bool:
    """Browsers name the page that opens a socket: it must be ours. Other clients name none and need a token anyway."""
    origin = dict(scope["headers"]).get(b"origin")
    if origin is None:
        return True
    host = urlsplit(origin.decode("latin-1")).netloc.rpartition("@")[2]
    name = host if host.startswith("[") and host.endswith("]") else host.rsplit(":", 1)[0] if ":" in host else host
    return validate_host(name.lower(), [*settings.ALLOWED_HOSTS, *settings.SOCKET_ALLOWED_HOSTS])


async def sweep_sessions() -> None:
    """Write down when sessions were last used, and end the sockets of those that are over. Runs beside the server."""
    hub = current_hub()
    while True:
        await asyncio.sleep(SWEEP_SECONDS)
        try:
            await sweep_once(hub)
        except Exception:
            logger.exception("sessions could not be swept; tried again soon")


async def sweep_once(hub: Hub) -> None:
    seen, open_sessions = hub.take_seen(), hub.sessions()
    await sync_to_async(account_operations.touch_sessions)(seen)
    ended = await sync_to_async(account_queries.ended_sessions)(open_sessions, now=system_clock.now())
    hub.close_sessions(ended)
