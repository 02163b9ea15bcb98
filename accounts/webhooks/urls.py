from django.urls import URLPattern, path

from accounts.webhooks import api

api_urls: list[URLPattern] = [
    path("webhooks", api.Webhooks.as_view(), name="api-webhooks"),
    path("webhooks/deliveries/<uuid:delivery_id>", api.DeliveryDetail.as_view(), name="api-webhook-delivery"),
    path("webhooks/deliveries/<uuid:delivery_id>/resend", api.Resend.as_view(), name="api-webhook-resend"),
    path("webhooks/<str:endpoint_id>", api.WebhookDetail.as_view(), name="api-webhook"),
    path("webhooks/<str:endpoint_id>/rotate_secret", api.RotateSecret.as_view(), name="api-webhook-rotate"),
    path("webhooks/<str:endpoint_id>/test", api.SendTest.as_view(), name="api-webhook-test"),
    path("webhooks/<str:endpoint_id>/deliveries", api.Deliveries.as_view(), name="api-webhook-deliveries"),
]
