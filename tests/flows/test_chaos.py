"""A short run of `python -m tests.chaos`: kills at random, then both books agree."""

from pathlib import Path

import pytest
from django.conf import settings

from tests.chaos.run import chaos


@pytest.mark.skipif(
    "postgresql" in settings.DATABASES["default"]["ENGINE"], reason="its server has a SQLite of its own: once is enough"
)
def test_platform_and_operator_agree_to_the_cent_after_both_were_killed_at_random(tmp_path: Path) -> None:
    found = chaos(tmp_path, 11, kills=3, players=8)
    assert found.problems == [], found.summary
