from django.apps import AppConfig


class BankrollConfig(AppConfig):
    name = "wallet.bankroll"
    label = "bankroll"
    verbose_name = "what the house risks"
