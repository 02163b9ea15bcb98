"""
The site's Content-Security-Policy is strict; the back office's theme needs a little more, and only the back office.
What the API answers is never a page, so it may load nothing at all.

django-unfold evaluates Alpine expressions ('unsafe-eval') and writes its colours into the page ('unsafe-inline' for
styles). Scripts still come from this host only, and nothing may be framed, posted or sent elsewhere.
"""

from csp.constants import HEADER
from csp.middleware import CSPMiddleware, PolicyParts
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse

SELF = "'self'"
RELAXED = {"script-src": [SELF, "'unsafe-eval'"], "style-src": [SELF, "'unsafe-inline'"]}


NOTHING = "default-src 'none'; frame-ancestors 'none'"


class ContentSecurityPolicy(CSPMiddleware):
    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if request.path_info.startswith("/api/"):
            response[HEADER] = NOTHING
            return response
        return super().process_response(request, response)

    def get_policy_parts(
        self, request: HttpRequest, response: HttpResponseBase, report_only: bool = False
    ) -> PolicyParts:
        parts = super().get_policy_parts(request, response, report_only)
        if not report_only and request.path_info.startswith(reverse("admin:index")):
            parts.replace = {**(parts.replace or {}), **RELAXED}
        return parts
