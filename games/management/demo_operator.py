"""
The demo operator of the embedded server: the reference server of `docs/examples`, in a thread of ours, spoken to over
HTTP like any other.
"""

import importlib.util
from argparse import Namespace
from pathlib import Path
from threading import Thread

from django.conf import settings
from django.db import connection

from casino.lib.clock import system_clock
from games.management.demo_partners import OPERATOR, OPERATOR_PLAYER
from wallet.operators import operations
from wallet.operators.models import Operator

SCRIPT = settings.BASE_DIR / "docs" / "examples" / "operator_server.py"
BALANCE_MINOR = 100_000


def start_demo_operator() -> None:
    """Where demo data has been made. Its books stand beside ours and outlive a restart."""
    operator = Operator.objects.filter(slug=OPERATOR).first()
    if operator is None or settings.PRODUCTION or not settings.OPERATORS_ALLOW_PRIVATE:
        return
    found = importlib.util.spec_from_file_location("operator_server", SCRIPT)
    assert found is not None
    assert found.loader is not None
    example = importlib.util.module_from_spec(found)
    found.loader.exec_module(example)
    books = example.Books(str(_file()))
    books.add_player(OPERATOR_PLAYER, "BRL", 100, BALANCE_MINOR)
    options = Namespace(host="127.0.0.1", port=0, secret=operator.secret, latency_ms=0)
    server = example.Server(options, books)
    Thread(target=server.serve_forever, name="demo-operator", daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    operations.move(operator, base_url=url, actor=None, now=system_clock.now())


def _file() -> Path:
    name = str(connection.settings_dict["NAME"])
    if connection.vendor == "sqlite":
        return Path(name).with_suffix(".operator.sqlite3")
    return Path(settings.VAR_DIR) / f"{name}.operator.sqlite3"
