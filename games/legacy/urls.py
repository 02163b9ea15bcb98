"""Below `/api/`. Which paths of `/api/v1` are the legacy API's is said once, in the settings."""

from django.conf import settings
from django.urls import URLPattern, re_path

from games.legacy import views

urlpatterns: list[URLPattern] = [
    re_path(rf"^1(?P<path>{settings.LEGACY_ONE_PATHS})$", views.one, name="legacy-one"),
    re_path(rf"^v1(?P<path>{settings.LEGACY_V1_PATHS})$", views.v1, name="legacy-v1"),
]
