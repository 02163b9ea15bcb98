"""What staff see of solo play."""

from typing import Any

from django.db import migrations

from accounts import groups


def install(apps: Any, schema_editor: Any) -> None:
    groups.install_solo(apps)


class Migration(migrations.Migration):
    dependencies = [
        ("solo", "0002_rules"),
        ("wallet", "0007_staff_groups"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(install, migrations.RunPython.noop)]
