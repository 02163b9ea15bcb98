"""The staff's groups. Here and not with the accounts, since they name rows of the wallet."""

from typing import Any

from django.db import migrations

from accounts import groups


def install(apps: Any, schema_editor: Any) -> None:
    groups.install(apps)


class Migration(migrations.Migration):
    dependencies = [
        ("wallet", "0006_transfer_created_at"),
        ("accounts", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(install, migrations.RunPython.noop)]
