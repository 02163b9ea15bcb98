"""What staff may do with partners, their keys and their endpoints."""

from typing import Any

from django.db import migrations

from accounts import groups


def install(apps: Any, schema_editor: Any) -> None:
    groups.install_partners(apps)


class Migration(migrations.Migration):
    dependencies = [
        ("webhooks", "0001_initial"),
        ("partners", "0001_initial"),
        ("wallet", "0007_staff_groups"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(install, migrations.RunPython.noop)]
