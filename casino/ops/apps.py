from django.apps import AppConfig


class OpsConfig(AppConfig):
    name = "casino.ops"
    label = "ops"

    def ready(self) -> None:
        from casino.ops import checks  # noqa: F401 registers them
