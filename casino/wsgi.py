"""WSGI: pages, admin and REST in production (granian), where sockets have processes of their own."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "casino.settings")
application = get_wsgi_application()

from django.urls import get_resolver  # noqa: E402 settings are loaded by the line above

from casino.ops.checks import refuse_unsafe_start  # noqa: E402
from casino.ops.process import FOR_REQUESTS, quiet_gc  # noqa: E402

refuse_unsafe_start()
get_resolver().url_patterns  # noqa: B018 loads what the first request would, before it is set aside
quiet_gc(FOR_REQUESTS)
