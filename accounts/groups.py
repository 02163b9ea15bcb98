"""
What the staff's groups may do (contract section 10), as permissions of the back office.

Superusers may do all of it; money rows stay read-only for them as well. Applied once, by a migration: afterwards the
groups are edited in the back office. Who is in which is a superuser's to say (`accounts.admin`).
"""

from collections.abc import Mapping, Sequence
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


# What came with the partners, added to the groups above by a later migration.
PARTNER_ACTIONS = {
    "partners.manage_partner": "Can make, change and switch partners",
    "partners.rotate_apikey": "Can rotate partners' keys",
    "partners.revoke_apikey": "Can revoke partners' keys",
}
PARTNER_VIEW = ["partners.view_partner", "partners.view_apikey", "webhooks.view_endpoint", "webhooks.view_delivery"]
PARTNER_GROUPS = {
    "support": PARTNER_VIEW,
    "risk": [*PARTNER_VIEW, "partners.revoke_apikey"],
    "finance": PARTNER_VIEW,
    "admin": [*PARTNER_VIEW, *PARTNER_ACTIONS],
}

# What came with payments.
PAYMENT_ACTIONS = {
    "psp.manage_provider": "Can make, change and switch payment providers",
    "psp.decide_payment": "Can approve and refuse large withdrawals",
    "psp.resolve_suspensecase": "Can propose and approve how a suspense case ends",
}
PAYMENT_VIEW = [
    "psp.view_provider",
    "psp.view_cashierlimits",
    "psp.view_payment",
    "psp.view_report",
    "psp.view_suspensecase",
    "transfers.view_partnertransfer",
]
PAYMENT_GROUPS = {
    "support": PAYMENT_VIEW,
    "risk": PAYMENT_VIEW,
    "finance": [*PAYMENT_VIEW, "psp.decide_payment", "psp.resolve_suspensecase", "psp.change_cashierlimits"],
    "admin": [*PAYMENT_VIEW, "psp.manage_provider"],
}

# What came with limits and exclusions.
PROTECTION_ACTIONS = {"accounts.protect_user": "Can set limits and exclusions"}
PROTECTION_VIEW = ["protection.view_limit", "protection.view_exclusion", "protection.view_reached"]
PROTECTION_GROUPS = {
    "support": PROTECTION_VIEW,
    "risk": [*PROTECTION_VIEW, *PROTECTION_ACTIONS],
    "finance": PROTECTION_VIEW,
    "admin": [*PROTECTION_VIEW, *PROTECTION_ACTIONS],
}


# What came with the operators of seamless wallets.
OPERATOR_ACTIONS = {
    "operators.manage_operator": "Can switch, move and renew the secrets of operators",
    "operators.repeat_remotecall": "Can say again at once what is owed to operators",
}
OPERATOR_VIEW = ["operators.view_operator", "operators.view_remotecall"]
OPERATOR_GROUPS = {
    "support": OPERATOR_VIEW,
    "risk": OPERATOR_VIEW,
    "finance": [*OPERATOR_VIEW, "operators.repeat_remotecall"],
    "admin": [*OPERATOR_VIEW, *OPERATOR_ACTIONS],
}

# What came with solo crash.
SOLO_VIEW = ["solo.view_round", "solo.view_bet", "solo.view_chain", "solo.view_outage"]
SOLO_GROUPS = dict.fromkeys(("support", "risk", "finance", "admin"), SOLO_VIEW)


def install(apps: Any) -> None:
    """Make the groups, with exactly these permissions."""
    names = {f"{app}.{code}": name for (app, _), codes in ACTIONS.items() for code, name in codes.items()}
    made = _permissions(apps, GROUPS, names)
    for group, codes in GROUPS.items():
        row, _ = apps.get_model("auth", "Group").objects.get_or_create(name=group)
        row.permissions.set(made[full] for full in codes)


def install_partners(apps: Any) -> None:
    """Add what concerns partners."""
    extend(apps, PARTNER_GROUPS, PARTNER_ACTIONS)


def install_operators(apps: Any) -> None:
    extend(apps, OPERATOR_GROUPS, OPERATOR_ACTIONS)


def install_payments(apps: Any) -> None:
    """Add what concerns payments."""
    extend(apps, PAYMENT_GROUPS, PAYMENT_ACTIONS)


def install_protection(apps: Any) -> None:
    extend(apps, PROTECTION_GROUPS, PROTECTION_ACTIONS)


def install_solo(apps: Any) -> None:
    extend(apps, SOLO_GROUPS, {})


def extend(apps: Any, groups: Mapping[str, Sequence[str]], names: Mapping[str, str]) -> None:
    """Add permissions to the groups, for a later migration; what staff have changed in the groups since stays."""
    made = _permissions(apps, groups, names)
    for group, codes in groups.items():
        row, _ = apps.get_model("auth", "Group").objects.get_or_create(name=group)
        row.permissions.add(*(made[full] for full in codes))


def _permissions(apps: Any, groups: Mapping[str, Sequence[str]], names: Mapping[str, str]) -> dict[str, Any]:
    """Permissions are made here as well: Django makes its own only after all migrations."""
    content_types = apps.get_model("contenttypes", "ContentType").objects
    permissions = apps.get_model("auth", "Permission").objects
    made = {}
    for full in sorted({full for codes in groups.values() for full in codes}):
        app, _, code = full.partition(".")
        verb, _, model = code.partition("_")
        content_type, _ = content_types.get_or_create(app_label=app, model=model)
        name = names.get(full, f"Can {verb} {model}")
        made[full], _ = permissions.get_or_create(content_type=content_type, codename=code, defaults={"name": name})
    return made
