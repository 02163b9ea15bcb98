from django.apps import AppConfig


class CrashConfig(AppConfig):
    name = "games.crash"
    label = "crash"
    verbose_name = "crash game"
