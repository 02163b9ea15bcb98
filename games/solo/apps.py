from django.apps import AppConfig


class SoloConfig(AppConfig):
    name = "games.solo"
    label = "solo"
    verbose_name = "Solo crash"
