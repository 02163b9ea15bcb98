"""
Does an operator's server keep the protocol? Every rule of docs/operators.md as a case that is played against it.

A case passes, or raises `Failed` with what is wrong in words that its programmer can use. Cases do not lean on one
another: each makes its own bets, and leaves the player with the money that it found where the operator does its part.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from statistics import median

from casino.lib.ids import uuid7
from wallet.operators.client import ListUnavailable, OperatorClients
from wallet.operators.protocol import Call, Confirmed, Listed
from wallet.operators.talking import STAKE, Failed, Json, Skipped, Subject, Talk, accepted, refund_of, refused, win_of

WON = 5  # minor units
NEEDED = 10  # minor units that the player must have
TOO_OLD = 400  # seconds


@dataclass(frozen=True, slots=True)
class Result:
    verdict: str  # PASS, FAIL or SKIP
    name: str
    words: str = ""


async def authentication(talk: Talk) -> None:
    who = {"user": talk.subject.user, "currency": talk.subject.currency, "denominator": talk.subject.denominator}
    who |= {"token": talk.subject.token} if talk.subject.token else {}
    told = accepted(await talk.say(Call.AUTHENTICATE, who)).balance_minor
    await talk.must_have(told, f"/authenticate said {told}")
    if told < NEEDED:
        raise Failed(f"the player has {told} minor units; the check needs at least {NEEDED}")


async def ended_session(talk: Talk) -> None:
    if not talk.subject.token:
        raise Skipped("no --token was given")
    who = {"user": talk.subject.user, "currency": talk.subject.currency, "token": f"check-{uuid7()}"}
    refused(await talk.say(Call.AUTHENTICATE, who), 403, "session_expired")


async def _moves_once(talk: Talk, call: Call, body: Json, change: int) -> None:
    """The call moves the money, says so, and its repetition gives the same answer and moves nothing."""
    before = await talk.balance()
    first = await talk.say(call, body)
    told = accepted(first).balance_minor
    if told != before + change:
        raise Failed(f"/{call} of {body['amount']} answered a balance of {told}; it was {before} before")
    await talk.must_have(before + change, f"a {call} of {body['amount']}")
    again = await talk.say(call, body)
    accepted(again)
    await talk.must_have(before + change, f"the same {call} sent twice")
    if again.said != first.said:
        raise Failed(f"the same {call} sent twice was answered {first.said} and then {again.said}")


async def bet_moves_once(talk: Talk) -> None:
    bet = talk.new_bet()
    await _moves_once(talk, Call.BET, bet, -STAKE)
    await talk.undo(bet)


async def win_moves_once(talk: Talk) -> None:
    await _moves_once(talk, Call.WIN, win_of(await talk.placed(), WON), WON)


async def win_of_nothing(talk: Talk) -> None:
    await _moves_once(talk, Call.WIN, win_of(await talk.placed(), 0), 0)


async def refund_moves_once(talk: Talk) -> None:
    await _moves_once(talk, Call.REFUND, refund_of(await talk.placed()), STAKE)


async def refund_before_its_bet(talk: Talk) -> None:
    refund = refund_of(talk.new_bet())
    talk.booked[refund["transaction_id"]] = ("refund", 0, False)
    await _moves_once(talk, Call.REFUND, refund, 0)


async def late_bet(talk: Talk) -> None:
    bet = talk.new_bet()
    before = await talk.balance()
    refund = refund_of(bet)
    accepted(await talk.say(Call.REFUND, refund))
    talk.booked[refund["transaction_id"]] = ("refund", 0, False)
    refused(await talk.say(Call.BET, bet), 409, "bet_refunded")
    await talk.must_have(before, "a bet that came after its refund")


async def refund_after_a_win(talk: Talk) -> None:
    for amount in (WON, 0):
        bet = await talk.placed()
        accepted(await talk.say(Call.WIN, win_of(bet, amount)))
        before = await talk.balance()
        refused(await talk.say(Call.REFUND, refund_of(bet)), 409, "bet_settled")
        await talk.must_have(before, f"a refund after a win of {amount}")


async def win_after_a_refund(talk: Talk) -> None:
    bet = await talk.placed()
    await talk.undo(bet)
    before = await talk.balance()
    refused(await talk.say(Call.WIN, win_of(bet, WON)), 409, "bet_refunded")
    await talk.must_have(before, "a win for a refunded bet")


async def second_win(talk: Talk) -> None:
    bet = await talk.placed()
    accepted(await talk.say(Call.WIN, win_of(bet, WON)))
    before = await talk.balance()
    refused(await talk.say(Call.WIN, win_of(bet, WON)), 409, "bet_settled")
    await talk.must_have(before, "a second win for the same bet")


async def no_money(talk: Talk) -> None:
    before = await talk.balance()
    told = refused(await talk.say(Call.BET, talk.new_bet(before + 1)), 402, "insufficient_funds").balance_minor
    if told != before:
        raise Failed(f"402 insufficient_funds carries a balance of {told}, not {before}")
    await talk.must_have(before, "a bet that was refused for want of money")


async def used_id(talk: Talk) -> None:
    bet = await talk.placed()
    before = await talk.balance()
    for call, body in (
        (Call.BET, {**bet, "amount": STAKE + 1}),
        (Call.BET, {**bet, "round_id": "another"}),
        (Call.WIN, {**win_of(bet, WON), "transaction_id": bet["transaction_id"]}),
    ):
        refused(await talk.say(call, body), 409, "transaction_mismatch")
    await talk.must_have(before, "calls with a transaction_id that was used for another")
    refund = {**refund_of(bet), "multiplier": None}
    accepted(await talk.say(Call.REFUND, refund))
    refused(await talk.say(Call.WIN, refund), 409, "transaction_mismatch")
    await talk.must_have(before + STAKE, "a win under the transaction_id of a refund")


async def wrong_signature(talk: Talk) -> None:
    before = await talk.balance()
    heard = await talk.say(Call.BET, talk.new_bet(), secret=talk.subject.endpoint.secret + "x")
    refused(heard, 401, "authentication_failed")
    await talk.must_have(before, "a bet with a wrong signature")


async def wrong_time(talk: Talk) -> None:
    before = await talk.balance()
    for off in (-TOO_OLD, TOO_OLD):
        refused(await talk.say(Call.BET, talk.new_bet(), off=off), 401, "authentication_failed")
    await talk.must_have(before, f"a bet signed {TOO_OLD} seconds off")


async def unknown_player(talk: Talk) -> None:
    refused(await talk.say(Call.BET, talk.new_bet(user=f"check-{uuid7()}")), 404, "player_not_found")


async def wrong_money(talk: Talk) -> None:
    before = await talk.balance()
    for other in ({"currency": "XTS"}, {"denominator": talk.subject.denominator * 10}):
        refused(await talk.say(Call.BET, talk.new_bet(**other)), 422, "invalid_request")
    await talk.must_have(before, "bets in another currency or denominator")


async def impossible_amounts(talk: Talk) -> None:
    before = await talk.balance()
    for amount in (-STAKE, 0, 1.5, "2", True, None):
        refused(await talk.say(Call.BET, talk.new_bet(amount=amount)), 422, "invalid_request")
    await talk.must_have(before, "bets of impossible amounts")


async def not_json(talk: Talk) -> None:
    for content in (b"{", b"[]", b""):
        refused(await talk.send("/bet", content), 422, "invalid_request")


async def unknown_path(talk: Talk) -> None:
    heard = await talk.send(f"/check-{uuid7()}", b"{}")
    if heard.status != 404:
        raise Failed(f"a path that is none was answered {heard.status}, not 404")


async def same_bet_at_once(talk: Talk) -> None:
    before, bet = await talk.balance(), talk.new_bet()
    for heard in await asyncio.gather(*(talk.say(Call.BET, bet) for _ in range(5))):
        accepted(heard)
    await talk.must_have(before - STAKE, "the same bet five times at once")
    await talk.undo(bet)


async def more_than_there_is(talk: Talk) -> None:
    before = await talk.balance()
    third = before // 3
    bets = [talk.new_bet(third) for _ in range(6)]
    heard = await asyncio.gather(*(talk.say(Call.BET, bet) for bet in bets))
    taken = [bet for bet, one in zip(bets, heard, strict=True) if isinstance(one.verdict, Confirmed)]
    for one in heard:
        if not isinstance(one.verdict, Confirmed):
            refused(one, 402, "insufficient_funds")
    if len(taken) != 3:
        raise Failed(f"of six bets at once, each of a third of the balance, {len(taken)} were accepted")
    await talk.must_have(before - 3 * third, "six bets at once, each of a third of the balance")
    await talk.undo(*taken)


async def blocked_player(talk: Talk) -> None:
    if not talk.subject.blocked_user:
        raise Skipped("no --blocked-user was given")
    bet = talk.new_bet(user=talk.subject.blocked_user)
    refused(await talk.say(Call.BET, bet), 403, "player_blocked")
    refund = refund_of(bet)
    accepted(await talk.say(Call.REFUND, refund))
    talk.booked[refund["transaction_id"]] = ("refund", 0, False)


async def list_by_day(talk: Talk, days: Iterable[date]) -> None:
    found: dict[str, list[Listed]] = {}
    for day in days:
        try:
            async for row in talk.clients.transactions(talk.subject.endpoint, day):
                found.setdefault(row.transaction_id, []).append(row)
        except ListUnavailable as problem:
            raise Failed(f"/transactions of {day}: {problem}") from None
    for name, (kind, amount, booked) in talk.booked.items():
        rows = found.get(name, [])
        if len(rows) != 1:
            raise Failed(f"the {kind} {name} of {amount} stands {len(rows)} times in the list")
        if (rows[0].kind, rows[0].amount, rows[0].booked) != (kind, amount, booked):
            raise Failed(f"the {kind} {name} of {amount} is listed as {rows[0].kind} of {rows[0].amount}")
    listed = [name for name in talk.refused if name in found]
    if listed:
        raise Failed(f"{listed[0]} was refused and is listed all the same")


async def latency(talk: Talk) -> str:
    if not talk.times_ms:
        raise Failed("nothing was answered")
    middle = median(talk.times_ms)
    figure = f"{len(talk.times_ms)} answers, median {middle:.0f} ms, slowest {max(talk.times_ms):.0f} ms"
    if middle > talk.subject.latency_ms:
        raise Failed(f"{figure}; asked for are {talk.subject.latency_ms:.0f} ms")
    return figure


CASES: dict[str, Callable[[Talk], Awaitable[str | None]]] = {
    "authenticate and balance tell the same": authentication,
    "a session that has ended is refused": ended_session,
    "a bet takes its stake once": bet_moves_once,
    "a win is paid once": win_moves_once,
    "a win of 0 closes its bet": win_of_nothing,
    "a refund gives the stake back once": refund_moves_once,
    "a refund before its bet is accepted and moves nothing": refund_before_its_bet,
    "a bet that comes after its refund is refused": late_bet,
    "a refund after a win is refused": refund_after_a_win,
    "a win for a refunded bet is refused": win_after_a_refund,
    "a second win for a bet is refused": second_win,
    "a bet without money is refused with the balance": no_money,
    "a used transaction_id with another body is refused": used_id,
    "a wrong signature is refused": wrong_signature,
    "a time five minutes off is refused": wrong_time,
    "an unknown player is refused": unknown_player,
    "another currency or denominator is refused": wrong_money,
    "an impossible amount is refused": impossible_amounts,
    "what is not JSON is refused": not_json,
    "an unknown path is not found": unknown_path,
    "the same bet at once moves money once": same_bet_at_once,
    "bets at once take no more than there is": more_than_there_is,
    "a blocked player may not bet and is still refunded": blocked_player,
}


async def check(subject: Subject) -> AsyncIterator[Result]:
    """Every case, one after the other, as each is done."""
    clients = OperatorClients()
    talk = Talk(subject, clients)
    began = datetime.now(UTC).date()
    try:
        for name, case in CASES.items():
            yield await _played(name, case(talk))
        days = sorted({began, datetime.now(UTC).date()})
        yield await _played("the list by day has all of it, once", list_by_day(talk, days))
        yield await _played("answers come quickly", latency(talk))
    finally:
        await clients.aclose()


async def _played(name: str, case: Awaitable[str | None]) -> Result:
    try:
        return Result("PASS", name, await case or "")
    except Failed as problem:
        return Result("FAIL", name, str(problem))
    except Skipped as why:
        return Result("SKIP", name, str(why))
