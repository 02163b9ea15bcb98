"""The pages of signing in that there are: they work; and those that would need mail, which there are not."""

import pytest
from allauth.account.urls import urlpatterns as of_accounts
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.test import Client
from django.urls import NoReverseMatch, URLPattern, reverse

from accounts.models import User
from tests.accounts.addresses import somewhere

pytestmark = pytest.mark.django_db
PASSWORD, NEW = "of-bamboo-and-rain", "of-rain-and-bamboo"
BY_MAIL = {
    "account_email": "email/",
    "account_email_verification_sent": "confirm-email/",
    "account_confirm_email": "confirm-email/MQ:1abc:xyz/",
    "account_reset_password": "password/reset/",
    "account_reset_password_done": "password/reset/done/",
    "account_reset_password_from_key": "password/reset/key/1-set-password/",
    "account_reset_password_from_key_done": "password/reset/key/done/",
    "account_confirm_login_code": "login/code/confirm/",
}
SIGNED_OUT = ["account_login", "account_signup", "account_inactive"]
SIGNED_IN = ["account_logout", "account_reauthenticate", "account_change_password", "mfa_index"]


@pytest.fixture
def visitor() -> Client:
    return Client(REMOTE_ADDR=somewhere())


@pytest.fixture
def ana() -> User:
    return User.objects.create_user("ana", password=PASSWORD, email="ana@example.com")


def code_now(secret: str) -> str:
    counter = next(iter(yield_hotp_counters_from_time()))
    return format_hotp_value(hotp_value(secret, counter))


@pytest.mark.parametrize("name", BY_MAIL)
def test_no_page_needs_mail(visitor: Client, ana: User, name: str) -> None:
    page = f"/accounts/{BY_MAIL[name]}"
    for _ in ("signed out", "signed in"):
        for answer in (visitor.get(page), visitor.post(page, {"email": "ana@example.com", "action_add": ""})):
            assert answer.status_code == 404
        visitor.force_login(ana, backend="django.contrib.auth.backends.ModelBackend")
    with pytest.raises(NoReverseMatch):
        reverse(name)


def test_every_page_of_allauths_is_one_or_the_other() -> None:
    names = {pattern.name for pattern in of_accounts if isinstance(pattern, URLPattern)}
    kept = set()
    for name in names - BY_MAIL.keys():
        assert reverse(str(name)).startswith("/accounts/")
        kept.add(name)
    assert kept >= {"account_login", "account_signup", "account_set_password"}


def test_the_pages_that_there_are_come(visitor: Client, ana: User) -> None:
    for name in SIGNED_OUT:
        assert visitor.get(reverse(name)).status_code == 200, name
    assert "support" in visitor.get(reverse("account_login")).content.decode()
    assert visitor.get("/accounts/", follow=True).redirect_chain[-1][0].startswith("/accounts/login/")
    visitor.post(reverse("account_login"), {"login": "ana", "password": PASSWORD})
    for name in SIGNED_IN:
        assert visitor.get(reverse(name)).status_code == 200, name
    assert visitor.get("/accounts/", follow=True).redirect_chain[-1][0] == "/account/"


def test_a_player_signs_up_out_and_in_changes_the_password_and_adds_a_second_factor(visitor: Client) -> None:
    form = {"username": "newcomer", "password1": PASSWORD, "password2": PASSWORD, "email": "new@example.com"}
    assert visitor.post(reverse("account_signup"), form)["Location"] == "/"
    assert visitor.post(reverse("account_logout"))["Location"] == "/"
    assert visitor.get("/account/").status_code == 302
    assert visitor.post(reverse("account_login"), {"login": "newcomer", "password": PASSWORD})["Location"] == "/"
    change = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    assert visitor.post(reverse("account_change_password"), change).status_code == 302
    again = visitor.get(reverse("mfa_activate_totp"))["Location"]  # the password, before a factor is added
    assert again.startswith(reverse("account_reauthenticate"))
    page = visitor.post(again, {"password": NEW}, follow=True)
    assert page.redirect_chain[-1][0] == reverse("mfa_activate_totp")
    secret = page.context["form"].secret
    activated = visitor.post(reverse("mfa_activate_totp"), {"code": code_now(secret)}, follow=True)
    assert activated.status_code == 200
    assert activated.redirect_chain[-1][0] == reverse("mfa_view_recovery_codes")
    assert visitor.get(reverse("mfa_download_recovery_codes")).status_code == 200
    visitor.post(reverse("account_logout"))
    asked = visitor.post(reverse("account_login"), {"login": "newcomer", "password": NEW}, follow=True)
    assert asked.redirect_chain[-1][0] == reverse("mfa_authenticate")
    recovery = User.objects.get(username="newcomer").authenticator_set.get(type="recovery_codes").wrap()
    code = recovery.get_unused_codes()[0]
    assert visitor.post(reverse("mfa_authenticate"), {"code": code})["Location"] == "/"
    assert visitor.get("/account/").status_code == 200


def test_a_user_without_a_password_is_asked_for_one(visitor: Client, ana: User) -> None:
    ana.set_unusable_password()
    ana.save()
    visitor.force_login(ana, backend="django.contrib.auth.backends.ModelBackend")
    asked = visitor.get(reverse("account_change_password"), follow=True)
    assert (asked.status_code, asked.redirect_chain[-1][0]) == (200, reverse("account_set_password"))
    form = {"password1": NEW, "password2": NEW}
    assert visitor.post(reverse("account_set_password"), form).status_code == 302
    ana.refresh_from_db()
    assert ana.check_password(NEW)
