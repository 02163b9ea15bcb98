"""
The socket of a player's own rounds, `/ws/<game>/solo?session=<token>` (contract section 4): the shared table's messages
and limits, and `errorResponse` for errors.
"""

from casino.lib.errors import DomainError
from casino.live.feed import Feed
from casino.live.socket import Identity
from games.crash import messages
from games.crash.consumers import CrashSocket
from games.crash.messages import Message
from games.crash.players import Seat
from games.solo import messages as solo_messages
from games.solo.heartbeat import ensure_beating
from games.solo.intake import current_solo_intake
from games.solo.players import SoloPlayer
from games.solo.publisher import topic_of
from games.solo.show import Show, shows_of


class SoloSocket(CrashSocket):
    show: Show

    def seated(self, seat: Seat, game: str) -> Identity:
        intake = current_solo_intake()
        self.show = Show((game, seat.account_id), intake, self.clock, self._tell)
        self.player = SoloPlayer(seat, game, intake, self.show)
        return self.identity_of(seat, topic_of(game))

    def _tell(self, message: Message, conflate: str | None) -> None:
        self.send(messages.encode(message), conflate=conflate)

    async def joined(self) -> None:
        ensure_beating()
        shows_of(self._feed).setdefault(self.player.seat.account_id, set()).add(self.show)
        await super().joined()
        await self.show.begin()

    async def left(self) -> None:
        self.show.stop()
        account_id = self.player.seat.account_id
        shows = shows_of(self._feed)
        here = shows.get(account_id, set())
        here.discard(self.show)
        if not here:
            shows.pop(account_id, None)
        await super().left()

    @property
    def _feed(self) -> Feed:
        return self.feeds[self.identity.topics[0]]

    def refusal(self, error: DomainError) -> str:
        return messages.encode(solo_messages.error(error))
