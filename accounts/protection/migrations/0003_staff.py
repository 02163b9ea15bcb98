"""What staff may do about limits and exclusions."""

from typing import Any

from django.db import migrations

from accounts import groups


def install(apps: Any, schema_editor: Any) -> None:
    groups.install_protection(apps)


class Migration(migrations.Migration):
    dependencies = [
        ("protection", "0002_rules"),
        ("webhooks", "0002_staff"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(install, migrations.RunPython.noop)]
