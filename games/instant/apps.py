from django.apps import AppConfig


class InstantGamesConfig(AppConfig):
    name = "games.instant"
    label = "instant"
    verbose_name = "Instant games"
