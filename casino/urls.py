"""Where everything is. Each app brings its own routes; this page only lists them."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

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
    # Staff change their own password where everybody does: that ends what the old one opened.
    path("admin/password_change/", RedirectView.as_view(pattern_name="account_change_password")),
    path("admin/", admin.site.urls),
]
