"""
Schemathesis plays the OpenAPI document against the API, in process, with all its checks.

Deterministic, and few examples in the suite; `make fuzz` takes more (FUZZ_EXAMPLES) with fresh seeds.
"""

import os
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, settings
from schemathesis.config import SchemathesisConfig
from werkzeug.test import Client

from accounts.partners.models import PartnerPlayer
from accounts.webhooks.rules import new_secret
from casino.wsgi import application
from tests.api.fuzzing import SigningPartner, make_real
from tests.api.kit import Caller
from tests.games.crash.playing import Play
from wallet.psp.operations import ensure_provider

pytestmark = pytest.mark.usefixtures("db")

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "0"))
PARTNER = SigningPartner(application)
CONFIG = SchemathesisConfig.from_dict(
    {
        "checks": {
            # Well-formed requests may still be refused by the rules of the game: no money, limits.
            "positive_data_acceptance": {"expected-statuses": ["2xx", "304", "401", "402", "403", "404", "409", "422"]},
        },
    }
)
API = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", PARTNER, config=CONFIG)


@pytest.fixture(autouse=True)
def no_limits(settings: Any) -> None:
    settings.API_RATE_LIMITS = dict.fromkeys(("read", "write", "report", "guess"), (10**9, 60))


@pytest.fixture
def things(acme: Caller, pat: PartnerPlayer, play: Play) -> dict[str, Any]:
    """What the calls are about: one of each, by the name of its parameter."""
    round_ = play.open(crash_point=300)
    play.launch()
    play.finish()
    play.open(crash_point=300)
    ensure_provider("sandbox", name="S", base_url="/s", secret=new_secret(), enabled=True, now=play.now)
    transfer = {"user": pat.external_id, "direction": "in", "amount": 500, "reference": "r-1"}
    assert acme.post("/wallet/transfers", transfer).status_code == 201
    endpoint = acme.post("/webhooks", {"url": "https://partner.example/", "events": ["bet.settled"]}).json()["id"]
    return {
        "round_id": str(round_.pk),
        "ticket_id": acme.place(pat, 100).json()["ticket_id"],
        "external_id": pat.external_id,
        "user": pat.external_id,
        "game": "BigPanda",
        "reference": "r-1",
        "provider": "sandbox",
        "endpoint_id": endpoint,
        "currency": "BRL",
        "url": "https://partner.example/",
        "delivery_id": acme.post(f"/webhooks/{endpoint}/test").json()["id"],
    }


@pytest.fixture
def in_one_connection(things: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """As Django's test client does: a request does not close the connection that holds the test's transaction."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield things
    for signal in signals:
        signal.connect(close_old_connections)


def test_what_has_the_form_of_a_signed_call_is_one_and_what_has_not_is_refused(
    acme: Caller, in_one_connection: dict[str, Any]
) -> None:
    """So that the calls below reach what is behind the door."""
    PARTNER.secret = acme.secret
    formed = {"X-Signature": "0" * 64, "X-Timestamp": "0", "Idempotency-Key": "k"}
    path = f"/api/v1/bets/{in_one_connection['ticket_id']}/cancel"

    def status(**changes: str) -> int:
        headers = {"Authorization": f"Bearer {acme.token}", **formed, **changes}
        return Client(PARTNER).post(path, headers=headers).status_code

    assert status(**{"X-Signature": "nonsense"}) == 401
    assert status(**{"X-Timestamp": "soon"}) == 401
    assert status() == 200
    assert status(**{"X-Signature-Version": "2"}) == 409


@API.parametrize()
@settings(
    max_examples=EXAMPLES or 8,
    derandomize=not EXAMPLES,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    database=None,
)
def test_the_api_does_what_its_description_says(case: Any, acme: Caller, in_one_connection: dict[str, Any]) -> None:
    PARTNER.secret = acme.secret
    make_real(case, in_one_connection)
    with transaction.atomic():  # no example finds what another one left
        case.call_and_validate(headers={"Authorization": f"Bearer {acme.token}"})
        transaction.set_rollback(True)
