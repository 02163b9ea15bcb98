"""What anyone may read: guides, error codes, the reference, the changelog."""

import re
from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from drf_spectacular.generators import SchemaGenerator

from accounts.portal import docs
from accounts.portal.reference import METHODS, groups
from casino.api.problems import CATALOGUE
from casino.api.version import CHANGES
from games.crash.operations import ensure_game

pytestmark = pytest.mark.usefixtures("db")
PAGES = [
    "",
    "docs/",
    "docs/feed/",
    "docs/webhooks/",
    "docs/operators/",
    "docs/payments/",
    "docs/client/",
    "docs/errors/",
    "docs/reference/",
    "changelog/",
]


@pytest.fixture(autouse=True)
def a_table(db: None, now: datetime) -> None:
    """The header of every page leads to it."""
    ensure_game(slug="BigPanda", title="BigPanda", now=now)


@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_open_and_every_link_on_it_leads_somewhere(path: str) -> None:
    page = Client().get(f"/developers/{path}")
    assert page.status_code == 200
    text = page.content.decode()
    hrefs = set(re.findall(r'href="([^"#][^"]*)"', text))
    assert not [href for href in hrefs if not href.startswith(("/", "https://"))], "a link that leads beside the page"
    for href in sorted(href for href in hrefs if href.startswith("/")):
        if href.startswith("/static/"):
            continue
        target, _, anchor = href.partition("#")
        answer = Client().get(target, follow=True)
        assert answer.status_code == 200, href
        if anchor:
            assert f'id="{anchor}"' in answer.content.decode(), href
    for anchor in set(re.findall(r'href="#([^"]+)"', text)):
        assert f'id="{anchor}"' in text, anchor


def test_the_type_of_every_error_leads_to_its_description() -> None:
    answer = Client().get("/api/v1/bets")
    where, _, anchor = answer.json()["type"].partition("#")
    page = Client().get(where).content.decode()
    assert anchor == "authentication_failed"
    for code, (status, _) in CATALOGUE.items():
        assert f'id="{code}"' in page
        assert str(status) in page


def test_the_reference_holds_every_operation_of_the_document() -> None:
    document = SchemaGenerator(api_version=None).get_schema(request=None, public=True)
    wanted = {
        (method.upper(), path) for path, methods in document["paths"].items() for method in METHODS if method in methods
    }
    shown = {(each.method, each.path) for group in groups(document, base_url="") for each in group.operations}
    assert shown == wanted
    page = Client().get("/developers/docs/reference/").content.decode()
    for _, path in wanted:
        assert path in page


def test_the_reference_describes_fields_inside_fields_and_what_may_be_null() -> None:
    document: dict[str, Any] = {
        "components": {
            "schemas": {"Inner": {"type": "object", "properties": {"at": {"type": "string", "format": "date-time"}}}}
        },
        "paths": {
            "/x/{id}": {
                "post": {
                    "operationId": "x",
                    "tags": ["X"],
                    "summary": "Do x",
                    "security": [{"key": []}],
                    "parameters": [
                        {"in": "path", "name": "id", "required": True, "schema": {"type": "string", "maxLength": 3}},
                        {"in": "header", "name": "Idempotency-Key", "required": True, "schema": {"type": "string"}},
                    ],
                    "requestBody": {
                        "content": {
                            "application/json": {
                                "schema": {
                                    "type": "object",
                                    "required": ["rows"],
                                    "properties": {
                                        "rows": {"type": "array", "items": {"$ref": "#/components/schemas/Inner"}},
                                        "note": {"oneOf": [{"type": "string"}, {"type": "null"}]},
                                        "n": {"type": ["integer", "null"], "minimum": 1, "default": 2},
                                    },
                                }
                            }
                        }
                    },
                    "responses": {
                        "204": {"description": "done"},
                        "404": {"description": "`not_found` · `round_closed`"},
                    },
                }
            }
        },
    }
    ((operation,),) = [group.operations for group in groups(document, base_url="https://x.example")]
    assert [(each.name, each.kind, each.required, each.depth) for each in operation.body] == [
        ("rows", "list of object", True, 0),
        ("at", "time", False, 1),
        ("note", "string", False, 0),
        ("n", "integer or null", False, 0),
    ]
    assert operation.body[3].limits == ["from 1", "default 2"]
    assert operation.moves_money
    assert operation.codes == [("404", ["not_found", "round_closed"])]
    assert operation.call.startswith("curl -X POST 'https://x.example/x/{id}'")
    assert "Idempotency-Key" in operation.call


def test_commands_of_the_guides_call_the_site_they_are_read_on(settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["casino.example"]
    client = Client(SERVER_NAME="casino.example", SERVER_PORT="443")
    start, feed = (client.get(f"/developers/docs/{name}", secure=True).content.decode() for name in ("", "feed/"))
    assert "BASE:-https://casino.example" in start
    assert "127.0.0.1" not in start + feed


@pytest.mark.parametrize("name", ["partner_client", "operator_server", "operator_faults"])
def test_an_example_is_shown_as_it_is(name: str, settings: Any) -> None:
    answer = Client().get(f"/developers/docs/{name}.py")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.content == (settings.BASE_DIR / "docs" / "examples" / f"{name}.py").read_bytes()
    assert Client().get("/developers/docs/settings.py").status_code == 404


def test_a_guide_that_does_not_exist_is_not_found() -> None:
    assert Client().get("/developers/docs/secrets/").status_code == 404


def test_guides_show_markup_as_text(tmp_path: Any, settings: Any) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "x.md").write_text("# T\n\n<script>alert(1)</script>\n\n## A `b` c\n\n[w](webhooks.md#top)\n")
    settings.BASE_DIR = tmp_path
    headings, text = docs._rendered("x.md", "https://x.example")
    assert "<script>" not in text
    assert headings == [("a-b-c", "A b c")]
    assert 'href="/developers/docs/webhooks/#top"' in text


def test_the_changelog_says_what_the_api_says() -> None:
    page = Client().get("/developers/changelog/").content.decode()
    told = Client().get("/api/v1/changelog").json()["results"]
    assert len(told) == len(CHANGES)
    for change in told:
        assert change["version"] in page


def test_members_see_their_partner_and_whose_endpoint_fails(olga: Client, acme: Any, now: Any) -> None:
    from accounts.partners.rules import Environment
    from accounts.webhooks import operations
    from accounts.webhooks.models import Endpoint

    operations.create_endpoint(
        acme, Environment.LIVE, url="https://acme.example/h", events=["bet.settled"], actor=None, now=now
    )
    Endpoint.objects.update(failing_since=now)
    page = olga.get("/developers/").content.decode()
    assert "Acme" in page
    assert "failing" in page
    assert "olga" in page
