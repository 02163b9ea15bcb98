"""What a player may ask for, and what is said to anything else."""

from typing import Any

import pytest

from games.instant.errors import InvalidBet
from games.instant.fairness import SPACE
from games.instant.intake import choice_of


@pytest.mark.parametrize(
    ("game", "wish", "field"),
    [
        ("dice", {}, "range"),
        ("dice", {"range": 0, "target": 0}, "range"),
        ("dice", {"range": SPACE, "target": 0}, "range"),
        ("dice", {"range": -1, "target": 0}, "range"),
        ("dice", {"range": 1.5, "target": 0}, "range"),
        ("dice", {"range": True, "target": 0}, "range"),
        ("dice", {"range": "1e3", "target": 0}, "range"),
        ("dice", {"range": "٣", "target": 0}, "range"),
        ("dice", {"range": "9" * 5_000, "target": 0}, "range"),
        ("dice", {"range": 1, "target": 2}, "target"),
        ("dice", {"range": 1}, "target"),
        ("shell", {"picked": 0}, "weights"),
        ("shell", {"weights": [0] * 9, "picked": 0}, "weights"),
        ("shell", {"weights": [5, *[0] * 8], "picked": 0}, "weights"),
        ("shell", {"weights": [0] + [1] * 7, "picked": 0}, "weights"),
        ("shell", {"weights": [0] + [1] * 9, "picked": 0}, "weights"),
        ("shell", {"weights": [0, -1, *[1] * 7], "picked": 0}, "weights"),
        ("shell", {"weights": [0, "NaN", *[1] * 7], "picked": 0}, "weights"),
        ("shell", {"weights": [0, "Infinity", *[1] * 7], "picked": 0}, "weights"),
        ("shell", {"weights": [0, 1e400, *[1] * 7], "picked": 0}, "weights"),
        ("shell", {"weights": [0, "1e999999", *[1] * 7], "picked": 0}, "weights"),
        ("shell", {"weights": [0, 1_000_001, *[1] * 7], "picked": 0}, "weights"),
        ("shell", {"weights": [0, "0.0000001", *[1] * 7], "picked": 0}, "weights"),
        ("shell", {"weights": [0, None, *[1] * 7], "picked": 0}, "weights"),
        ("shell", {"weights": [[], *[1] * 8], "picked": 0}, "weights"),
        ("shell", {"weights": [0, True, *[1] * 7], "picked": 0}, "weights"),
        ("shell", {"weights": "0,1,1,1,1,1,1,1,1", "picked": 0}, "weights"),
        ("shell", {"weights": [0, "0.000001", *[0] * 6, 1_000_000], "picked": 0}, "weights"),
        ("shell", {"weights": [0] + [1] * 8, "picked": 3}, "picked"),
        ("slots", {"clientseed": -2}, "clientseed"),
        ("slots", {"clientseed": SPACE}, "clientseed"),
        ("slots", {"clientseed": "x"}, "clientseed"),
        ("slots", {"clientseed": None}, "clientseed"),
        ("slots", {"clientseed": 0.0}, "clientseed"),
    ],
)
def test_a_parameter_that_is_not_admissible_is_named(game: str, wish: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidBet) as refusal:
        choice_of(game, wish)
    assert refusal.value.field == field
    assert (refusal.value.code, refusal.value.status) == ("invalid_request", 400)


def test_a_form_is_read_like_json() -> None:
    assert choice_of("dice", {"range": "10", "target": "1", "clientseed": "7"}) == ({"range": 10, "target": 1}, 7)
    weights = ["0", "1.50", " 2 ", "0.0", "1e1", 0, 0, 0, 0.5]
    choice, seed = choice_of("shell", {"weights": weights, "picked": "2"})
    assert choice == {"weights": ["0", "1.5", "2", "0", "10", "0", "0", "0", "0.5"], "picked": 2}
    assert seed == -1
