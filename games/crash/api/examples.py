"""Examples in the API's description. The round is the first one of the test vectors: it can be recomputed."""

from typing import Any

ROUND: dict[str, Any] = {
    "round_id": "01980f3e-6a5c-7c3e-9d0e-7f3b1c2d4e5f",
    "game": "BigPanda",
    "number": 1,
    "status": "payout",
    "interrupted": False,
    "crash_point": 933,
    "crash_multiplier": 9.33,
    "bonus": False,
    "opened_at": "2026-11-21T12:00:00.000Z",
    "started_at": "2026-11-21T12:00:05.000Z",
    "crashed_at": "2026-11-21T12:00:50.000Z",
    "settled_at": "2026-11-21T12:00:50.300Z",
    "fairness": {
        "hash": "4e19616c04eedeeecab1efc784ee6c790b8f127f4155d6908f13a21a68b5e35d",
        "salt": "0a5028b81bf6fab5c01e55f23bcbffda7cef0ff8df9928449a57a1e347904166",
        "previous_result": 0,
        "result": 933,
        "client_seed": "contract-2026",
        "terminal_hash": "6a7ccb905ddc81b99b953ab1c995b3d87c5161b3a063847f1afab88ed79749b2",
        "chain_index": 1,
        "rtp": "0.95",
        "bonus_probability_bps": 0,
        "boost_percent": 0,
        "max_crash_point": 1750000,
    },
}
STATE: dict[str, Any] = {
    "game": "BigPanda",
    "round_id": ROUND["round_id"],
    "status": "active",
    "current_multiplier": 2.45,
    "multiplier": 245,
    "timestamp": "2026-11-21T12:00:23.012Z",
    "participants": 42,
    "time_remaining_ms": 0,
    "elapsed_ms": 18012,
    "hash": ROUND["fairness"]["hash"],
}
CONFIG: dict[str, Any] = {
    "game": "BigPanda",
    "title": "BigPanda",
    "enabled": True,
    "version": 3,
    "rtp": "0.95",
    "volatility": "high",
    "min_auto_cashout": 101,
    "max_crash_point": 1750000,
    "max_identifier": 10,
    "bonus_probability_bps": 0,
    "boost_percent": 0,
    "currencies": ["BRL"],
    "limits": [{"currency": "BRL", "denominator": 100, "min_amount": 100, "max_amount": 500000, "default_amount": 500}],
}
BET: dict[str, Any] = {
    "ticket_id": "01980f3e-7b11-7c44-8a3b-0c9d8e7f6a5b",
    "user": "p-1",
    "game": "BigPanda",
    "round_id": ROUND["round_id"],
    "status": "open",
    "amount": 500,
    "denominator": 100,
    "currency": "BRL",
    "is_demo": True,
    "identifier": 1,
    "auto_cashout": 250,
    "client_reference": "order-1",
    "multiplier": None,
    "payout": 0,
    "created_at": "2026-11-21T12:00:00.000Z",
    "settled_at": None,
}
PLACED = {**BET, "balance": 99500}
PAID = {
    **PLACED,
    "status": "cashed_out",
    "multiplier": 200,
    "payout": 1000,
    "balance": 100500,
    "settled_at": "2026-11-21T12:00:19.000Z",
}
CANCELLED = {**PAID, "status": "cancelled", "multiplier": None, "payout": 500, "balance": 100000}
