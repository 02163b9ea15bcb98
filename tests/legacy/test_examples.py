"""The examples of the games' API tabs are sent as they stand to a real server."""

import os
import re
import subprocess
import sys
from shutil import which

import pytest

from games.instant.kinds import KINDS
from games.legacy.examples import KEY, Example, examples
from tests.servers import Site

needs_tools = pytest.mark.skipif(not all(which(tool) for tool in ("bash", "curl")), reason="bash and curl are needed")


def of(game: str, url: str, language: str) -> list[Example]:
    return [example for example in examples(game, url) if example["language"] == language]


@needs_tools
@pytest.mark.parametrize("game", KINDS)
def test_the_lines_for_a_shell_and_for_python_play(live_site: Site, game: str) -> None:
    key = live_site.player("bob")["api_key"]
    script = "\necho\n".join(example["code"] for example in of(game, live_site.url, "bash"))
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script.replace(KEY, key)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    user, bet, bets, multi = filter(None, done.stdout.split("\n"))
    assert '"uname":"bob"' in user
    assert '"success":true' in bet
    assert f'"game":"{game}"' in bets
    assert len(re.findall('"success":true', multi)) == 2
    (python,) = of(game, live_site.url, "python")
    command = [sys.executable, "-c", python["code"]]
    said = subprocess.run(command, env={**os.environ, "API_KEY": key}, capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stderr
    assert "'outcome'" in said.stdout
