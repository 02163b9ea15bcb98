"""A production process refuses to start on an unsafe setting, and says which. Asked of real processes."""

import pytest

from tests.servers import manage

SAFE = {
    "DEBUG": "false",
    "SECRET_KEY": "s" * 50,
    "ENCRYPTION_KEYS": "e" * 50,
    "ALLOWED_HOSTS": "casino.example",
    "DATABASE_URL": "postgres://casino@127.0.0.1/casino",
    "REDIS_URL": "redis://127.0.0.1",
}


def test_safe_settings_pass() -> None:
    assert manage("check", env=SAFE, check=False).returncode == 0


@pytest.mark.parametrize(
    ("setting", "value", "finding"),
    [
        ("SECRET_KEY", "", "casino.E001"),
        ("SECRET_KEY", "short", "casino.E001"),
        ("ENCRYPTION_KEYS", "", "casino.E002"),
        ("ENCRYPTION_KEYS", "s" * 50, "casino.E003"),
        ("ALLOWED_HOSTS", "", "casino.E004"),
        ("ALLOWED_HOSTS", "*", "casino.E004"),
        ("DATABASE_URL", "sqlite:////tmp/never.sqlite3", "casino.E006"),
        ("REDIS_URL", "", "casino.E007"),
        ("SANDBOX_PSP", "true", "casino.E009"),
        ("CSRF_TRUSTED_ORIGINS", "http://casino.example", "casino.E008"),
    ],
)
def test_an_unsafe_setting_is_refused_by_name(setting: str, value: str, finding: str) -> None:
    done = manage("migrate", env={**SAFE, setting: value}, check=False)
    assert done.returncode != 0
    assert finding in done.stderr
    assert setting in done.stderr


def test_the_sandbox_provider_is_off_in_production_unless_it_is_asked_for_twice() -> None:
    code = "from django.conf import settings; print(settings.SANDBOX_PSP)"
    asked: dict[str, dict[str, str]] = {
        "False": {},
        "True": {"SANDBOX_PSP": "true", "SANDBOX_PSP_IN_PRODUCTION": "true"},
    }
    for shown, more in asked.items():
        assert manage("check", env={**SAFE, **more}, check=False).returncode == 0
        assert shown in manage("shell", "--no-imports", "-c", code, env={**SAFE, **more}).stdout


def test_a_server_is_not_loaded_with_unsafe_settings() -> None:
    code = "import casino.wsgi"
    done = manage("shell", "--no-imports", "-c", code, env={**SAFE, "REDIS_URL": ""}, check=False)
    assert done.returncode != 0
    assert "REDIS_URL" in done.stderr
