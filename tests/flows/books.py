"""What the database says, read past the platform: plain SQL on a connection of the test's own."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, LiteralString
from uuid import UUID

import psycopg

from games.crash.models import Round
from games.crash.rules import Course
from games.crash.sealed import course_of


class Books:
    def __init__(self, database: str) -> None:
        self.database = database
        self.connection = psycopg.connect(database, autocommit=True)

    def close(self) -> None:
        self.connection.close()

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        return self.connection.execute(sql, values).fetchall()

    def state(self, round_id: str) -> str:
        ((state,),) = self.rows("SELECT state FROM crash_round WHERE id = %s", round_id)
        return str(state)

    def engine_pid(self, game: str) -> int:
        """The process that holds the game's lease; an engine's name is `host:pid:random`."""
        ((holder,),) = self.rows("SELECT holder FROM crash_enginelease WHERE game_id = %s", game)
        return int(holder.split(":")[-2])

    def fate(self, bet_id: str) -> tuple[str, int]:
        """A bet's status and what it paid."""
        ((status, paid),) = self.rows("SELECT status, payout_minor FROM crash_bet WHERE id = %s", bet_id)
        return str(status), int(paid)

    def transfers(self, bet_id: str) -> list[tuple[str, int]]:
        """Every movement of money for a bet: code and amount, in order of code."""
        sql = "SELECT code, amount_minor FROM wallet_transfer WHERE reference = %s ORDER BY code"
        return [(str(code), int(amount)) for code, amount in self.rows(sql, bet_id)]

    def course(self, round_id: str) -> Course:
        """How a round will run; tests know the house's secret key."""
        ((sealed, tick_ms),) = self.rows("SELECT sealed, tick_ms FROM crash_round WHERE id = %s", round_id)
        return course_of(Round(id=UUID(round_id), sealed=sealed, tick_ms=tick_ms))

    @contextmanager
    def held_bet(self, bet_id: str) -> Iterator[int]:
        """Hold a bet's row, so that whoever wants to change it waits; gives the holder's process number."""
        with self._held("SELECT 1 FROM crash_bet WHERE id = %s FOR UPDATE", bet_id) as holder:
            yield holder

    @contextmanager
    def held_account(self, bet_id: str) -> Iterator[int]:
        """The same with the account that the bet was paid from."""
        account = "SELECT account_id FROM crash_bet WHERE id = %s"
        with self._held(f"SELECT 1 FROM wallet_account WHERE id = ({account}) FOR UPDATE", bet_id) as holder:  # noqa: S608 ours
            yield holder

    @contextmanager
    def _held(self, sql: LiteralString, *values: str) -> Iterator[int]:
        with psycopg.connect(self.database) as holder:
            holder.execute(sql, values)
            yield holder.info.backend_pid
            holder.rollback()

    def waiting_for(self, holder: int) -> list[str]:
        """The statements that wait for what this process holds."""
        sql = (
            "SELECT query FROM pg_stat_activity WHERE datname = current_database() AND %s = ANY(pg_blocking_pids(pid))"
        )
        return [str(query) for (query,) in self.rows(sql, holder)]
