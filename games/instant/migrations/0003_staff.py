"""Who sees the instant games in the back office, and who changes them."""

from django.db import migrations

from accounts import groups

VIEW = ["instant.view_instantgame", "instant.view_instantconfig", "instant.view_instantbet"]
GROUPS = {
    "support": VIEW,
    "risk": [*VIEW, "instant.change_instantgame", "instant.add_instantconfig"],
    "finance": VIEW,
    "admin": VIEW,
}


def install(apps, schema_editor):
    groups.extend(apps, GROUPS, {})


class Migration(migrations.Migration):
    dependencies = [
        ("instant", "0002_rules"),
        ("wallet", "0007_staff_groups"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [migrations.RunPython(install, migrations.RunPython.noop)]
