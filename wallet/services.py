"""What the wallet runs in the background: the embedded server hosts it, in production `manage.py run_worker` does."""

import asyncio
from collections.abc import Awaitable, Callable

from django.conf import settings

Service = Callable[[asyncio.Event], Awaitable[None]]


def payment_services() -> list[Service]:
    from wallet.psp.worker import run_payments
    from wallet.sandbox.worker import run_sandbox

    return [run_payments, run_sandbox] if settings.SANDBOX_PSP else [run_payments]
