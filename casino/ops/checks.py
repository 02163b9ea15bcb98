"""
What a production process (`DEBUG=false`) refuses to start with. Each finding names the setting and what to do.

They are Django checks, so every command that checks shows them, and `refuse_unsafe_start` raises them where a server
is loaded (asgi, wsgi).
"""

from collections.abc import Iterator, Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.core.exceptions import ImproperlyConfigured

SECRET_CHARACTERS = 32


def _problems() -> Iterator[tuple[str, str]]:
    if len(settings.SECRET_KEY) < SECRET_CHARACTERS or settings.SECRET_KEY == settings.NO_SECRET:
        yield "E001", f"SECRET_KEY is missing or short: give a random text of at least {SECRET_CHARACTERS} characters."
    keys: list[str] = settings.ENCRYPTION_KEYS
    if not keys or any(len(key) < SECRET_CHARACTERS for key in keys):
        yield (
            "E002",
            f"ENCRYPTION_KEYS is missing or short: give random texts of at least {SECRET_CHARACTERS} characters.",
        )
    if settings.SECRET_KEY in keys:
        yield "E003", "ENCRYPTION_KEYS holds the SECRET_KEY: what is encrypted at rest needs a key of its own."
    if not settings.ALLOWED_HOSTS or "*" in settings.ALLOWED_HOSTS:
        yield "E004", "ALLOWED_HOSTS is empty or has '*': name the hosts that are served."
    if not (settings.SESSION_COOKIE_SECURE and settings.CSRF_COOKIE_SECURE):
        yield "E005", "SESSION_COOKIE_SECURE and CSRF_COOKIE_SECURE must be on: sign-ins travel over TLS only."
    if settings.DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
        yield "E006", "DATABASE_URL is SQLite, which one process can use: give a postgres:// address."
    if not settings.REDIS_URLS:
        yield "E007", "REDIS_URL is empty: processes hear each other through Redis."
    if any(origin.startswith("http://") for origin in settings.CSRF_TRUSTED_ORIGINS):
        yield "E008", "CSRF_TRUSTED_ORIGINS has an http:// origin: only https:// ones can be trusted."

    if settings.SANDBOX_PSP and not settings.SANDBOX_PSP_IN_PRODUCTION:
        yield (
            "E009",
            "SANDBOX_PSP is on: anyone could pay in play money. Switch it off, or set SANDBOX_PSP_IN_PRODUCTION too.",
        )


def unsafe_settings() -> list[tuple[str, str]]:
    """The findings, in production; none in any other mode."""
    return list(_problems()) if settings.PRODUCTION else []


@register
def check_production(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    return [Error(message, id=f"casino.{number}") for number, message in unsafe_settings()]


def refuse_unsafe_start() -> None:
    """Raise ImproperlyConfigured with every finding, before anything is served."""
    found = unsafe_settings()
    if found:
        lines = "\n".join(f"  casino.{number}: {message}" for number, message in found)
        raise ImproperlyConfigured(f"DEBUG=false and unsafe settings, so nothing is started:\n{lines}")
