"""The API tab's example for pages, and the page of one's own key, in a real browser."""

import re
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from games.instant.kinds import KINDS
from games.legacy.examples import KEY, examples
from tests.browser.conftest import Visitor
from tests.servers import Site


class Blank(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """To nobody."""


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[str]:
    """A site of somebody else's."""
    with HTTPServer(("127.0.0.1", 0), Blank) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.mark.parametrize("game", KINDS)
def test_the_lines_for_a_page_play_from_an_origin_that_is_not_ours(
    visit: Callable[..., Visitor], table: Site, elsewhere: str, game: str
) -> None:
    (javascript,) = [one for one in examples(game, table.url) if one["language"] == "javascript"]
    code = javascript["code"].replace(KEY, table.player("bob")["api_key"])
    page = visit().page
    page.goto(elsewhere)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.evaluate(f"(async () => {{ {code} }})()")
    assert re.fullmatch(r"-?\d+\.\d\d, balance \d+\.\d\d", said[-1]), said


def test_a_player_makes_a_key_and_plays_with_it(visit: Callable[..., Visitor]) -> None:
    visitor = visit(width=360)
    name = visitor.sign_up("keyholder", then="/account/")
    page = visitor.page
    page.click("nav[aria-label=Account] >> text=API key")
    page.click("text=Make a key")
    key = page.inner_text("#new-key")
    answer = page.request.get(f"{visitor.url}/api/v1/user", headers={"Authorization": f"Bearer {key}"})
    assert answer.json()["uname"] == name
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing sticks out at 360 px"
    page.click("text=Request a new key")
    assert page.inner_text("#new-key") != key
    page.click("text=Revoke it")
    page.wait_for_selector("text=Your API key opens nothing any more.")
