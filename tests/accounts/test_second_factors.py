"""A second factor's secret is encrypted in its row, and still makes its codes."""

import json
import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.test import Client
from django.urls import reverse

from accounts.adapter import SecondFactorAdapter
from accounts.models import User
from casino.lib.sealing import SealBroken, Sealer
from tests.accounts.addresses import somewhere

pytestmark = pytest.mark.django_db
PASSWORD = "of-bamboo-and-rain"
KINDS = Authenticator.Type


@pytest.fixture
def ana() -> User:
    return User.objects.create_user("ana", password=PASSWORD)


def stored(kind: str) -> str:
    return json.dumps(Authenticator.objects.get(type=kind).data)


def code_of(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


def sign_in(code: str) -> Client:
    client = Client(REMOTE_ADDR=somewhere())
    asked = client.post(reverse("account_login"), {"login": "ana", "password": PASSWORD})
    assert asked.headers["Location"] == reverse("mfa_authenticate")
    client.post(reverse("mfa_authenticate"), {"code": code})
    return client


def is_in(client: Client) -> bool:
    return client.get(reverse("account")).status_code == 200


def test_the_row_does_not_hold_the_secret_and_its_codes_sign_in(ana: User) -> None:
    secret = generate_totp_secret()
    TOTP.activate(ana, secret)
    assert secret not in stored(KINDS.TOTP)
    assert is_in(sign_in(code_of(secret)))
    assert not is_in(sign_in("000000" if code_of(secret) != "000000" else "000001"))


def test_neither_does_that_of_the_recovery_codes(ana: User) -> None:
    TOTP.activate(ana, generate_totp_secret())
    [first, *rest] = RecoveryCodes.activate(ana).get_unused_codes()
    assert not any(code in stored(KINDS.RECOVERY_CODES) for code in (first, *rest))
    opened = SecondFactorAdapter().decrypt(Authenticator.objects.get(type=KINDS.RECOVERY_CODES).data["seed"])
    assert opened not in stored(KINDS.RECOVERY_CODES)
    assert is_in(sign_in(first))
    assert not is_in(sign_in(first))


def test_what_was_stored_before_it_was_encrypted_still_signs_in(ana: User) -> None:
    secret, seed = generate_totp_secret(), RecoveryCodes.generate_seed()
    Authenticator.objects.create(user=ana, type=KINDS.TOTP, data={"secret": secret})
    old = Authenticator.objects.create(user=ana, type=KINDS.RECOVERY_CODES, data={"seed": seed, "used_mask": 0})
    assert is_in(sign_in(code_of(secret)))
    assert is_in(sign_in(RecoveryCodes(old).get_unused_codes()[0]))


def test_what_a_lost_key_has_sealed_is_no_secret_of_its_own() -> None:
    sealed = Sealer(["a key that is lost"]).seal(generate_totp_secret())
    with pytest.raises(SealBroken):
        SecondFactorAdapter().decrypt(sealed)
