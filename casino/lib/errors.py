"""
The error family. A refusal is a value with a code: the same one answers a socket, a REST call and a page.

`code` is the word the REST API answers, `status` its HTTP status, `socket_code` the number of contract section 4,
`var` the limit that was missed (minor units or hundredths), where there is one.
"""


class DomainError(Exception):
    """Something was asked that the rules refuse; nothing has changed."""

    code = "invalid_request"
    status = 400
    socket_code = 500
    message = "The request was refused."

    def __init__(self, message: str | None = None, *, var: int | None = None) -> None:
        self.message = message or self.message
        self.var = var
        super().__init__(self.message)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.message!r}, var={self.var!r})"
