"""
The bundled provider that pays with play money: what it agrees on with the platform, and how it decides.

It plays a company of its own: own tables, own pages, and it speaks to the platform over HTTP only. What both know, as
a real merchant would from a contract, is the secret.
"""

import base64
import hashlib
import hmac

from django.conf import settings

SLUG = "sandbox"
NAME = "Sandbox Pay"
BASE_URL = "/sandbox/psp"  # on this very host

# Withdrawals are decided by the last two digits of their minor units; any others are approved.
DECLINED, LEFT_WAITING = 66, 77


def secret() -> str:
    """The same in every process of this installation, and no other's."""
    key = hmac.digest(settings.SECRET_KEY.encode(), b"sandbox-psp", hashlib.sha256)
    return "whsec_" + base64.b64encode(key).decode()
