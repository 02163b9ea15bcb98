from django.apps import AppConfig


class PspConfig(AppConfig):
    name = "wallet.psp"
    label = "psp"
    verbose_name = "Payments"
    default_auto_field = "django.db.models.BigAutoField"
