"""Whatever is wrong with a request, it is said in its dialect, and nothing has moved."""

import json
import re
from typing import Any

import pytest

from games.instant.models import InstantBet, InstantGame
from games.legacy.errors import OF_STATUS
from tests.legacy.kit import BEARER, BETS, Answer, Bot
from tests.servers import ROOT

TOO_MANY_DIGITS = "1" * 5000
HUGE = "1e400"
SHELL = [0, 1, 1, 1, 1, 0, 0, 0, 0]


def refused_alike(old: Answer, new: Answer, status: int, detail: str) -> None:
    """In both dialects, each in its own words."""
    assert (old.status, new.status) == (status, status), (old.text, new.text)
    assert old.body == {"success": False, "error": new.body["message"]}
    assert (new.body["error_code"], new.details) == (status, [detail])
    assert new.body["message"]


def raw(bot: Bot, path: str, body: str) -> tuple[Answer, Answer]:
    """A JSON body as it stands, at both."""
    return tuple(
        bot.send("POST", f"/api/{at}{path}", body.encode(), "application/json", Authorization=f"{BEARER} {bot.key}")
        for at in ("v1", "1")
    )  # type: ignore[return-value]


# game, what is wrong with the bet (JSON as it stands, for what Python cannot write), status, detail
REFUSED: list[tuple[str, str, str, int, str]] = [
    *[
        (game, "clientseed", seed, 400, "clientseed")
        for game in BETS
        for seed in ("-2", str(2**32), "1.5", '"x"', "true", "null", "[1]", "1e3", TOO_MANY_DIGITS[:4000], '""')
    ],
    *[("dice", "range", width, 400, "range") for width in ("0", "-1", str(2**32), "1.5", '"a"', "true", "null", "{}")],
    *[("dice", "target", side, 400, "target") for side in ("2", "-1", '"low"', "null", "true")],
    *[
        ("shell", "weights", weights, 400, "weights")
        for weights in (
            "[0,-1,1,1,1,0,0,0,0]",
            "[0,1,1,1,1,0,0,0]",
            "[0,1,1,1,1,0,0,0,0,0]",
            "[]",
            "[0,0,0,0,0,0,0,0,0]",
            "[5,0,0,0,0,0,0,0,0]",
            "[0,1e7,1,1,1,0,0,0,0]",
            "[0,1e400,1,1,1,0,0,0,0]",
            "[0,1e-99999999,1,1,1,0,0,0,0]",
            '[0,"1e-99999999",1,1,1,0,0,0,0]',
            "[0,0.0000001,1,1,1,0,0,0,0]",
            "[0,1000000,0,0,0,0,0,0,0.000001]",
            '[0,"a",1,1,1,0,0,0,0]',
            '[0,"NaN",1,1,1,0,0,0,0]',
            '["Infinity",1,1,1,1,0,0,0,0]',
            "[0,true,1,1,1,0,0,0,0]",
            "[0,null,1,1,1,0,0,0,0]",
            "[0,[1],1,1,1,0,0,0,0]",
            "7",
            "null",
            '"0,1"',
            '"[0,1"',
            '{"0":1}',
        )
    ],
    *[("shell", "picked", shell, 400, "picked") for shell in ("3", "-1", '"left"', "null", "1.5")],
    *[
        ("slots", "wager", wager, 400, "wager")
        for wager in (
            "0",
            "0.00",
            "-5",
            "-0.01",
            "1.001",
            "0.0001",
            "1e-400",
            "1e-99999999",
            f"1.{'0' * 60}1",
            HUGE,
            "1e99999999",
            "-1e99999999",
            TOO_MANY_DIGITS[:4000],
            "true",
            "null",
            "[5]",
            "{}",
            '"five"',
            '"NaN"',
            '"Infinity"',
            '"1e3"',
            '"-5"',
            '""',
            '"5,00"',
            '" "',
            '"0x10"',
        )
    ],
    ("slots", "wager", "0.99", 422, "amount_below_minimum"),
    ("slots", "wager", "5000.01", 422, "amount_above_maximum"),
    ("slots", "wager", "1000.01", 402, "insufficient_funds"),
    *[("dice", name, '"--5"', 400, name) for name in ("range", "target", "clientseed")],
    ("slots", "hash", '"0"', 400, "hash"),
    ("slots", "hash", "5", 400, "hash"),
    ("slots", "hash", f'"{"0" * 64}"', 409, "hash_used"),
]


def test_every_wrong_bet_is_refused_with_its_field_and_moves_nothing(alice: Bot) -> None:
    promised = alice.get("/v1/user").body["hash"]
    for game, name, value, status, detail in REFUSED:
        bet = json.dumps({key: given for key, given in BETS[game].items() if key != name})
        body = f'{bet[:-1]}, "{name}": {value}}}'
        old, new = raw(alice, f"/games/{game}/bet", body)
        try:
            refused_alike(old, new, status, detail)
        except AssertionError as wrong:
            raise AssertionError(f"{game} {name}={value[:60]}: {wrong}") from wrong
    assert alice.money == 1000
    assert alice.get("/v1/user").body["hash"] == promised
    assert not InstantBet.objects.filter(player=alice.player).exists()


def test_a_parameter_that_is_missing_is_named(alice: Bot) -> None:
    for game, name in (("dice", "range"), ("dice", "target"), ("shell", "weights"), ("shell", "picked"), *NO_WAGER):
        refused_alike(alice.bet(game, **{name: None}), alice.bet(game, at="/1", **{name: None}), 400, name)


NO_WAGER = [(game, "wager") for game in BETS]


def test_what_could_win_more_than_the_house_pays_is_refused_with_the_amount(alice: Bot) -> None:
    from wallet.bankroll.models import Bankroll
    from wallet.bankroll.queries import forget

    Bankroll.objects.filter(book="BRL").update(capital_minor=10_000_00, gain_minor=0, max_win_bps=100)  # 100.00
    forget()
    old, new = alice.bet("slots"), alice.bet("slots", at="/1")
    refused_alike(old, new, 422, "amount_above_maximum")
    assert new.body["message"] == "This bet could win more than the house pays on one bet: 100.00 BRL."
    assert alice.bet("dice", range=1).status == 200, "dice pays the maximum win instead"


# A body that is no JSON object: NaN and the like are not JSON, and a name that stands twice could mean either.
UNREADABLE = [
    "{",
    "[]",
    "5",
    '"wager"',
    "null",
    "wager=5",
    '{"wager": NaN}',
    '{"wager": Infinity}',
    '{"wager": -Infinity}',
    '{"wager": 1e99999999999999999999}',
    f'{{"wager": {TOO_MANY_DIGITS}}}',
    '{"wager": 5, "wager": 6}',
    "[" * 5000,
    '{"a":' * 5000,
    "\xff",
]


@pytest.mark.parametrize("body", UNREADABLE, ids=lambda body: body[:25])
def test_a_body_that_is_no_json_object_is_refused(alice: Bot, body: str) -> None:
    for path in ("/games/slots/bet", "/new_hash"):
        refused_alike(*raw(alice, path, body), 400, "request")


def test_a_body_of_another_kind_is_refused(alice: Bot) -> None:
    for kind in ("text/plain", "application/xml", "application/octet-stream"):
        old, new = (
            alice.send("POST", f"/api/{at}/games/slots/bet", b"wager=5", kind, Authorization=f"{BEARER} {alice.key}")
            for at in ("v1", "1")
        )
        refused_alike(old, new, 415, "content_type")
    broken = "multipart/form-data"  # without its boundary
    answer = alice.send("POST", "/api/1/games/slots/bet", b"x", broken, Authorization=f"{BEARER} {alice.key}")
    assert (answer.status, answer.details) == (400, ["request"])


def test_a_body_above_64_kib_is_refused_and_one_of_64_kib_is_read(alice: Bot) -> None:
    bet = json.dumps(BETS["slots"])
    refused_alike(*raw(alice, "/games/slots/bet", bet + " " * (64 * 1024 + 1 - len(bet))), 413, "body")
    old, new = raw(alice, "/games/slots/bet", bet + " " * (64 * 1024 - len(bet)))
    assert (old.status, new.status) == (200, 200)


def test_a_body_whose_length_is_not_told_is_not_taken_for_an_empty_one(alice: Bot) -> None:
    headers = {"Authorization": f"{BEARER} {alice.key}", "Transfer-Encoding": "chunked"}
    old, new = (alice.send("POST", f"/api/{at}/games/slots/bet", **headers) for at in ("v1", "1"))
    refused_alike(old, new, 411, "body")


def test_a_form_with_a_thousand_fields_is_refused(alice: Bot) -> None:
    fields = {f"f{i}": "1" for i in range(1001)}
    answers = alice.form("/v1/games/slots/bet", **fields), alice.form("/1/games/slots/bet", **fields)
    refused_alike(*answers, 400, "request")
    assert alice.get("/1/user", **fields).status == 400


NOWHERE = ["/games/ducks/bet", "/games/slots/bets/", "/games/slots/bet/", "/games/bets/7", "/new_hash/1"]
NOWHERE += ["/games/slots/bets/x", f"/games/slots/bets/{'9' * 30}", "/games/slots/bets/999999", "/games/SLOTS/bets/1"]
NOWHERE += ["/games/slots/bets/١", "/games/a%00b/bet"]


@pytest.mark.parametrize("path", NOWHERE)
def test_what_does_not_exist_is_not_found(alice: Bot, path: str) -> None:
    for method in ("GET", "POST"):
        old, new = (alice.send(method, f"/api/{at}{path}", Authorization=f"{BEARER} {alice.key}") for at in ("v1", "1"))
        if path.endswith("ducks/bet") and method == "GET":
            refused_alike(old, new, 405, "method")
        elif path[-1:].isdigit() and method == "POST" and old.status == 405:
            assert new.status in (404, 405)  # the new dialect reads by POST as well
        else:
            refused_alike(old, new, 404, "not_found")


@pytest.mark.parametrize("path", ["", "/", "/ducks", "/multi/", "/site", "/site/bankrolls/x", "/.env", "/user/balance"])
def test_everything_below_the_new_dialect_is_answered_in_it(alice: Bot, path: str) -> None:
    answer = alice.send("GET", f"/api/1{path}", Authorization=f"{BEARER} {alice.key}")
    assert (answer.status, answer.body) == (
        404,
        {"error_code": 404, "details": ["not_found"], "message": "There is no such action."},
    )
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_wrong_method_says_which_are_right(alice: Bot) -> None:
    authorization = f"{BEARER} {alice.key}"
    for path, method, allowed in (
        ("v1/user", "POST", "GET, HEAD"),
        ("v1/user", "DELETE", "GET, HEAD"),
        ("v1/games/bets", "PUT", "GET, HEAD"),
        ("v1/new_hash", "GET", "POST"),
        ("v1/games/dice/bet", "GET", "POST"),
        ("1/games/dice/bet", "GET", "POST"),
        ("1/new_hash", "GET", "POST"),
        ("1/user", "PUT", "GET, HEAD, POST"),
        ("1/multi", "PUT", "GET, HEAD, POST"),
        ("1/site/bankrolls", "OPTIONS", "GET, HEAD, POST"),
    ):
        answer = alice.send(method, f"/api/{path}", Authorization=authorization)
        assert (answer.status, answer.headers["Allow"]) == (405, allowed), path
        assert answer.details == ["method"] if path.startswith("1/") else not answer.body["success"]


def test_a_game_that_is_off_and_a_currency_that_is_not_played_say_so(alice: Bot, make_bot: Any) -> None:
    InstantGame.objects.filter(pk="slots").update(enabled=False)
    refused_alike(alice.bet("slots"), alice.bet("slots", at="/1"), 503, "temporarily_unavailable")
    assert alice.bet("dice").status == 200


def test_what_nobody_expected_is_an_error_of_the_dialect_without_a_word_about_it(
    alice: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db import connection

    with connection.cursor() as cursor:  # the next secret cannot be read
        cursor.execute("ALTER TABLE instant_commitment RENAME TO elsewhere")
    for at in ("v1", "1"):
        answer = alice.send("GET", f"/api/{at}/user", Authorization=f"{BEARER} {alice.key}")
        assert answer.status == 500
        assert "instant" not in answer.text
        assert answer.body.get("success") is False or answer.details == ["internal_error"]


def test_forms_and_queries_carry_bets_as_well_as_json(alice: Bot) -> None:
    for weights in ({"weights": "[0,1,1,1,1,0,0,0,0]"}, {"weights": "0,1,1,1,1,0,0,0,0"}, {"weights[]": SHELL}):
        for at in ("/v1", "/1"):
            answer = alice.form(f"{at}/games/shell/bet", wager="2.50", picked="2", clientseed="-1", **weights)
            assert answer.status == 200, answer.text
    query = "/api/v1/games/slots/bet?wager=2&clientseed=4294967295"
    answer = alice.send("POST", query, Authorization=f"{BEARER} {alice.key}")
    assert (answer.status, answer.body["clientseed"]) == (200, 2**32 - 1)


def test_the_body_counts_where_the_query_says_something_else(alice: Bot) -> None:
    query = "/api/v1/games/slots/bet?wager=100"
    headers = {"Authorization": f"{BEARER} {alice.key}"}
    bet = alice.send("POST", query, b'{"wager": 2}', "application/json", **headers)
    assert alice.get(f"/v1/games/slots/bets/{bet.body['id']}").body["wager"] == 2


def test_a_wager_that_is_sent_twice_in_a_form_is_refused(alice: Bot) -> None:
    answer = alice.form("/1/games/slots/bet", wager=["2", "3"])
    assert (answer.status, answer.details) == (400, ["wager"])


def test_a_client_seed_of_minus_one_is_drawn_and_told(alice: Bot) -> None:
    seeds = set()
    for _ in range(3):
        bet = alice.bet("slots", clientseed=-1).body
        assert bet["outcome"] == (bet["secret"] + bet["clientseed"]) % 2**32
        seeds.add(bet["clientseed"])
    assert len(seeds) == 3


def test_a_bet_that_names_its_hash_is_played_once_however_often_it_is_sent(alice: Bot) -> None:
    promised = alice.get("/1/user").body["hash"]
    first, again = (alice.bet("slots", at="/1", hash=promised) for _ in range(2))
    assert (first.status, again.status, again.details) == (200, 409, ["hash_used"])
    assert len(alice.get("/1/games/bets").body["bets"]) == 1


def test_the_documents_name_every_status_with_its_details() -> None:
    text = (ROOT / "docs/legacy-apis.md").read_text()
    told = {
        int(status): set(re.findall(r"`(\w+)`", words))
        for status, words in re.findall(r"^\| (\d{3}) \| (.*) \|$", text, re.MULTILINE)
    }
    assert {status for _, _, _, status, _ in REFUSED} <= told.keys()
    assert {detail for _, _, _, status, detail in REFUSED if detail not in told[status]} == set()
    assert {status for status, (detail, _) in OF_STATUS.items() if detail not in told[status]} <= {403}
