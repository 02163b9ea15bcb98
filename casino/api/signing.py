"""
Signatures of requests. Pure.

Version 1 is the industry's: hex HMAC-SHA256(secret, body + timestamp). It binds neither method nor path, so each
signature counts for one request only. Version 2 binds all of it:

    timestamp \n METHOD \n path?query \n sha256hex(body)
"""

import hashlib
import hmac

TOLERANCE_SECONDS = 300
VERSIONS = ("1", "2")


def signature_v1(secret: str, body: bytes, timestamp: str) -> str:
    return hmac.new(secret.encode(), body + timestamp.encode(), hashlib.sha256).hexdigest()


def signature_v2(secret: str, method: str, target: str, body: bytes, timestamp: str) -> str:
    """`target` is the path with its query, as it stands in the request line."""
    text = f"{timestamp}\n{method.upper()}\n{target}\n{hashlib.sha256(body).hexdigest()}"
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def same(given: str, right: str) -> bool:
    """In constant time; anything may be given."""
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), right.encode())
