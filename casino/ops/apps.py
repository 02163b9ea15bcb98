from django.apps import AppConfig


class OpsConfig(AppConfig):
    name = "casino.ops"
    label = "ops"

    def ready(self) -> None:
        from django.conf import settings

        from casino.ops import checks, logs  # noqa: F401 checks registers itself

        logs.configure(as_json=settings.PRODUCTION)
