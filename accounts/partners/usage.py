"""When a key was last used, without a write per request: each process writes it once a minute and key."""

import threading
from datetime import datetime, timedelta

from accounts.partners.models import ApiKey

EVERY = timedelta(seconds=60)
_lock = threading.Lock()
_written: dict[int, datetime] = {}


def note(key: ApiKey, *, address: str, now: datetime) -> None:
    with _lock:
        last = _written.get(key.pk)
        if last is not None and now - last < EVERY:
            return
        _written[key.pk] = now
    if key.last_used_at is None or now - key.last_used_at >= EVERY:
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=now, last_used_address=address or None)
