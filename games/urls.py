"""The players' pages."""

from django.urls import URLPattern, URLResolver, include, path

from games import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.lobby, name="lobby"),
    path("games/", include("games.instant.urls")),  # their names are no crash tables
    path("games/<slug:slug>/", views.crash, name="crash"),
    path("games/<slug:slug>/launch/", views.launch, name="launch"),
    path("games/<slug:slug>/solo/", views.solo, name="solo"),
    path("games/<slug:slug>/solo/launch/", views.solo_launch, name="solo-launch"),
    path("games/<slug:slug>/recent.json", views.recent, name="recent"),
    path("fair/", views.fair, name="fair"),
    path("fair/rounds/<uuid:round_id>.json", views.fair_round, name="fair-round"),
    path("rules/", views.rules, name="rules"),
    path("favicon.ico", views.favicon, name="favicon"),
    path("session/", views.session, name="session"),
    path("session/refill/", views.refill, name="refill"),
]
