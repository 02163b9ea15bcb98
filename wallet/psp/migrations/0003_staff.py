"""What staff may do with payments, providers and cases."""

from typing import Any

from django.db import migrations

from accounts import groups


def install(apps: Any, schema_editor: Any) -> None:
    groups.install_payments(apps)


class Migration(migrations.Migration):
    dependencies = [
        ("psp", "0002_rules_and_limits"),
        ("transfers", "0001_initial"),
        ("wallet", "0007_staff_groups"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(install, migrations.RunPython.noop)]
