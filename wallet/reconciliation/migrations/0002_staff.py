"""What staff may do with differences."""

from django.db import migrations

from accounts import groups

VIEW = ["reconciliation.view_run", "reconciliation.view_difference"]
RESOLVE = {"reconciliation.resolve_difference": "Can resolve differences"}
GROUPS = {"support": VIEW, "risk": VIEW, "finance": [*VIEW, *RESOLVE], "admin": VIEW}


def install(apps, schema_editor):
    groups.extend(apps, GROUPS, RESOLVE)


class Migration(migrations.Migration):
    dependencies = [
        ("reconciliation", "0001_initial"),
        ("wallet", "0007_staff_groups"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [migrations.RunPython(install, migrations.RunPython.noop)]
