"""
The hub: one text, encoded once, to every socket of this process. It knows no game and awaits no client (how it manages
that: `casino.live.connection`). All of it runs on one event loop; `current_hub()` is that loop's hub.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from weakref import WeakKeyDictionary

import msgspec

from casino.live.connection import DEFAULT_LIMITS, KEY_ENDED, SESSION_ENDED, Connection, Limits, text_frame

REMEMBERED = 10_000  # sessions and keys that have ended


def encode(message: Mapping[str, Any]) -> str:
    return msgspec.json.encode(message).decode()


class _Room:
    """The sockets joined to one topic."""

    __slots__ = ("channels", "members", "recipients")

    def __init__(self) -> None:
        self.members: set[Connection] = set()
        self.channels: dict[str, set[Connection]] = {}
        self.recipients: dict[str, set[Connection]] = {}


class Hub:
    """All sockets of this process, by topic, by session and by user."""

    def __init__(self, *, limits: Limits = DEFAULT_LIMITS) -> None:
        self.limits = limits
        self.connections: set[Connection] = set()
        self.busy: set[Connection] = set()
        self.feeds: dict[str, Any] = {}  # topic → Feed, kept here so that a loop's feeds live as long as its hub
        self.delivered = 0
        self.conflated = 0
        self.closed_slow = 0
        self._rooms: dict[str, _Room] = {}
        self._sessions: dict[int, set[Connection]] = {}
        self._users: dict[int, set[Connection]] = {}
        self._ended_sessions: OrderedDict[int, None] = OrderedDict()
        self._keys: dict[int, set[Connection]] = {}
        self._ended_keys: OrderedDict[int, None] = OrderedDict()
        self._seen: dict[int, datetime] = {}

    # --- who is here --------------------------------------------------------------------------------------------------
    def add(self, connection: Connection) -> None:
        """Take a socket in. One whose session was ended while it was being opened is closed right away."""
        self.connections.add(connection)
        if connection.user_id is not None:
            self._users.setdefault(connection.user_id, set()).add(connection)
        if connection.session_id is not None:
            self._sessions.setdefault(connection.session_id, set()).add(connection)
            if connection.session_id in self._ended_sessions:
                connection.close(SESSION_ENDED, text=connection.farewell)

    def hold_key(self, connection: Connection, key_id: int) -> None:
        """The socket was opened with a partner's key, and ends with it; at once where that has ended meanwhile."""
        connection.key_id = key_id
        self._keys.setdefault(key_id, set()).add(connection)
        if key_id in self._ended_keys:
            connection.close(KEY_ENDED, text=connection.farewell)

    def sockets_of_key(self, key_id: int) -> int:
        return len(self._keys.get(key_id, ()))

    def sockets_of_user(self, user_id: int) -> int:
        return len(self._users.get(user_id, ()))

    def keys(self) -> list[int]:
        return list(self._keys)

    def join(self, connection: Connection, topic: str) -> None:
        if connection.closed:
            return
        room = self._rooms.setdefault(topic, _Room())
        room.members.add(connection)
        room.recipients.setdefault(connection.recipient, set()).add(connection)
        connection.topics.add(topic)

    def leave(self, connection: Connection, topic: str) -> None:
        connection.topics.discard(topic)
        room = self._rooms.get(topic)
        if room is None:
            return
        room.members.discard(connection)
        _discard(room.recipients, connection.recipient, connection)
        for channel in list(room.channels):
            _discard(room.channels, channel, connection)
        if not room.members:
            del self._rooms[topic]

    def subscribe(self, connection: Connection, topic: str, channels: Iterable[str]) -> None:
        """Opt in to channels of a topic the socket has joined."""
        if topic in connection.topics:
            for channel in channels:
                self._rooms[topic].channels.setdefault(channel, set()).add(connection)

    def unsubscribe(self, connection: Connection, topic: str, channels: Iterable[str]) -> None:
        if topic in connection.topics:
            for channel in channels:
                _discard(self._rooms[topic].channels, channel, connection)

    def remove(self, connection: Connection) -> None:
        self.connections.discard(connection)
        for topic in list(connection.topics):
            self.leave(connection, topic)
        if connection.user_id is not None:
            _discard(self._users, connection.user_id, connection)
        if connection.session_id is not None:
            _discard(self._sessions, connection.session_id, connection)
        if connection.key_id is not None:
            _discard(self._keys, connection.key_id, connection)

    def connections_of(self, user_id: int) -> list[Connection]:
        return list(self._users.get(user_id, ()))

    def sessions(self) -> list[int]:
        return list(self._sessions)

    def has_subscribers(self, topic: str, channel: str) -> bool:
        room = self._rooms.get(topic)
        return room is not None and channel in room.channels

    def note_seen(self, connection: Connection, at: datetime) -> None:
        connection.seen_at = at
        if connection.session_id is not None:
            self._seen[connection.session_id] = at

    def take_seen(self) -> dict[int, datetime]:
        """When each session last sent something, of those that did since this was last asked."""
        seen, self._seen = self._seen, {}
        return seen

    # --- telling them -------------------------------------------------------------------------------------------------
    def broadcast(self, topic: str, text: str, *, conflate: str | None = None, channel: str | None = None) -> int:
        """One text to every socket of a topic (or of one opt-in channel of it); to how many it went."""
        room = self._rooms.get(topic)
        if room is None:
            return 0
        members = room.members if channel is None else room.channels.get(channel, ())
        return self._deliver(members, text, conflate)

    def to_recipient(self, topic: str, recipient: str, text: str, *, channel: str | None = None) -> int:
        """One text to the sockets of one party (with `channel`, only to those that opted in)."""
        room = self._rooms.get(topic)
        if room is None:
            return 0
        members: Iterable[Connection] = room.recipients.get(recipient, ())
        if channel is not None:
            subscribed = room.channels.get(channel, ())
            members = [connection for connection in members if connection in subscribed]
        return self._deliver(members, text, None)

    def to_user(self, topic: str, user_id: int, text: str) -> int:
        """One text to every socket of a user in a topic, whatever it plays with."""
        return self._deliver([c for c in self._users.get(user_id, ()) if topic in c.topics], text, None)

    def close_sessions(self, session_ids: Iterable[int], *, code: int = SESSION_ENDED) -> int:
        """Close every socket of these sessions, and any that is still being opened with one of them."""
        return _close_all(session_ids, self._sessions, self._ended_sessions, code)

    def close_keys(self, key_ids: Iterable[int], *, code: int = KEY_ENDED) -> int:
        """Close every socket that these keys opened, and any that is still being opened with one of them."""
        return _close_all(key_ids, self._keys, self._ended_keys, code)

    def abort_busy(self) -> None:
        """End the sockets that do not read, so that a shutdown does not wait for them."""
        for connection in list(self.busy):
            connection.abort()

    def counts(self) -> dict[str, int]:
        """For metrics: gauges and totals since the start."""
        return {
            "connections": len(self.connections),
            "users": len(self._users),
            "sessions": len(self._sessions),
            "busy": len(self.busy),
            "delivered": self.delivered,
            "conflated": self.conflated,
            "closed_slow": self.closed_slow,
            **{f"topic:{topic}": len(room.members) for topic, room in self._rooms.items()},
        }

    def _deliver(self, members: Iterable[Connection], text: str, conflate: str | None) -> int:
        frame = text_frame(text)
        told = list(members)  # a delivery that fails removes its socket
        for connection in told:
            connection.deliver(frame, conflate)
        self.delivered += len(told)
        return len(told)


def _close_all(ids: Iterable[int], index: dict[int, set[Connection]], ended: OrderedDict[int, None], code: int) -> int:
    closed = 0
    for one in ids:
        ended[one] = None
        while len(ended) > REMEMBERED:
            ended.popitem(last=False)
        for connection in list(index.get(one, ())):
            connection.close(code, text=connection.farewell)
            closed += 1
    return closed


def _discard(index: dict[Any, set[Connection]], key: Any, connection: Connection) -> None:
    group = index.get(key)
    if group is not None:
        group.discard(connection)
        if not group:
            del index[key]


_hubs: "WeakKeyDictionary[asyncio.AbstractEventLoop, Hub]" = WeakKeyDictionary()


def current_hub() -> Hub:
    """The hub of the running event loop; a serving process has one loop, so it is the process's."""
    loop = asyncio.get_running_loop()
    hub = _hubs.get(loop)
    if hub is None:
        hub = _hubs[loop] = Hub()
    return hub
