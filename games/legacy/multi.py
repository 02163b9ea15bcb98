"""
`/multi`: up to 50 actions in one request, in order; an answer for each in the same order. A failed one is
`{"error_code", "details", "message"}` in its place, and the others go on.

Bets that follow one another are one run, and a run is one transaction; anything else between them ends it and sees what
it has done. A bet that cannot even be read ends no run.
"""

import logging
from collections.abc import Sequence
from typing import Any

from casino.lib.errors import DomainError
from games.instant.intake import desk
from games.legacy import actions
from games.legacy.actions import Visit, Wish
from games.legacy.dialects import ONE, Json
from games.legacy.errors import Refusal
from games.legacy.params import Params, exactly

logger = logging.getLogger(__name__)

PATH = "/multi"
MOST = 50


def actions_of(params: Params) -> list[Any]:
    """The list that the parameter `actions` holds, as JSON or (in a JSON body) as it is. Raises a Refusal."""
    given = params.get("actions")
    if isinstance(given, str):
        try:
            given = exactly(given)
        except Refusal as refusal:
            raise Refusal(400, "actions", message="actions is not JSON.") from refusal
    if not isinstance(given, list) or not 1 <= len(given) <= MOST:
        raise Refusal(400, "actions", message=f"actions is a JSON array of 1 to {MOST} actions.")
    return given


def changes_something(wanted: Sequence[Any]) -> bool:
    for action in wanted:
        try:
            if _read(action)[0].changes:
                return True
        except Refusal:
            continue
    return False


def failed(refusal: Refusal) -> Json:
    return ONE.error(refusal)


def carry_out(visit: Visit, wanted: Sequence[Any], *, unless: Refusal | None, no_change: Refusal | None) -> list[Any]:
    """`unless` is why nothing of this request may be done, `no_change` why nothing may be changed by it."""
    answers: list[Any] = [None] * len(wanted)
    run: list[tuple[int, Wish]] = []
    for i, action in enumerate(wanted):
        try:
            if unless is not None:
                raise unless
            kind, parts, params = _read(action)
            if kind.changes and no_change is not None:
                raise no_change
            if kind.run is not actions.place:
                _play(visit, run, answers)
            answer = kind.run(visit, params, parts)
        except Refusal as refusal:
            answers[i] = failed(refusal)
            continue
        except DomainError as error:
            answers[i] = failed(Refusal.of(error))
            continue
        except Exception:
            answers[i] = _unexpected()
            continue
        if isinstance(answer, Wish):
            run.append((i, answer))
        else:
            answers[i] = answer
    _play(visit, run, answers)
    return answers


def _play(visit: Visit, run: list[tuple[int, Wish]], answers: list[Any]) -> None:
    """The run so far, as one transaction; it is empty afterwards."""
    if not run:
        return
    bets = run[:]
    run.clear()
    try:
        played = _submitted([wish for _, wish in bets])
    except Exception:
        for i, _ in bets:
            answers[i] = _unexpected()
        return
    for (i, wish), answer in zip(bets, played, strict=True):
        try:
            answers[i] = wish.answer(answer, visit.dialect)
        except Refusal as refusal:
            answers[i] = failed(refusal)


def _submitted(wishes: Sequence[Wish]) -> Sequence[Any]:
    try:
        return desk.submit([wish.request for wish in wishes])
    except DomainError as refusal:  # the whole run was turned away, and nothing of it was taken on
        return [refusal] * len(wishes)


def _unexpected() -> Json:
    """In its place, like any failure: what came before it is done, and its answers must not be lost with it."""
    logger.exception("an action of /multi failed")
    return failed(Refusal(500))


def _read(action: Any) -> tuple[actions.Action, dict[str, str], Params]:
    """Which action it is, and with which parameters. Raises a Refusal."""
    path = action.get("action") if isinstance(action, dict) else None
    if not isinstance(path, str):
        raise Refusal(400, "action", message="An action is an object with the property action, a path.")
    if path == PATH:
        raise Refusal(400, "action", message="multi cannot be an action of multi.")
    kind, parts = actions.found(path)
    params = {name: value for name, value in action.items() if name != "action"}
    if "api_key" in params:
        raise Refusal(400, "api_key", message="The API key is of the whole request, not of an action.")
    return kind, parts, params
