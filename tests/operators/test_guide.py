"""What docs/operators.md tells operators is what the platform and the reference operator do."""

import os
import re
import subprocess
from shutil import which

import pytest

from tests.servers import ROOT, free_port
from wallet.operators import protocol
from wallet.operators.checking import CASES

GUIDE = (ROOT / "docs" / "operators.md").read_text()
SERVER = (ROOT / "docs" / "examples" / "operator_server.py").read_text()


def blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```$", GUIDE, re.DOTALL | re.MULTILINE)


@pytest.mark.skipif(
    not all(which(tool) for tool in ("bash", "curl", "openssl")), reason="bash, curl and openssl are needed"
)
def test_its_commands_sign_start_a_server_and_check_it() -> None:
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "\n".join(blocks("bash"))],
        cwd=ROOT,
        env={**os.environ, "OPERATOR_PORT": str(free_port())},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    signature, *lines = done.stdout.splitlines()
    assert f"prints `{signature}`" in GUIDE
    assert signature == protocol.sign("operator-secret", b'{"user":"s-1","currency":"BRL"}', "1795262400")
    assert f"{len(CASES)} PASS, 0 FAIL, 2 SKIP: the server keeps the protocol." in lines


def test_its_codes_are_those_that_the_server_answers_with_their_statuses() -> None:
    told = {
        (int(status), code)
        for status, codes in re.findall(r"^\| (4\d\d) \| (.*?) \|", GUIDE, re.MULTILINE)
        for code in re.findall(r"`(\w+)`", codes)
    }
    ours = {(int(status), code) for status, code in re.findall(r'Refusal\((\d+), "(\w+)"', SERVER)}
    beside_the_rules = {(404, "not_found"), (413, "invalid_request"), (500, "internal_error")}
    not_in_the_example = {(403, "limit_reached"), (429, "rate_limited")}
    assert told - ours == not_in_the_example
    assert ours - told == beside_the_rules


def test_its_calls_are_those_of_the_protocol() -> None:
    table = GUIDE.partition("| Call |")[2].partition("\n\n")[0]
    assert re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) == [str(call) for call in protocol.Call]
