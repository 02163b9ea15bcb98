from django.urls import URLPattern, path

from wallet import api
from wallet.exchange import api as exchange
from wallet.protection.api import Limits

api_urls: list[URLPattern] = [
    path("users", api.Users.as_view(), name="api-users"),
    path("users/<str:external_id>", api.UserDetail.as_view(), name="api-user"),
    path("sessions", api.Sessions.as_view(), name="api-sessions"),
    path("user/balance", api.Balance.as_view(), name="api-balance"),
    path("currencies", exchange.Currencies.as_view(), name="api-currencies"),
    path("exchange-rates", exchange.ExchangeRates.as_view(), name="api-exchange-rates"),
    path("user/limits", Limits.as_view(), name="api-limits"),
]
