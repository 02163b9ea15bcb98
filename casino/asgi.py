"""ASGI: sockets, and in the embedded server everything else as well."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "casino.settings")
site = get_asgi_application()  # first: it sets Django up for the imports below

from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.urls import path, re_path  # noqa: E402

from casino.ops.checks import refuse_unsafe_start  # noqa: E402
from games.crash.consumers import CrashSocket, NoSuchSocket  # noqa: E402
from games.crash.feed_socket import PartnerFeed  # noqa: E402
from games.solo.consumers import SoloSocket  # noqa: E402

refuse_unsafe_start()

application = ProtocolTypeRouter(
    {
        "http": site,
        "websocket": URLRouter(
            [
                # Channels routes ASGI applications with Django's path(), whose stubs know only views.
                path("ws/v1/feed", PartnerFeed.as_asgi()),  # type: ignore[arg-type]
                path("ws/<slug:game>/solo", SoloSocket.as_asgi()),  # type: ignore[arg-type]
                path("ws/<slug:game>", CrashSocket.as_asgi()),  # type: ignore[arg-type]
                re_path("", NoSuchSocket.as_asgi()),  # type: ignore[arg-type]
            ]
        ),
    }
)
