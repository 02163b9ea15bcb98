"""The back office's name, colours and menu (read by django-unfold). Pure data: settings import it."""

from typing import Any

from django.urls import reverse_lazy


def _item(title: str, icon: str, model: str) -> dict[str, Any]:
    """A menu entry for a model's list, shown to whoever may see it."""
    app, _, name = model.partition(".")
    return {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(f"admin:{app}_{name}_changelist"),
        "permission": lambda request: request.user.has_perm(f"{app}.view_{name}"),
    }


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "BigPanda back office",
    "SITE_HEADER": "BigPanda",
    "SITE_SUBHEADER": "Back office",
    "SITE_SYMBOL": "casino",
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_BACK_BUTTON": True,
    "DASHBOARD_CALLBACK": "games.dashboard.show",
    "LOGIN": {"form": "accounts.staff_sign_in.StaffSignIn"},
    "STYLES": [lambda request: "/static/backoffice/backoffice.css"],
    "COLORS": {
        "primary": {
            "50": "oklch(97.9% .021 166.1)",
            "100": "oklch(95% .052 163)",
            "200": "oklch(90.5% .093 164.2)",
            "300": "oklch(84.5% .143 164.9)",
            "400": "oklch(76.5% .177 163.2)",
            "500": "oklch(69.6% .17 162.5)",
            "600": "oklch(53% .13 163.2)",
            "700": "oklch(46% .11 165.6)",
            "800": "oklch(40% .09 166.9)",
            "900": "oklch(37.8% .077 168.9)",
            "950": "oklch(26.2% .051 172.6)",
        }
    },
    "SIDEBAR": {
        "show_search": False,
        "navigation": [
            {
                "items": [
                    {"title": "Dashboard", "icon": "monitoring", "link": reverse_lazy("admin:index")},
                ]
            },
            {
                "title": "Play",
                "separator": True,
                "items": [
                    _item("Games", "stadia_controller", "crash.game"),
                    _item("Rounds", "trending_up", "crash.round"),
                    _item("Bets", "confirmation_number", "crash.bet"),
                    _item("Rules and their history", "rule", "crash.gameconfig"),
                    _item("Seed chains", "link", "crash.seedchain"),
                    _item("Solo rounds", "person_play", "solo.round"),
                    _item("Solo bets", "confirmation_number", "solo.bet"),
                    _item("Solo seed chains", "link", "solo.chain"),
                    _item("Outages", "power_off", "solo.outage"),
                    _item("Instant games", "casino", "instant.instantgame"),
                    _item("Instant bets", "receipt_long", "instant.instantbet"),
                    _item("Instant games' rules", "rule", "instant.instantconfig"),
                    _item("Chat", "forum", "social.chatmessage"),
                ],
            },
            {
                "title": "Money",
                "separator": True,
                "items": [
                    _item("Accounts", "account_balance_wallet", "wallet.account"),
                    _item("Transfers", "swap_horiz", "wallet.transfer"),
                    _item("Partners' transfers", "sync_alt", "transfers.partnertransfer"),
                    _item("Currencies", "payments", "wallet.currency"),
                    _item("Bankrolls", "savings", "bankroll.bankroll"),
                    _item("Exchange rates", "currency_exchange", "exchange.exchangerate"),
                    _item("Conversions", "sync_alt", "exchange.conversion"),
                    _item("Differences", "difference", "reconciliation.difference"),
                    _item("Reconciliation", "rule", "reconciliation.run"),
                ],
            },
            {
                "title": "Payments",
                "separator": True,
                "items": [
                    _item("Deposits, withdrawals", "credit_card", "psp.payment"),
                    _item("Suspense queue", "help_center", "psp.suspensecase"),
                    _item("Providers' reports", "inbox", "psp.report"),
                    _item("Providers", "account_balance", "psp.provider"),
                    _item("Cashier limits", "speed", "psp.cashierlimits"),
                ],
            },
            {
                "title": "Partners",
                "separator": True,
                "items": [
                    _item("Partners", "handshake", "partners.partner"),
                    _item("API keys", "vpn_key", "partners.apikey"),
                    _item("Endpoints", "webhook", "webhooks.endpoint"),
                    _item("Deliveries", "outbox", "webhooks.delivery"),
                    _item("Affiliates", "group_add", "affiliates.affiliate"),
                    _item("Operators", "storefront", "operators.operator"),
                    _item("Calls to operators", "call_made", "operators.remotecall"),
                ],
            },
            {
                "title": "People",
                "separator": True,
                "items": [
                    _item("Players and staff", "group", "accounts.user"),
                    _item("Game sessions", "devices", "accounts.gamesession"),
                    _item("Limits", "speed", "protection.limit"),
                    _item("Exclusions", "do_not_disturb_on", "protection.exclusion"),
                    _item("Reached limits", "notifications", "protection.reached"),
                    _item("Player keys", "key", "accounts.playerkey"),
                    _item("Audit trail", "history", "accounts.auditentry"),
                    _item("Groups", "shield_person", "auth.group"),
                ],
            },
        ],
    },
}
