from django.urls import URLPattern, path

from wallet.transfers import api

api_urls: list[URLPattern] = [
    path("wallet/transfers", api.Transfers.as_view(), name="api-transfers"),
    path("wallet/transfers/<str:reference>", api.TransferDetail.as_view(), name="api-transfer"),
]
