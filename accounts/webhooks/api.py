"""A partner's webhook endpoints over REST. Each view parses, makes one call, answers."""

from typing import Any, ClassVar
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.partners.rules import Environment
from accounts.webhooks import operations, queries, rules
from accounts.webhooks.models import Attempt, Delivery, Endpoint
from casino.api import docs
from casino.api.fields import InputSerializer, StrictBooleanField, StrictCharField, checked
from casino.api.pagination import Newest
from casino.api.problems import Problem
from casino.api.views import ApiView
from casino.lib.clock import iso

ENDPOINT = {
    "id": "we_6f2c1d0b9a8e7f65",
    "url": "https://partner.example/hooks/casino",
    "description": "settlements to the back office",
    "events": ["bet.settled", "bet.voided"],
    "is_active": True,
    "disabled_reason": None,
    "failing_since": None,
    "created_at": "2026-11-21T12:00:00.000Z",
}
DELIVERY = {
    "id": "0198f2a1-c7d9-7c4f-8a3b-0c9d8e7f6a5b",
    "endpoint_id": ENDPOINT["id"],
    "event_id": "evt_0198f2a1c7d97c4f8a3b0c9d8e7f6a5b",
    "type": "bet.settled",
    "state": "delivered",
    "attempts": 1,
    "next_attempt_at": None,
    "delivered_at": "2026-11-21T12:00:01.000Z",
    "created_at": "2026-11-21T12:00:00.000Z",
}
DELIVERY_IN_FULL = {
    **DELIVERY,
    "body": '{"type":"bet.settled","timestamp":"2026-11-21T12:00:00.000Z","data":{}}',
    "log": [
        {
            "number": 1,
            "at": "2026-11-21T12:00:01.000Z",
            "duration_ms": 87,
            "status": 204,
            "error": None,
            "response": "",
        }
    ],
}
SECRET_NOTE = "shown this once; what the signatures of the messages are made with"  # noqa: S105 a description


# --- what is asked ----------------------------------------------------------------------------------------------------
class EventsField(serializers.ListField):
    child = serializers.ChoiceField(choices=list(rules.EVENTS))


class EndpointInput(InputSerializer):
    url = StrictCharField(max_length=rules.MAX_URL, help_text="https, on a public address")
    events = EventsField(allow_empty=False, max_length=len(rules.EVENTS))
    description = StrictCharField(max_length=120, allow_blank=True, default="")


class EndpointChanges(InputSerializer):
    url = StrictCharField(max_length=rules.MAX_URL, required=False)
    events = EventsField(allow_empty=False, max_length=len(rules.EVENTS), required=False)
    description = StrictCharField(max_length=120, allow_blank=True, required=False)
    is_active = StrictBooleanField(required=False)


# --- what is answered -------------------------------------------------------------------------------------------------
class EndpointShape(serializers.Serializer[Any]):
    id = serializers.CharField()
    url = serializers.CharField()
    description = serializers.CharField(allow_blank=True)
    events = serializers.ListField(child=serializers.ChoiceField(choices=list(rules.EVENTS)))
    is_active = serializers.BooleanField()
    disabled_reason = serializers.CharField(allow_null=True)
    failing_since = serializers.DateTimeField(allow_null=True, help_text="of the first failure since the last success")
    created_at = serializers.DateTimeField()


class NewEndpointShape(EndpointShape):
    secret = serializers.CharField(help_text=SECRET_NOTE)


class AttemptShape(serializers.Serializer[Any]):
    number = serializers.IntegerField()
    at = serializers.DateTimeField()
    duration_ms = serializers.IntegerField()
    status = serializers.IntegerField(allow_null=True, help_text="HTTP status, null where no answer came")
    error = serializers.CharField(allow_null=True)
    response = serializers.CharField(allow_blank=True, help_text="the beginning of what was answered")


class DeliveryShape(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    endpoint_id = serializers.CharField()
    event_id = serializers.CharField(help_text="the `webhook-id` of every attempt")
    type = serializers.CharField()
    state = serializers.ChoiceField(choices=Delivery.State.values)
    attempts = serializers.IntegerField(help_text="since it was last sent by hand")
    next_attempt_at = serializers.DateTimeField(allow_null=True)
    delivered_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()


class DeliveryInFullShape(DeliveryShape):
    body = serializers.CharField(help_text="what is sent, byte for byte")
    log = AttemptShape(many=True)


def show_endpoint(endpoint: Endpoint) -> dict[str, Any]:
    return {
        "id": endpoint.endpoint_id,
        "url": endpoint.url,
        "description": endpoint.description,
        "events": endpoint.events,
        "is_active": endpoint.is_active,
        "disabled_reason": endpoint.disabled_reason or None,
        "failing_since": iso(endpoint.failing_since) if endpoint.failing_since else None,
        "created_at": iso(endpoint.created_at),
    }


def show_delivery(row: Delivery) -> dict[str, Any]:
    pending = row.state == Delivery.State.PENDING
    return {
        "id": str(row.pk),
        "endpoint_id": row.endpoint.endpoint_id,
        "event_id": row.event_id,
        "type": row.event.type,
        "state": row.state,
        "attempts": row.attempts,
        "next_attempt_at": iso(row.next_attempt_at) if pending else None,
        "delivered_at": iso(row.delivered_at) if row.delivered_at else None,
        "created_at": iso(row.event.created_at),
    }


def _in_full(row: Delivery) -> dict[str, Any]:
    return {**show_delivery(row), "body": row.event.body, "log": [_show_attempt(each) for each in row.log.all()]}


def _show_attempt(each: Attempt) -> dict[str, Any]:
    return {
        "number": each.number,
        "at": iso(each.at),
        "duration_ms": each.duration_ms,
        "status": each.status,
        "error": each.error or None,
        "response": each.response,
    }


# --- endpoints --------------------------------------------------------------------------------------------------------
class WebhooksView(ApiView):
    scopes: ClassVar = dict.fromkeys(("GET", "POST", "PATCH", "DELETE"), "manage:webhooks")

    def endpoint(self, endpoint_id: str) -> Endpoint:
        found = queries.endpoint_of(self.key.partner_id, self.key.environment, endpoint_id)
        if found is None:
            raise Problem("not_found", "There is no such endpoint.")
        return found

    def delivery(self, delivery_id: UUID) -> Delivery:
        found = queries.delivery_of(self.key.partner_id, self.key.environment, delivery_id)
        if found is None:
            raise Problem("not_found", "There is no such delivery.")
        return found


def _refused(error: rules.Invalid) -> Problem:
    if isinstance(error, rules.TooMany):
        return Problem("limit_reached", str(error))
    return Problem("invalid_request", errors=[{"field": error.field, "message": str(error)}])


class Webhooks(WebhooksView):
    @extend_schema(
        operation_id="webhooks_list",
        summary="Your endpoints, newest first",
        tags=["Webhooks"],
        parameters=[docs.LIMIT, docs.CURSOR],
        responses={200: docs.listing(EndpointShape, "EndpointList"), **docs.problems("invalid_request")},
        examples=[docs.example("endpoints", {"results": [ENDPOINT], "next": None, "previous": None})],
    )
    def get(self, request: Request) -> Response:
        rows = queries.endpoints_of(self.key.partner_id, self.key.environment)
        return Response(Newest("-pk").listing(rows, request, show_endpoint))

    @extend_schema(
        operation_id="webhooks_create",
        summary="A new endpoint",
        description="Messages follow Standard Webhooks 1.0. The secret is shown this once.",
        tags=["Webhooks"],
        request=EndpointInput,
        responses={
            201: NewEndpointShape,
            **docs.problems("invalid_request", "limit_reached", "unsupported_media_type", "payload_too_large"),
        },
        examples=[
            docs.example("settlements", {"url": ENDPOINT["url"], "events": ["bet.settled"]}, request=True),
            docs.example("created", {**ENDPOINT, "secret": "whsec_…"}),
        ],
    )
    def post(self, request: Request) -> Response:
        data = checked(EndpointInput, request.data)
        environment = Environment(self.key.environment)
        try:
            made = operations.create_endpoint(self.key.partner, environment, **data, actor=None, now=self.received_at)
        except rules.Invalid as error:
            raise _refused(error) from error
        return Response({**show_endpoint(made.endpoint), "secret": made.secret}, status=201)


class WebhookDetail(WebhooksView):
    @extend_schema(
        operation_id="webhooks_get",
        summary="One endpoint",
        tags=["Webhooks"],
        responses={200: EndpointShape, **docs.problems("not_found")},
        examples=[docs.example("an endpoint", ENDPOINT)],
    )
    def get(self, request: Request, endpoint_id: str) -> Response:
        return Response(show_endpoint(self.endpoint(endpoint_id)))

    @extend_schema(
        operation_id="webhooks_change",
        summary="Change an endpoint, or switch it off and on",
        tags=["Webhooks"],
        request=EndpointChanges,
        responses={
            200: EndpointShape,
            **docs.problems("invalid_request", "not_found", "unsupported_media_type", "payload_too_large"),
        },
        examples=[docs.example("off", {"is_active": False}, request=True), docs.example("an endpoint", ENDPOINT)],
    )
    def patch(self, request: Request, endpoint_id: str) -> Response:
        changes = checked(EndpointChanges, request.data)
        endpoint = self.endpoint(endpoint_id)
        try:
            changed = operations.update_endpoint(endpoint, actor=None, now=self.received_at, **changes)
        except rules.Invalid as error:
            raise _refused(error) from error
        return Response(show_endpoint(changed))

    @extend_schema(
        operation_id="webhooks_delete",
        summary="Delete an endpoint",
        tags=["Webhooks"],
        responses={204: None, **docs.problems("not_found")},
    )
    def delete(self, request: Request, endpoint_id: str) -> Response:
        operations.delete_endpoint(self.endpoint(endpoint_id), actor=None, now=self.received_at)
        return Response(status=204)


class RotateSecret(WebhooksView):
    @extend_schema(
        operation_id="webhooks_rotate_secret",
        summary="A new secret",
        description="For 24 hours messages are signed with the old secret as well.",
        tags=["Webhooks"],
        request=None,
        responses={200: NewEndpointShape, **docs.problems("not_found")},
        examples=[docs.example("rotated", {**ENDPOINT, "secret": "whsec_…"})],
    )
    def post(self, request: Request, endpoint_id: str) -> Response:
        made = operations.rotate_secret(self.endpoint(endpoint_id), actor=None, now=self.received_at)
        return Response({**show_endpoint(made.endpoint), "secret": made.secret})


class SendTest(WebhooksView):
    @extend_schema(
        operation_id="webhooks_test",
        summary="Send an `endpoint.test` to the endpoint",
        tags=["Webhooks"],
        request=None,
        responses={202: DeliveryShape, **docs.problems("not_found")},
        examples=[docs.example("on its way", {**DELIVERY, "type": rules.TEST_EVENT, "state": "pending"})],
    )
    def post(self, request: Request, endpoint_id: str) -> Response:
        sent = operations.send_test(self.endpoint(endpoint_id), now=self.received_at)
        return Response(show_delivery(sent), status=202)


# --- deliveries -------------------------------------------------------------------------------------------------------
class Deliveries(WebhooksView):
    @extend_schema(
        operation_id="webhooks_deliveries",
        summary="What was sent to an endpoint, newest first",
        tags=["Webhooks"],
        parameters=[docs.LIMIT, docs.CURSOR],
        responses={200: docs.listing(DeliveryShape, "DeliveryList"), **docs.problems("invalid_request", "not_found")},
        examples=[docs.example("deliveries", {"results": [DELIVERY], "next": None, "previous": None})],
    )
    def get(self, request: Request, endpoint_id: str) -> Response:
        rows = queries.deliveries_of(self.endpoint(endpoint_id))
        return Response(Newest("-pk").listing(rows, request, show_delivery))


class DeliveryDetail(WebhooksView):
    @extend_schema(
        operation_id="webhooks_delivery",
        summary="One delivery, with its body and every attempt",
        tags=["Webhooks"],
        responses={200: DeliveryInFullShape, **docs.problems("not_found")},
        examples=[docs.example("delivered", DELIVERY_IN_FULL)],
    )
    def get(self, request: Request, delivery_id: UUID) -> Response:
        return Response(_in_full(self.delivery(delivery_id)))


class Resend(WebhooksView):
    @extend_schema(
        operation_id="webhooks_resend",
        summary="Send it once more, under the same `webhook-id`",
        tags=["Webhooks"],
        request=None,
        responses={202: DeliveryShape, **docs.problems("not_found")},
        examples=[docs.example("on its way", {**DELIVERY, "state": "pending"})],
    )
    def post(self, request: Request, delivery_id: UUID) -> Response:
        sent = operations.resend(self.delivery(delivery_id), now=self.received_at)
        return Response(show_delivery(sent), status=202)
