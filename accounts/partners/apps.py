from django.apps import AppConfig


class PartnersConfig(AppConfig):
    name = "accounts.partners"
    label = "partners"
    verbose_name = "partners"

    def ready(self) -> None:
        from accounts.partners import schema  # noqa: F401  registers the key with the OpenAPI document
