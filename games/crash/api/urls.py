from django.urls import URLPattern, path

from games.crash.api import views

urlpatterns: list[URLPattern] = [
    path("game/state", views.GameState.as_view(), name="api-game-state"),
    path("game/rounds", views.Rounds.as_view(), name="api-rounds"),
    path("game/rounds/<uuid:round_id>", views.RoundDetail.as_view(), name="api-round"),
    path("games", views.Games.as_view(), name="api-games"),
    path("games/<slug:game>/config", views.GameConfiguration.as_view(), name="api-game-config"),
    path("bets", views.Bets.as_view(), name="api-bets"),
    path("bets/<uuid:ticket_id>", views.BetDetail.as_view(), name="api-bet"),
    path("bets/<uuid:ticket_id>/confirm", views.ConfirmBet.as_view(), name="api-bet-confirm"),
    path("bets/<uuid:ticket_id>/cancel", views.CancelBet.as_view(), name="api-bet-cancel"),
    path("bets/<uuid:ticket_id>/cashout", views.CashOutBet.as_view(), name="api-bet-cashout"),
]
