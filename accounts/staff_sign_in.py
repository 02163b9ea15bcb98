"""
The admin's own sign-in form. It asks for a password only, so it is no way around a second factor; guesses count here as
they do on the site's page.
"""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.mfa.utils import is_mfa_enabled
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.views.decorators.debug import sensitive_variables
from unfold.forms import AuthenticationForm


class StaffSignIn(AuthenticationForm):
    @sensitive_variables()
    def clean(self) -> dict[str, Any]:
        username, password = self.cleaned_data.get("username"), self.cleaned_data.get("password")
        if username and password:
            self.user_cache = get_adapter(self.request).authenticate(self.request, username=username, password=password)
            if self.user_cache is None:
                raise self.get_invalid_login_error()
            self.confirm_login_allowed(self.user_cache)
        return self.cleaned_data

    def confirm_login_allowed(self, user: Any) -> None:
        super().confirm_login_allowed(user)
        if is_mfa_enabled(user):
            page = f"{reverse('account_login')}?{urlencode({'next': reverse('admin:index')})}"
            link = format_html('<a class="underline" href="{}">the site’s page</a>', page)
            words = format_html("This account has a second factor, which is asked for on {}.", link)
            raise ValidationError(words, code="second_factor")
