"""The weights of the shell game as players send them: one written form, and nothing that costs more than it says."""

from typing import Any

import pytest

from games.instant.rules import BadChoice
from games.instant.shell.rules import weights_of


def sent(weight: Any) -> list[Any]:
    return ["0", weight, *"0000001"]


@pytest.mark.parametrize(
    ("weight", "kept"),
    [
        ("1.500", "1.5"),
        ("007", "7"),
        ("1e3", "1000"),
        ("0.00100", "0.001"),
        (0, "0"),
        ("0e999999999", "0"),
        ("0e-999999999", "0"),
        ("1000000", "1000000"),
    ],
)
def test_a_weight_has_one_written_form(weight: Any, kept: str) -> None:
    assert weights_of(sent(weight))[1] == kept


@pytest.mark.parametrize(
    "weight", ["1e-999999999", "1e-7", "0.0000015", "-1", "1000001", "1e999999999", "NaN", None, ""]
)
def test_a_weight_that_is_no_such_number_is_refused_however_it_is_written(weight: Any) -> None:
    with pytest.raises(BadChoice):
        weights_of(sent(weight))
