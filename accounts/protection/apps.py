from django.apps import AppConfig


class ProtectionConfig(AppConfig):
    name = "accounts.protection"
    label = "protection"
    verbose_name = "protection of players"
