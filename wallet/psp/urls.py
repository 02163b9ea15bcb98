"""The wallet page of the site, and the address that providers report to."""

from django.urls import URLPattern, path

from wallet.psp import api, views

urlpatterns: list[URLPattern] = [
    path("", views.page, name="wallet"),
    path("deposit/", views.deposit, name="wallet-deposit"),
    path("withdraw/", views.withdraw, name="wallet-withdraw"),
    path("payments.json", views.standing, name="wallet-standing"),
    path("payments/<slug:reference>/cancel/", views.cancel, name="wallet-cancel"),
    path("payments/<slug:reference>/continue/", views.go_on, name="wallet-continue"),
    path("statement.csv", views.export, name="wallet-export"),
]

api_urls: list[URLPattern] = [
    path("psp/<slug:provider>/webhook", api.ProviderWebhook.as_view(), name="api-psp-webhook"),
]
