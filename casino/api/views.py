"""
The base of every endpoint. In this order: key (state, address) → scope → rate limit → signature → the view.

A call that moves money is judged by what this process remembers (`recalled`), and that is proved where its effect is
written. Where it is not true any more, and nothing was written, the call begins anew with what is true now.

    class Bets(ApiView):
        scopes = {"GET": "read:bets", "POST": "write:bet"}
        money = {"POST"}                                     # signed and idempotent

        def post(self, request): ...
            return self.once(desk, wish, render)             # idempotency, then the one domain call
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, ClassVar, Protocol, TypeVar

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from casino.api import docs, limits, signing
from casino.api.idempotency import Call, Desk, Outdated, Stamp, Stored, known
from casino.api.parsing import ExactJSONParser
from casino.api.problems import Problem
from casino.lib.clock import Clock, system_clock
from casino.ops.remembered import Key, Memory, Proof, disproved

Found = TypeVar("Found")

_IDEMPOTENCY_KEY = re.compile(docs.IDEMPOTENCY_KEY_FORM)


class ApiKeyLike(Protocol):
    """What this layer needs of a key (`accounts.partners.models.ApiKey` is one)."""

    pk: int
    scopes: list[str]
    only_signature_v2: bool

    @property
    def signing_secret(self) -> str: ...


class Negotiation(DefaultContentNegotiation):
    """Nothing is weighed up where the client takes anything, or names just what we would send."""

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> tuple[Any, str]:
        first = renderers[0]
        if request.META.get("HTTP_ACCEPT", "*/*") in ("*/*", first.media_type):
            return first, first.media_type
        chosen: tuple[Any, str] = super().select_renderer(request, renderers, format_suffix)
        return chosen


class ApiView(APIView):
    content_negotiation_class = Negotiation
    parser_classes = (ExactJSONParser,)
    renderer_classes = (JSONRenderer,)
    clock: ClassVar[Clock] = system_clock
    scopes: ClassVar[Mapping[str, str]] = {}  # by method; a method without one is open to every key
    money: ClassVar[frozenset[str]] = frozenset()
    rate: ClassVar[Mapping[str, str]] = {}  # class of rate limit by method; default read for GET, write for others
    sunset: ClassVar[tuple[str, str, str] | None] = None  # deprecated since, gone after (HTTP dates), link

    received_at: datetime
    _standing: limits.Standing | None = None
    _stamp: Stamp | None = None
    _proofs: tuple[Proof, ...] = ()  # of what was recalled and is not proved yet
    _recalls: bool = True

    @property
    def key(self) -> Any:
        """The key that the request came with (`accounts.partners.models.ApiKey`)."""
        return self.request.auth

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            response = super().dispatch(request, *args, **kwargs)
        except Outdated:
            self._recalls, self._proofs = False, ()
            response = super().dispatch(request, *args, **kwargs)
        if isinstance(response, Response):
            response.render()
            del response.renderer_context  # type: ignore[attr-defined]
        if not response.streaming:
            # The request and this view refer to themselves and to each other: see `ApiMiddleware`.
            self.request.parser_context = {}
            vars(self).clear()
        return response

    # --- what is remembered -------------------------------------------------------------------------------------------
    def recalled(self, memory: Memory[Key, Found], key: Key) -> Found | None:
        """What this process remembers, where it is going to be proved; otherwise as it is now."""
        known = memory.recall(key) if self._recalls and self.request.method in self.money else None
        if known is None:
            return memory.look_up(key)
        found, proof = known
        self._proofs += (proof,)
        return found

    def be_sure(self) -> None:
        """Prove it now: what comes next cannot be undone."""
        if self._proofs and disproved(self._proofs):
            raise Outdated
        self._proofs = ()

    # --- before the view ----------------------------------------------------------------------------------------------
    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        if self._recalls:
            self.received_at = self.clock.now()  # decides whether a cash-out was in time
        self.format_kwarg = None
        neg = self.perform_content_negotiation(request)
        request.accepted_renderer, request.accepted_media_type = neg
        self.perform_authentication(request)
        method = request.method or "GET"
        if method == "OPTIONS":
            return
        scope = self.scopes.get("GET" if method == "HEAD" else method)
        key: ApiKeyLike | None = request.auth  # type: ignore[assignment]
        if key is None:
            return
        if scope is not None and scope not in key.scopes:
            raise Problem("insufficient_scope", f"The key does not have the scope {scope}.")
        self._take_rate(key, method)
        if method in self.money:
            self.require_signature(request)

    def _take_rate(self, key: ApiKeyLike, method: str) -> None:
        kind = self.rate.get(method) or ("read" if method in ("GET", "HEAD") else "write")
        if self._standing is None:  # counted once, however often it begins
            self._standing = limits.take(kind, f"key:{key.pk}")
        if not self._standing.allowed:
            quota, window = self._standing.quota, self._standing.window_seconds
            raise Problem("rate_limited", f"More than {quota} {kind} requests in {window} seconds.")

    def require_signature(self, request: Request) -> None:
        """Raises a Problem, or leaves a stamp: what makes this call this call."""
        key: ApiKeyLike = self.key
        sent = request.META
        timestamp, signature = sent.get("HTTP_X_TIMESTAMP", ""), sent.get("HTTP_X_SIGNATURE", "")
        version = sent.get("HTTP_X_SIGNATURE_VERSION", "1")
        if not timestamp or not signature:
            raise Problem("signature_missing")
        if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
            raise Problem("timestamp_out_of_range", "X-Timestamp is a time in whole Unix seconds.")
        if version not in signing.VERSIONS:
            raise Problem("signature_invalid", "X-Signature-Version is 1 or 2.")
        if key.only_signature_v2 and version != "2":
            raise Problem("signature_invalid", "This key accepts only X-Signature-Version: 2.")
        body, target = request._request.body, request._request.get_full_path()
        secret = key.signing_secret
        if version == "2":
            right = signing.signature_v2(secret, request.method or "", target, body, timestamp)
        else:
            right = signing.signature_v1(secret, body, timestamp)
        if not signing.same(signature.lower(), right):
            raise Problem("signature_invalid")
        if abs(self.clock.now().timestamp() - int(timestamp)) > signing.TOLERANCE_SECONDS:
            raise Problem("timestamp_out_of_range")
        name = sent.get("HTTP_IDEMPOTENCY_KEY", "")
        if not _IDEMPOTENCY_KEY.fullmatch(name):
            message = "Needed for calls that move money: 1 to 255 characters of visible ASCII."
            raise Problem("invalid_request", errors=[{"field": "Idempotency-Key", "message": message}])
        self._stamp = Stamp.of(key.pk, name, method=request.method or "", target=target, body=body, signature=right)

    # --- the view -----------------------------------------------------------------------------------------------------
    def once(self, desk: Desk[Any], wish: Any, render: Callable[[Any], tuple[int, dict[str, Any]]]) -> HttpResponse:
        """Carry out a call that moves money, or give the answer that it had."""
        assert self._stamp is not None, "a method that moves money is named in `money`"
        call, self._proofs = Call(self._stamp, wish, render, self._proofs), ()
        return _stored(desk.hand_in(call))

    def is_new(self) -> bool:
        """Has this call no answer yet? Asked before something is done for it that cannot be part of its transaction."""
        assert self._stamp is not None, "a method that moves money is named in `money`"
        self.be_sure()
        return known([self._stamp])[0] is None

    @property
    def call_name(self) -> str:
        """The same for every repetition of this call, and no other's."""
        assert self._stamp is not None, "a method that moves money is named in `money`"
        return self._stamp.name

    # --- after it -----------------------------------------------------------------------------------------------------
    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, Outdated):
            raise exc
        self.be_sure()  # also of a refusal
        # A call that is known already is answered as before, whatever this repetition would be told now.
        if self._stamp is not None and not (isinstance(exc, Problem) and exc.status in (401, 409, 429)):
            before = known([self._stamp])[0]
            if isinstance(before, Stored):
                return _stored(before)  # type: ignore[return-value]
            if before is not None:
                exc = before
        return super().handle_exception(exc)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        if self._standing is not None:
            for name, value in self._standing.headers().items():
                response[name] = value
        if self.sunset is not None:
            response["Deprecation"], response["Sunset"], response["Link"] = self.sunset
        return response


def _stored(answer: Stored) -> HttpResponse:
    kind = "application/problem+json" if answer.status >= 400 else "application/json"
    response = HttpResponse(answer.body, status=answer.status, content_type=kind)
    if answer.replayed:
        response["Idempotent-Replayed"] = "true"
    return response
