"""Payments in the back office."""

from wallet.psp.admin import cases, payments

__all__ = ["cases", "payments"]
