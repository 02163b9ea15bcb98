"""The OpenAPI document: a valid one, of exactly what there is, with true examples."""

import io
import re
from http import HTTPStatus
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from openapi_spec_validator import OpenAPIV31SpecValidator

from accounts.partners.rules import SCOPES
from casino.api.problems import CATALOGUE
from games.crash import fairness
from tests.api.documents import METHODS, V1, Operation, described, faults, operations, routes

pytestmark = pytest.mark.usefixtures("db")

PROBLEM = "application/problem+json"
EVERYWHERE = {"method_not_allowed", "not_acceptable", "internal_error"}
KEYED = {"authentication_failed", "key_revoked", "key_expired", "ip_not_allowed", "rate_limited"}
SIGNED = {
    "invalid_request",
    "signature_missing",
    "signature_invalid",
    "signature_reused",
    "timestamp_out_of_range",
    "idempotency_in_progress",
    "idempotency_mismatch",
    "temporarily_unavailable",
}
SENT = {"unsupported_media_type", "payload_too_large"}


def codes(operation: Operation) -> set[str]:
    answers = operation.body["responses"]
    return {
        code for answer in answers.values() for code in answer.get("content", {}).get(PROBLEM, {}).get("examples", ())
    }


def names(operation: Operation, place: str) -> set[str]:
    return {given["name"] for given in operation.body.get("parameters", ()) if given["in"] == place}


def views() -> dict[tuple[str, str], Any]:
    return {(verb, route.path): route.view for route in routes() for verb in METHODS if hasattr(route.view, verb)}


# --- a description, and a whole one -----------------------------------------------------------------------------------
def test_it_is_an_openapi_3_1_document() -> None:
    document = described()
    assert document["openapi"].startswith("3.1")
    assert [str(error) for error in OpenAPIV31SpecValidator(document).iter_errors()] == []


def test_the_command_finds_nothing_to_warn_of() -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=io.StringIO())


def test_it_holds_every_method_of_every_endpoint_and_nothing_else() -> None:
    assert {(operation.method, operation.path) for operation in operations()} == views().keys()
    assert len(views()) > 25


def test_every_operation_has_a_name_of_its_own_a_summary_and_a_known_tag() -> None:
    tags = {tag["name"] for tag in described()["tags"]}
    ids = [operation.body["operationId"] for operation in operations()]
    assert len(ids) == len(set(ids))
    for operation in operations():
        assert operation.body["summary"], operation.path
        assert set(operation.body["tags"]) <= tags, operation.path


def test_names_are_words() -> None:
    """A number or "Enum" in a name means that nobody named it: settings.SPECTACULAR_SETTINGS does."""
    odd = [name for name in described()["components"]["schemas"] if re.search(r"\d|Enum$|Shape$", name)]
    assert odd == []


def test_each_scope_that_an_endpoint_asks_for_is_told() -> None:
    for operation in operations():
        scope = getattr(views()[operation.method, operation.path], "scopes", {}).get(operation.method.upper())
        assert operation.body.get("x-scope") == scope, operation.path
        assert scope is None or scope in SCOPES
        assert scope is None or f"`{scope}`" in operation.body["description"]


def test_either_header_carries_the_key_and_public_endpoints_ask_for_none() -> None:
    for operation in operations():
        public = not views()[operation.method, operation.path].authentication_classes
        wanted = [] if public else [{"bearerKey": []}, {"headerKey": []}]
        assert operation.body["security"] == wanted, operation.path


def test_money_calls_and_no_others_need_signature_and_idempotency_key() -> None:
    for operation in operations():
        needed = {given["name"] for given in operation.body.get("parameters", ()) if given.get("required")}
        moves = operation.method.upper() in views()[operation.method, operation.path].money
        assert ({"Idempotency-Key", "X-Timestamp", "X-Signature"} <= needed) == moves, operation.path


# --- errors -----------------------------------------------------------------------------------------------------------
def test_every_error_that_applies_is_described_at_its_operation() -> None:
    for operation in operations():
        wanted = set(EVERYWHERE)
        view = views()[operation.method, operation.path]
        if view.authentication_classes:
            wanted |= KEYED
        if operation.body.get("x-scope"):
            wanted |= {"insufficient_scope"}
        if operation.method.upper() in view.money:
            wanted |= SIGNED
        if "requestBody" in operation.body:
            wanted |= {"invalid_request"} | SENT
        if names(operation, "query"):
            wanted |= {"invalid_request"}
        if names(operation, "path"):
            wanted |= {"not_found"}
        assert wanted <= codes(operation), (operation.path, wanted - codes(operation))


def test_every_error_stands_under_its_status_and_none_is_left_out() -> None:
    for operation in operations():
        for status, answer in operation.body["responses"].items():
            examples = answer.get("content", {}).get(PROBLEM, {}).get("examples", {})
            assert {CATALOGUE[code][0] for code in examples} <= {int(status)}, operation.path
            assert all(f"`{code}`" in answer["description"] for code in examples)
            assert bool(examples) == (int(status) >= 400), operation.path
    assert {code for operation in operations() for code in codes(operation)} == CATALOGUE.keys()


# --- examples ---------------------------------------------------------------------------------------------------------
def contents(operation: Operation) -> list[tuple[str, Any]]:
    """Where, and a media type with its schema and examples."""
    found = [("request", content) for content in operation.body.get("requestBody", {}).get("content", {}).values()]
    for status, answer in operation.body["responses"].items():
        found += [(status, content) for content in answer.get("content", {}).values()]
    return found


def test_every_answer_and_every_body_has_an_example_that_fits_its_schema() -> None:
    document = described()
    wrong = []
    for operation in operations():
        for where, content in contents(operation):
            examples = [
                document["components"]["examples"][each["$ref"].split("/")[-1]] if "$ref" in each else each
                for each in content.get("examples", {}).values()
            ]
            label = f"{operation.method} {operation.path} {where}"
            wrong += [label] if not examples else []
            wrong += [
                f"{label} {fault}"
                for example in examples
                for fault in faults(document, content["schema"], example["value"])
            ]
    assert wrong == []


def test_an_example_that_does_not_fit_would_be_found() -> None:
    document = described()
    bet = next(o for o in operations() if o.body["operationId"] == "bets_get")
    content = bet.body["responses"]["200"]["content"]["application/json"]
    (example,) = content["examples"].values()
    for wrong in ({"amount": "500"}, {"status": "eaten"}, {"created_at": "yesterday"}, {"ticket_id": "x"}):
        assert faults(document, content["schema"], {**example["value"], **wrong}), wrong


def test_the_round_of_the_examples_can_be_recomputed() -> None:
    content = next(o for o in operations() if o.body["operationId"] == "rounds_get").body["responses"]["200"]["content"]
    (example,) = content["application/json"]["examples"].values()
    fair = example["value"]["fairness"]
    text = fairness.round_hash(fair["previous_result"], fair["salt"], fair["result"])
    assert text == fair["hash"]


def test_every_answer_names_what_comes_with_it() -> None:
    for operation in operations():
        for status, answer in operation.body["responses"].items():
            assert {"X-Request-Id", "X-API-Version"} <= answer["headers"].keys()
            assert HTTPStatus(int(status))
            assert answer["description"]


def test_it_may_be_kept_for_an_hour() -> None:
    answer = Client().get(f"{V1}/openapi.json")
    assert answer["Cache-Control"] == "public, max-age=3600"
    assert Client().get(f"{V1}/openapi.json", headers={"If-None-Match": answer["ETag"]}).status_code == 304
