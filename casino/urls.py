"""Where everything is. Each app brings its own routes; this page only lists them."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("casino.ops.urls")),
    path("accounts/", include("allauth.urls")),
    path("", include("accounts.urls")),
    path("api/v1/", include("games.api.urls")),
    path("", include("games.urls")),
    path("admin/", admin.site.urls),
]
