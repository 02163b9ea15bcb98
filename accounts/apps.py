from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        from django.contrib.auth.signals import user_logged_out

        from accounts.browser import end_sessions

        user_logged_out.connect(end_sessions, dispatch_uid="accounts.browser")
