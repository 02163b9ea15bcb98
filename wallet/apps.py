from django.apps import AppConfig


class WalletConfig(AppConfig):
    name = "wallet"

    def ready(self) -> None:
        from accounts.protection import operations as protection
        from wallet.protection.enforcement import hold_accounts_of

        protection.still.append(hold_accounts_of)
