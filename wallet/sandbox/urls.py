"""The sandbox provider's addresses, as a company of its own would have them."""

from django.urls import URLPattern, path

from wallet.sandbox import views

urlpatterns: list[URLPattern] = [
    path("pay", views.pay, name="sandbox-pay"),
    path("withdrawals", views.withdrawals, name="sandbox-withdrawals"),
    path("report", views.report, name="sandbox-report"),
]
