from django.apps import AppConfig


class AffiliateSharesConfig(AppConfig):
    name = "wallet.affiliates"
    label = "affiliate_shares"
    verbose_name = "shares of affiliates"
    default_auto_field = "django.db.models.BigAutoField"
