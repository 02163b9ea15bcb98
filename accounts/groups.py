"""
What the staff's groups may do (contract section 10), as permissions of the back office.

Superusers may do all of it; money rows stay read-only for them as well. Applied once, by a migration: afterwards the
groups are edited in the back office.
"""

from typing import Any

# Beyond Django's own add / change / delete / view: what is an action and not an edit.
ACTIONS = {
    ("accounts", "user"): {"mute_user": "Can mute in chat", "block_user": "Can block and unblock"},
    ("accounts", "gamesession"): {"revoke_gamesession": "Can end game sessions"},
    ("accounts", "playerkey"): {"revoke_playerkey": "Can revoke players' keys"},
}
VIEW = [
    "accounts.view_user",
    "accounts.view_gamesession",
    "accounts.view_auditentry",
    "wallet.view_account",
    "wallet.view_transfer",
    "wallet.view_currency",
    "crash.view_game",
    "crash.view_gameconfig",
    "crash.view_round",
    "crash.view_bet",
    "crash.view_seedchain",
    "social.view_chatmessage",
]
GROUPS = {
    "support": [*VIEW, "accounts.mute_user", "social.change_chatmessage"],
    "risk": [
        *VIEW,
        "accounts.mute_user",
        "accounts.block_user",
        "accounts.revoke_gamesession",
        "crash.change_game",
        "crash.add_gameconfig",
        "crash.change_seedchain",
    ],
    "finance": [*VIEW, "wallet.change_currency"],
    "admin": [
        *VIEW,
        "accounts.view_playerkey",
        "accounts.add_user",
        "accounts.change_user",
        "accounts.mute_user",
        "accounts.block_user",
        "accounts.revoke_gamesession",
        "accounts.revoke_playerkey",
        "crash.change_seedchain",
        "social.change_chatmessage",
        "wallet.change_currency",
    ],
}


def install(apps: Any) -> None:
    """Make the groups. Permissions are made here as well: Django makes its own only after all migrations."""
    content_types = apps.get_model("contenttypes", "ContentType").objects
    permissions = apps.get_model("auth", "Permission").objects
    names = {f"{app}.{code}": name for (app, _), codes in ACTIONS.items() for code, name in codes.items()}
    made = {}
    for full in sorted({full for codes in GROUPS.values() for full in codes}):
        app, _, code = full.partition(".")
        verb, _, model = code.partition("_")
        content_type, _ = content_types.get_or_create(app_label=app, model=model)
        name = names.get(full, f"Can {verb} {model}")
        made[full], _ = permissions.get_or_create(content_type=content_type, codename=code, defaults={"name": name})
    for group, codes in GROUPS.items():
        row, _ = apps.get_model("auth", "Group").objects.get_or_create(name=group)
        row.permissions.set(made[full] for full in codes)
