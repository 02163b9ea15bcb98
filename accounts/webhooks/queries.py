"""Questions about webhooks. Each one that a partner asks goes through that partner and environment."""

from uuid import UUID

from django.db.models import QuerySet

from accounts.webhooks.models import Delivery, Endpoint


def endpoints_of(partner_id: int, environment: str) -> QuerySet[Endpoint]:
    """Newest first."""
    return Endpoint.objects.filter(partner_id=partner_id, environment=environment, deleted_at=None).order_by("-pk")


def endpoint_of(partner_id: int, environment: str, endpoint_id: str) -> Endpoint | None:
    return endpoints_of(partner_id, environment).filter(endpoint_id=endpoint_id).first()


def deliveries_of(endpoint: Endpoint) -> QuerySet[Delivery]:
    """Newest first."""
    return Delivery.objects.select_related("event", "endpoint").filter(endpoint=endpoint).order_by("-pk")


def delivery_of(partner_id: int, environment: str, delivery_id: UUID) -> Delivery | None:
    found = Delivery.objects.select_related("event", "endpoint").prefetch_related("log")
    return found.filter(
        pk=delivery_id, endpoint__partner_id=partner_id, endpoint__environment=environment, endpoint__deleted_at=None
    ).first()
