"""What the database itself keeps: credited once and for ever, never to the player himself; and what staff may do."""

from django.db import migrations

from accounts import groups
from casino.ops.triggers import append_only, run_sql

MANAGE = {"affiliates.manage_affiliate": "Can make affiliates and change their terms"}
VIEW = ["affiliates.view_affiliate"]
GROUPS = {"support": VIEW, "risk": VIEW, "finance": [*VIEW, *MANAGE], "admin": VIEW}

NOT_SELF = "nobody is credited with themselves"
KEPT = "an affiliate keeps its code"
BROUGHT_BY_OWN = (
    "EXISTS (SELECT 1 FROM affiliates_affiliate a WHERE a.id = NEW.affiliate_id AND a.owner_id = NEW.player_id)"
)
OWNER_WAS_BROUGHT = (
    "EXISTS (SELECT 1 FROM affiliates_referral r WHERE r.affiliate_id = NEW.id AND r.player_id = NEW.owner_id)"
)


def trigger(table, name, when, refused, message):
    return run_sql(
        postgresql=[
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF {refused} THEN "
            f"RAISE EXCEPTION '{message}' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$",
            f"CREATE TRIGGER {name} BEFORE {when} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()",
        ],
        sqlite=[
            f"CREATE TRIGGER {name} BEFORE {when} ON {table} WHEN {refused} "
            f"BEGIN SELECT RAISE(ABORT, '{message}'); END",
        ],
    )


def install(apps, schema_editor):
    groups.extend(apps, GROUPS, MANAGE)


class Migration(migrations.Migration):
    dependencies = [
        ("affiliates", "0001_initial"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        append_only("affiliates_referral"),
        append_only("affiliates_sharerate"),
        trigger("affiliates_referral", "affiliates_referral_of_another", "INSERT", BROUGHT_BY_OWN, NOT_SELF),
        trigger("affiliates_affiliate", "affiliates_owner_of_others", "UPDATE", OWNER_WAS_BROUGHT, NOT_SELF),
        trigger("affiliates_affiliate", "affiliates_code_kept", "UPDATE", "NEW.code <> OLD.code", KEPT),
        migrations.RunPython(install, migrations.RunPython.noop),
    ]
