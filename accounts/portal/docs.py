"""
What anyone may read: the front page, the guides, the codes of errors, the reference, the changelog.

Guides are the Markdown files of `docs/`, so there is one text of each. They are ours, and still rendered without raw
HTML.
"""

import posixpath
from functools import lru_cache
from itertools import groupby, pairwise
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET
from drf_spectacular.generators import SchemaGenerator
from markdown_it import MarkdownIt
from markdown_it.token import Token

from accounts.models import User
from accounts.partners import queries
from accounts.partners.rules import SCOPES, Environment
from accounts.portal.reference import Group, groups
from accounts.webhooks import queries as webhooks
from casino.api.problems import CATALOGUE
from casino.api.version import API_VERSION, CHANGES
from casino.lib.clock import system_clock

# The name in the address: the file, and what the menu calls it.
GUIDES = {
    "start": ("partners.md", "Quick start"),
    "feed": ("feed.md", "Live feed"),
    "webhooks": ("webhooks.md", "Webhooks"),
    "operators": ("operators.md", "Seamless wallet"),
    "payments": ("payments.md", "Payment providers"),
    "client": ("examples/README.md", "Example client"),
    "bots": ("legacy-apis.md", "Players' bots"),
}
# Files of docs/examples, to be read or saved.
EXAMPLES = ("partner_client", "operator_server", "operator_faults", "legacy_bot")
HERE = "http://127.0.0.1:8000"  # what the guides' commands call; shown as the address of this very site
# Of the reference, in order.
TAGS = ("Game", "Bets", "Players", "Transfers", "Rounds", "Reports", "Webhooks", "Payments", "Multi", "About")


@require_GET
@never_cache
def home(request: HttpRequest) -> HttpResponse:
    member = queries.membership(request.user) if isinstance(request.user, User) else None
    context: dict[str, Any] = {"member": member, "base_url": _base(request), "version": API_VERSION}
    if member is not None:
        now = system_clock.now()
        context["environments"] = [
            {
                "name": str(environment),
                "keys": sum(queries.key_is_live(key, now=now) for key in queries.keys_of(member.partner, environment)),
                "endpoints": list(webhooks.endpoints_of(member.partner_id, environment)),
            }
            for environment in Environment
        ]
        context["members"] = queries.members_of(member.partner)
    return render(request, "developers/home.html", context)


@require_GET
def guide(request: HttpRequest, name: str = "start") -> HttpResponse:
    if name not in GUIDES:
        raise Http404
    file, title = GUIDES[name]
    headings, text = _rendered(file, _base(request))
    return render(request, "developers/guide.html", {"guide": name, "title": title, "text": text, "headings": headings})


@require_GET
def example(request: HttpRequest, name: str) -> HttpResponse:
    if name not in EXAMPLES:
        raise Http404
    text = (settings.BASE_DIR / "docs" / "examples" / f"{name}.py").read_text()
    return HttpResponse(text, content_type="text/plain; charset=utf-8")


@require_GET
def errors(request: HttpRequest) -> HttpResponse:
    rows = sorted((status, code, meaning) for code, (status, meaning) in CATALOGUE.items())
    by_status = [(status, list(found)) for status, found in groupby(rows, key=lambda row: row[0])]
    return render(request, "developers/errors.html", {"by_status": by_status, "scopes": SCOPES})


@require_GET
def reference(request: HttpRequest) -> HttpResponse:
    groups = _reference(_base(request))
    return render(request, "developers/reference.html", {"groups": groups, "version": API_VERSION})


@require_GET
def changelog(request: HttpRequest) -> HttpResponse:
    versions = [(version, list(found)) for version, found in groupby(CHANGES, key=lambda change: change["version"])]
    return render(request, "developers/changelog.html", {"versions": versions, "version": API_VERSION})


def _base(request: HttpRequest) -> str:
    return f"{request.scheme}://{request.get_host()}"


@lru_cache(maxsize=16)
def _reference(base: str) -> list[Group]:
    document = SchemaGenerator(api_version=None).get_schema(request=None, public=True)
    return groups(document, base_url=base, order=TAGS)


@lru_cache(maxsize=64)
def _rendered(file: str, base: str) -> tuple[list[tuple[str, str]], SafeString]:
    """The guide as HTML whose commands call this site, with anchors; and its headings (anchor, text)."""
    source = (settings.BASE_DIR / "docs" / file).read_text()
    source = source.replace(HERE, base).replace(HERE.replace("http", "ws", 1), base.replace("http", "ws", 1))
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = markdown.parse(source)
    headings = []
    for opening, inline in pairwise(tokens):
        if opening.type == "heading_open":
            anchor = slugify(inline.content)
            opening.attrSet("id", anchor)
            if opening.tag == "h2":
                headings.append((anchor, _plain(inline)))
        for child in inline.children or ():
            _relink(child, file)
    return headings, mark_safe(markdown.renderer.render(tokens, markdown.options, {}))  # noqa: S308 our own files


def _plain(inline: Token) -> str:
    return "".join(child.content for child in inline.children or ())


def _relink(token: Token, file: str) -> None:
    """Links between the files become links between the pages."""
    if token.type != "link_open":
        return
    path, _, anchor = str(token.attrGet("href") or "").partition("#")
    target = posixpath.normpath(posixpath.join(posixpath.dirname(file), path)) if path else ""
    pages = {name_of: reverse("developers-guide", args=[name]) for name, (name_of, _) in GUIDES.items()}
    pages |= {f"examples/{name}.py": reverse("developers-example", args=[name]) for name in EXAMPLES}
    if target in pages:
        token.attrSet("href", pages[target] + (f"#{anchor}" if anchor else ""))
