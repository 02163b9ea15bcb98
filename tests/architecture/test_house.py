"""The house's directions and sizes, kept by the suite itself and not only by a command that one may forget."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
OURS = ("casino", "accounts", "wallet", "games", "bench", "tests", "static", "templates", "docs")
LONGEST = 400


def own_files(*endings: str) -> list[Path]:
    found = [path for folder in OURS for ending in endings for path in (ROOT / folder).rglob(f"*.{ending}")]
    return [path for path in found if "vendor" not in path.parts and "migrations" not in path.parts]


def test_imports_go_in_the_directions_of_the_house() -> None:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("ending", ["py", "js", "css", "html"])
def test_no_file_is_longer_than_one_reads_in_a_sitting(ending: str) -> None:
    files = own_files(ending)
    assert files
    long = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in files}
    assert {name: lines for name, lines in long.items() if lines > LONGEST} == {}


def test_the_domain_sends_no_signals() -> None:
    """What happens is a call that one can follow."""
    senders = [
        path
        for path in own_files("py")
        if path.parts[len(ROOT.parts)] in ("accounts", "wallet", "games") and "django.dispatch" in path.read_text()
    ]
    assert senders == []
