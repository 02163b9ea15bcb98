"""Everything of version 1, from the apps that have it."""

from django.urls import URLPattern, URLResolver, include, path, re_path

from accounts.webhooks.urls import api_urls as webhook_urls
from games.api import descriptions, multi, views
from wallet.psp.urls import api_urls as psp_urls
from wallet.transfers.urls import api_urls as transfer_urls
from wallet.urls import api_urls as wallet_urls

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("games.crash.api.urls")),
    path("", include(wallet_urls)),
    path("", include(transfer_urls)),
    path("", include(psp_urls)),
    path("", include(webhook_urls)),
    path("reports/activity", views.ActivityReport.as_view(), name="api-activity"),
    path("multi", multi.Multi.as_view(), name="api-multi"),
    path("changelog", views.Changelog.as_view(), name="api-changelog"),
    path("status", views.Status.as_view(), name="api-status"),
    path("openapi.json", descriptions.OpenApiDocument.as_view(), name="api-openapi"),
    path("postman.json", descriptions.PostmanCollection.as_view(), name="api-postman"),
    path("asyncapi.json", descriptions.AsyncApiDocument.as_view(), name="api-asyncapi"),
    re_path("", views.Unknown.as_view()),
]
