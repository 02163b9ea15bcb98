"""Why an action of the legacy APIs fails: a status, reasons that a program can read, and a sentence for people."""

from collections.abc import Mapping
from http import HTTPStatus

from accounts.protection.errors import Excluded
from casino.lib.errors import DomainError
from games.instant.errors import InvalidBet
from games.instant.intake import TooManyQueued

TOO_MANY = "TOO_MANY_QUEUED_BETS"
RETRY_SECONDS = 1  # a queue of a few bets is gone by then

# What is refused by its status alone: before a view is reached, or by an error that nobody expected.
OF_STATUS: dict[int, tuple[str, str]] = {
    400: ("request", "The request cannot be read."),
    401: ("api_key", "Sign in, or send your API key."),
    403: ("forbidden", "This is not allowed."),
    404: ("not_found", "There is no such action."),
    405: ("method", "The action exists, but not with this method."),
    411: ("body", "Send the length of the body with it (Content-Length)."),
    413: ("body", "The body is larger than 64 KiB."),
    415: ("content_type", "Send the body as JSON or as a form."),
    429: (TOO_MANY, "Too many requests. Wait as long as Retry-After says."),
    500: ("internal_error", "Our mistake. It was recorded; nothing has moved, unless /user says so."),
    503: ("temporarily_unavailable", "We cannot serve this now. Try again in a moment."),
}


class Refusal(Exception):
    """An action that is not carried out. `details` is what both dialects' programs decide by."""

    def __init__(
        self, status: int, *details: str, message: str | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        reason, sentence = OF_STATUS.get(status, ("request", HTTPStatus(status).phrase))
        self.status = status
        self.details = list(details) or [reason]
        self.message = message or sentence
        self.headers = dict(headers or {})
        if status == 401:
            self.headers.setdefault("WWW-Authenticate", 'Bearer realm="api"')
        super().__init__(self.message)

    @classmethod
    def of(cls, error: DomainError, limit: str = "") -> "Refusal":
        """`limit` is the error's `var` in words, where it has one."""
        message = f"{error.message.rstrip('.')}: {limit}." if limit else error.message
        match error:
            case InvalidBet():
                return cls(error.status, error.field, message=message)
            case TooManyQueued():
                return too_many(RETRY_SECONDS, message)
            case Excluded():
                return cls(error.status, "user_is_excluded", message=message)
        return cls(error.status, error.code, message=message)


def too_many(seconds: int, message: str | None = None) -> Refusal:
    return Refusal(429, TOO_MANY, message=message, headers={"Retry-After": str(seconds)})
