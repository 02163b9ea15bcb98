"""How allauth makes our users, and where it takes a visitor to come from."""

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.http import HttpRequest

from casino.api.addresses import client_address


class AccountAdapter(DefaultAccountAdapter):
    def get_client_ip(self, request: HttpRequest) -> str:
        """By the house's rule: else all who come through one proxy would share its sign-ups and sign-ins a minute."""
        return client_address(request.META, settings.TRUSTED_PROXY_IPS)
