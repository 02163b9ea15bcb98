from django.urls import URLPattern, path

from accounts import views

urlpatterns: list[URLPattern] = [
    path("account/", views.overview, name="account"),
    path("account/api-key/", views.api_key, name="account-api-key"),
    path("account/api-key/revoke/", views.revoke_api_key, name="account-api-key-revoke"),
    path("account/sessions/end/", views.end_sessions, name="account-end-sessions"),
]
