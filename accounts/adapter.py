"""What allauth does our way."""

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.http import HttpRequest

from accounts import operations
from accounts.models import User
from accounts.partners.models import sealer
from casino.api.addresses import client_address
from casino.lib.clock import system_clock
from casino.lib.sealing import is_sealed


class AccountAdapter(DefaultAccountAdapter):
    def get_client_ip(self, request: HttpRequest) -> str:
        """By the house's rule: else all who come through one proxy would share its sign-ups and sign-ins a minute."""
        return client_address(request.META, settings.TRUSTED_PROXY_IPS)

    def set_password(self, user: AbstractBaseUser, password: str) -> None:
        """Whoever changes a password may have lost the old one to somebody: what that one opened is closed."""
        assert isinstance(user, User)
        with transaction.atomic():
            super().set_password(user, password)
            operations.close_all_of(user, now=system_clock.now(), actor=user)


class SecondFactorAdapter(DefaultMFAAdapter):
    """What a second factor is computed from is encrypted in its row: whoever reads a backup has no codes."""

    def encrypt(self, text: str) -> str:
        return sealer().seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        """Rows from before are as they were. None of their secrets can look sealed: those are base32 or hexadecimal."""
        return sealer().open(encrypted_text) if is_sealed(encrypted_text) else encrypted_text
