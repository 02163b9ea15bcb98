"""What allauth does our way."""

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest

from accounts import operations
from casino.api.addresses import client_address
from casino.lib.clock import system_clock


class AccountAdapter(DefaultAccountAdapter):
    def get_client_ip(self, request: HttpRequest) -> str:
        """By the house's rule: else all who come through one proxy would share its sign-ups and sign-ins a minute."""
        return client_address(request.META, settings.TRUSTED_PROXY_IPS)

    def set_password(self, user: AbstractBaseUser, password: str) -> None:
        """Whoever changes a password may have lost the old one to somebody: what that one opened is closed."""
        super().set_password(user, password)
        operations.revoke_sessions_of(user, now=system_clock.now())  # type: ignore[arg-type]
