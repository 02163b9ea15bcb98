"""Real processes for tests: the embedded server, and the separate server and engine of production."""

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 60
SOCKETS_PER_PLAYER = 20  # as in production
TEMPLATE_SECONDS = 600  # a session of demo data ends when it is idle for half an hour


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def manage(*arguments: str, env: Mapping[str, str], check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run `manage.py` and give what it printed."""
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if check and done.returncode != 0:
        raise AssertionError(f"manage.py {' '.join(arguments)} failed:\n{done.stdout}\n{done.stderr}")
    return done


@contextmanager
def process(*command: str, env: Mapping[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process that is ended, and killed where it does not end, when the block is left."""
    with log.open("ab") as output:
        running = subprocess.Popen(
            [sys.executable, *command], cwd=ROOT, env={**os.environ, **env}, stdout=output, stderr=output
        )
        try:
            yield running
        finally:
            if running.poll() is None:
                running.send_signal(signal.SIGTERM)
                try:
                    running.wait(15)
                except subprocess.TimeoutExpired:
                    running.kill()
                    running.wait(15)


def wait_until_healthy(url: str, running: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if running.poll() is not None:
            raise AssertionError(f"the server ended:\n{log.read_text()[-4000:]}")
        try:
            with urllib.request.urlopen(f"{url}/healthz", timeout=2) as answer:  # noqa: S310 our own server
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    raise AssertionError(f"the server did not come up:\n{log.read_text()[-4000:]}")


@dataclass
class Site:
    """A running embedded server with seeded demo data."""

    url: str
    env: dict[str, str]
    seed: dict[str, Any]
    log: Path
    processes: ExitStack = field(default_factory=ExitStack)
    running: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        """Serve, also once more after `kill`; ended with `processes`."""
        command = ("manage.py", "serve", "--port", str(self.port))
        self.running = self.processes.enter_context(process(*command, env=self.env, log=self.log))
        wait_until_healthy(self.url, self.running, self.log)

    def kill(self) -> None:
        """As a machine that loses its power: nothing is finished, nothing is said."""
        assert self.running is not None
        self.running.kill()
        self.running.wait(timeout=20)

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    @property
    def ws(self) -> str:
        return self.url.replace("http://", "ws://")

    def player(self, username: str) -> dict[str, Any]:
        return next(player for player in self.seed["players"] if player["username"] == username)

    def socket_url(self, username: str, game: str = "BigPanda") -> str:
        return f"{self.ws}/ws/{game}?session={self.player(username)['session']}"

    def manage(self, *arguments: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
        return manage(*arguments, env=self.env, check=check)

    def fresh_seed(self) -> dict[str, Any]:
        self.seed = json.loads(self.manage("seed_demo", "--json").stdout)
        return self.seed


@contextmanager
def embedded_site(folder: Path, *, crash_between: tuple[int, int] = (200, 300), **settings: str) -> Iterator[Site]:
    """What `make run` starts, with a database of its own, short rounds and their crash points in a known range."""
    env = {
        "DATABASE_URL": f"sqlite:///{folder / 'site.sqlite3'}",
        "REDIS_URL": "",
        "CRASH_WAIT_MS": "1000",
        "CRASH_TICK_MS": "20",
        "CRASH_GRACE_MS": "100",
        "SOCKETS_PER_PLAYER": str(SOCKETS_PER_PLAYER),
        "SIGN_UPS_PER_MINUTE": "10000",  # every visitor of a test comes from here
        **settings,
    }
    seed = _prepare(env, crash_between, rounds=200)
    port = free_port()  # last, so that nobody else has taken it meanwhile
    with ExitStack() as processes:
        site = Site(f"http://127.0.0.1:{port}", env, seed, folder / "site.log", processes)
        site.start()
        yield site


def _prepare(env: Mapping[str, str], crash_between: tuple[int, int], *, rounds: int) -> dict[str, Any]:
    """A database with demo data, whose next rounds crash in that range; the demo's credentials."""
    target = Path(env["DATABASE_URL"].removeprefix("sqlite:///"))
    if env["DATABASE_URL"].startswith("sqlite:") and not target.exists():
        seed = _copy_of_a_seeded_one(target)
    else:
        seed = _seeded(env)
    low, high = crash_between
    steer = f"from tests.steering import steer; steer('BigPanda', low={low}, high={high}, rounds={rounds})"
    manage("shell", "--no-imports", "-c", steer, env=env)
    return seed


def _seeded(env: Mapping[str, str]) -> dict[str, Any]:
    manage("migrate", "--verbosity", "0", env=env)
    found: dict[str, Any] = json.loads(manage("seed_demo", "--json", env=env).stdout)
    return found


_template: tuple[float, Path, dict[str, Any]] | None = None  # when it was made, where it is, its credentials


def _copy_of_a_seeded_one(target: Path) -> dict[str, Any]:
    """Migrations and demo data cost more than most tests: made once in each process, anew before its sessions end."""
    global _template
    if _template is None or time.monotonic() - _template[0] > TEMPLATE_SECONDS:
        path = Path(tempfile.mkdtemp(prefix="seeded-")) / "site.sqlite3"
        seed = _seeded({"DATABASE_URL": f"sqlite:///{path}", "REDIS_URL": ""})
        _template = time.monotonic(), path, seed
    _, path, seed = _template
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(target)) as copy:
        source.backup(copy)
    return deepcopy(seed)


@dataclass
class Cluster:
    """The separate processes of production: two servers on ports of their own, and engines as a test starts them."""

    here: Site
    there: Site
    database: str
    log: Path

    @contextmanager
    def engine(self, **settings: str) -> Iterator["subprocess.Popen[bytes]"]:
        """One engine process for all games; a second one stands by for the first."""
        env = {**self.here.env, **settings}
        with process("manage.py", "run_crash", env=env, log=self.log) as running:
            yield running


@contextmanager
def cluster(folder: Path, *, crash_between: tuple[int, int], **settings: str) -> Iterator[Cluster]:
    """Servers without engines, on a prepared database and channel layer (`DATABASE_URL`, `REDIS_URL` in `settings`)."""
    env = {"CRASH_WAIT_MS": "3000", "CRASH_TICK_MS": "50", "CRASH_GRACE_MS": "100", **settings}
    seed = _prepare(env, crash_between, rounds=100)
    with ExitStack() as servers:
        sites = []
        for name in ("here", "there"):
            port, log = free_port(), folder / f"{name}.log"
            command = ("manage.py", "serve", "--sockets-only", "--port", str(port))
            running = servers.enter_context(process(*command, env=env, log=log))
            wait_until_healthy(f"http://127.0.0.1:{port}", running, log)
            sites.append(Site(f"http://127.0.0.1:{port}", env, seed, log))
        yield Cluster(*sites, database=env["DATABASE_URL"], log=folder / "engines.log")
