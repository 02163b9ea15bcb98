"""Where everything is. Each app brings its own routes; this page only lists them."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("casino.ops.urls")),
    path("accounts/", include("accounts.sign_in_urls")),
    path("", include("accounts.urls")),
    path("wallet/", include("wallet.psp.urls")),
    path("sandbox/psp/", include("wallet.sandbox.urls")),
    path("play-safe/", include("wallet.protection.urls")),
    path("developers/", include("accounts.portal.urls")),
    path("api/", include("games.legacy.urls")),
    path("api/v1/", include("games.api.urls")),
    path("", include("games.urls")),
    path("admin/", admin.site.urls),
]
