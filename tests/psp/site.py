"""A player at the site over real HTTP, with cookies and forms, as a browser without scripts would do it."""

import re
import time
from collections.abc import Callable, Mapping
from html import unescape
from typing import Any
from urllib.parse import urlsplit

import httpx

from tests.servers import Site

PATIENCE = 60.0
_FIELD = re.compile(r'<input type="hidden" name="([a-z_]+)" value="([^"]*)"')


def until(found: Callable[[], Any], what: str) -> Any:
    """Wait for it, however slow the machine."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        answer = found()
        if answer:
            return answer
        time.sleep(0.1)
    raise AssertionError(f"it did not happen: {what}")


class SitePlayer:
    def __init__(self, site: Site, username: str) -> None:
        player = site.player(username)
        self.site = site
        self.http = httpx.Client(base_url=site.url, timeout=PATIENCE, follow_redirects=True)
        page = self.http.get("/accounts/login/").text
        self.http.post(
            "/accounts/login/",
            data={**hidden(page), "login": username, "password": player["password"]},
            headers={"Referer": site.url},
        ).raise_for_status()
        assert "sessionid" in self.http.cookies

    def __enter__(self) -> "SitePlayer":
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def form(self, what: str, amount: str) -> dict[str, str]:
        """The filled-in form of the wallet page, with its own hidden fields."""
        page = self.http.get("/wallet/").text
        part = page[page.index(f'id="{what}"') :]
        return {**hidden(part[: part.index("</form>")]), "amount": amount}

    def post(self, path: str, fields: Mapping[str, str], *, follow: bool = True) -> httpx.Response:
        return self.http.post(path, data=dict(fields), headers={"Referer": self.site.url}, follow_redirects=follow)

    def payments(self) -> dict[str, str]:
        found: dict[str, str] = self.http.get("/wallet/payments.json").json()["payments"]
        return found

    def newest(self) -> str:
        return next(iter(self.payments()))

    def until_status(self, reference: str, status: str) -> None:
        until(
            lambda: self.payments()[reference] == status, f"{reference} is {status}, not {self.payments()[reference]}"
        )

    def balance(self) -> str:
        found = re.search(r'data-balance="real">([0-9.,]+)<', self.http.get("/wallet/").text)
        assert found
        return found[1]

    def begin_deposit(self, amount: str) -> tuple[str, str]:
        """The reference, and the address of the provider's page."""
        answer = self.post("/wallet/deposit/", self.form("deposit", amount), follow=False)
        assert answer.status_code == 302, answer.text
        return self.newest(), answer.headers["Location"]

    def choose(self, address: str, choice: str) -> httpx.Response:
        """Press a button on the provider's page."""
        page = self.http.get(address)
        return self.post(address, {**hidden(page.text), "choice": choice})

    def withdraw(self, amount: str) -> str:
        self.post("/wallet/withdraw/", self.form("withdraw", amount)).raise_for_status()
        return self.newest()


def hidden(page: str) -> dict[str, str]:
    return {name: unescape(value) for name, value in _FIELD.findall(page)}


def path_of(url: str) -> str:
    return urlsplit(url).path
