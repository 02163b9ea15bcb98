from django.urls import URLPattern, path

from wallet.protection import views

urlpatterns: list[URLPattern] = [
    path("", views.overview, name="play-safe"),
    path("keep/", views.keep, name="play-safe-keep"),
    path("break/", views.take_break, name="play-safe-break"),
]
