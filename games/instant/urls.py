"""The instant games' pages, below `/games/`."""

from django.urls import URLPattern, path, register_converter

from games.instant import views
from games.instant.kinds import KINDS


class InstantSlug:
    """The name of an instant game; every other one below `/games/` is a crash table's."""

    regex = "|".join(KINDS)

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(InstantSlug, "instant")

urlpatterns: list[URLPattern] = [
    path("<instant:game>/", views.page, name="instant"),
    path("<instant:game>/seat", views.seat, name="instant-seat"),
    path("<instant:game>/bet", views.bet, name="instant-bet"),
    path("<instant:game>/hash", views.new_hash, name="instant-hash"),
    path("<instant:game>/history.json", views.history, name="instant-history"),
    path("<instant:game>/reality.json", views.reality, name="instant-reality"),
    path("<instant:game>/bets/<int:bet_id>.json", views.own_bet, name="instant-own-bet"),
]
