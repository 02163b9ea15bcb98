"""Everything of version 1, from the apps that have it."""

from django.urls import URLPattern, URLResolver, include, path, re_path
from drf_spectacular.views import SpectacularJSONAPIView

from games.api import multi, views
from wallet.urls import api_urls as wallet_urls

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("games.crash.api.urls")),
    path("", include(wallet_urls)),
    path("reports/activity", views.ActivityReport.as_view(), name="api-activity"),
    path("multi", multi.Multi.as_view(), name="api-multi"),
    path("changelog", views.Changelog.as_view(), name="api-changelog"),
    path("status", views.Status.as_view(), name="api-status"),
    path(
        "openapi.json",
        SpectacularJSONAPIView.as_view(authentication_classes=[], permission_classes=[]),
        name="api-openapi",
    ),
    re_path("", views.Unknown.as_view()),
]
