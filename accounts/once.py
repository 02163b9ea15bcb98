"""
Forms that make a secret are taken once.

The answer to such a form shows the secret, so it cannot be a redirect; a reload of that page sends the form again. Each
form carries a name of its own, and a name that was used makes nothing.
"""

import secrets

from django.http import HttpRequest

FIELD = "once"
REMEMBERED = 50


def name() -> str:
    return secrets.token_urlsafe(12)


def take(request: HttpRequest) -> bool:
    """Is this the first time that this form comes? Without a name it never is."""
    given = request.POST.get(FIELD, "")[:40]
    used = request.session.get("used_forms", [])
    if not given or given in used:
        return False
    request.session["used_forms"] = [*used, given][-REMEMBERED:]
    return True
