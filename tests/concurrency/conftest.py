"""These tests really commit: they refuse to run anywhere but in a test database."""

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def in_a_test_database(django_db_setup: None) -> None:
    """
    pytest-django makes the test database only where some collected test asks for `db`.

    A run of nothing but `committed_db` tests would otherwise write into the configured database.
    """
    from django.db import connection

    if not Path(str(connection.settings_dict["NAME"])).name.startswith(("test_", "test.")):
        pytest.fail("no test database was made: run the whole folder, so that a test that asks for `db` is among them")
