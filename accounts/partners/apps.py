from django.apps import AppConfig


class PartnersConfig(AppConfig):
    name = "accounts.partners"
    label = "partners"
    verbose_name = "partners"
