from django.urls import URLPattern, path

from wallet import api

api_urls: list[URLPattern] = [
    path("users", api.Users.as_view(), name="api-users"),
    path("users/<str:external_id>", api.UserDetail.as_view(), name="api-user"),
    path("sessions", api.Sessions.as_view(), name="api-sessions"),
    path("user/balance", api.Balance.as_view(), name="api-balance"),
]
