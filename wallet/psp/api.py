"""Where providers report. No key: the signature over the body says who it is."""

from typing import Any

from django.conf import settings
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.webhooks.rules import BadSignature, check_signed
from casino.api import docs, limits
from casino.api.addresses import client_address
from casino.api.fields import MAX_SAFE_INTEGER
from casino.api.problems import Problem
from casino.api.views import ApiView
from wallet.psp import operations, queries, rules

TYPES = list(rules.TYPES)
SIGNED = ("webhook-id", "webhook-timestamp", "webhook-signature")
REPORT = {
    "type": "deposit.succeeded",
    "data": {
        "reference": "dep_5f0c1d2e3b4a59687766aabb",
        "provider_reference": "sbx_81f2",
        "amount": 25000,
        "currency": "BRL",
        "at": "2026-11-21T12:00:00Z",
    },
}


def _header(name: str, about: str) -> OpenApiParameter:
    return OpenApiParameter(name, OpenApiTypes.STR, OpenApiParameter.HEADER, required=True, description=about)


class ReportDataShape(serializers.Serializer[Any]):
    reference = serializers.RegexField(r"^[!-~]{1,64}$", help_text="our name of the payment")
    provider_reference = serializers.RegexField(r"^[!-~]{1,64}$", help_text="the provider's own")
    amount = serializers.IntegerField(min_value=1, max_value=min(rules.MAX_AMOUNT, MAX_SAFE_INTEGER))
    currency = serializers.RegexField(r"^[A-Z]{3,8}$")
    at = serializers.DateTimeField(help_text="when it happened, with the offset")


class PaymentReportShape(serializers.Serializer[Any]):
    type = serializers.ChoiceField(choices=TYPES)
    data = ReportDataShape()  # type: ignore[assignment]


class TakenShape(serializers.Serializer[Any]):
    received = serializers.BooleanField(help_text="it is remembered; nothing needs to be sent again")


class ProviderWebhook(ApiView):
    authentication_classes = ()

    @extend_schema(
        operation_id="psp_report",
        summary="A payment provider reports on a deposit or a withdrawal",
        description="For payment providers. Standard Webhooks: signed with the provider's secret, at most 5 minutes "
        "old. The same `webhook-id` again is answered in the same way and changes nothing. 2xx: understood and "
        "remembered, whatever it means for the payment.",
        tags=["Payments"],
        auth=[],
        parameters=[
            _header("webhook-id", "names the message; the same on every repetition"),
            _header("webhook-timestamp", "Unix seconds, ±300"),
            _header("webhook-signature", "`v1,` and base64 of HMAC-SHA256 over `id.timestamp.body`; several by blanks"),
        ],
        request=PaymentReportShape,
        responses={
            200: TakenShape,
            **docs.problems(
                "invalid_request",
                "not_found",
                "signature_missing",
                "signature_invalid",
                "timestamp_out_of_range",
                "idempotency_mismatch",
                "rate_limited",
                "unsupported_media_type",
                "payload_too_large",
                public=True,
            ),
        },
        examples=[
            docs.example("a deposit", REPORT, request=True),
            docs.example("taken", {"received": True}),
        ],
    )
    def post(self, request: Request, provider: str) -> Response:
        body = self._signed_body(request, provider)
        try:
            said = rules.read_report(body)
        except rules.NotAReport as fault:
            raise Problem("invalid_request", errors=[{"field": fault.field, "message": str(fault)}]) from fault
        operations.receive(
            self.provider,
            message_id=request.headers["webhook-id"],
            body=body.decode(),
            said=said,
            now=self.clock.now(),
        )
        return Response({"received": True})

    def _signed_body(self, request: Request, slug: str) -> bytes:
        """The body, once it is known whose it is."""
        if (request.content_type or "").partition(";")[0].strip().lower() != "application/json":
            raise Problem("unsupported_media_type")
        body = request._request.body
        if len(body) > rules.MAX_BODY:
            raise Problem("payload_too_large", f"A report has at most {rules.MAX_BODY} bytes.")
        given = {name: request.headers.get(name, "") for name in SIGNED}
        if not all(given.values()):
            raise Problem("signature_missing", f"Send {', '.join(given)}.")
        found = queries.provider(slug)
        if found is None:
            raise Problem("not_found", "There is no such provider.")
        self.provider = found
        try:
            check_signed(
                [found.secret],
                message_id=given["webhook-id"],
                timestamp=given["webhook-timestamp"],
                signatures=given["webhook-signature"],
                body=body,
                now=self.clock.now(),
            )
        except BadSignature as refusal:
            self._slow_down(request)
            raise Problem(refusal.code, str(refusal)) from refusal
        return body

    def _slow_down(self, request: Request) -> None:
        """Who cannot sign is not asked to try for ever."""
        address = client_address(request.META, settings.TRUSTED_PROXY_IPS)
        guesses = limits.take("guess", f"address:{address}")
        if not guesses.allowed:
            raise Problem("rate_limited", "Too many messages that are not signed.", headers=guesses.headers())
