"""
The project's settings, with names of their own in a shared Redis.

Redis keeps no databases apart in publish and subscribe: without a prefix, servers of another run would hear these.
"""

import os

from casino.settings import *  # noqa: F403 all of them
from casino.settings import CACHES, CHANNEL_LAYERS

PREFIX = os.environ["TEST_REDIS_PREFIX"]

CHANNEL_LAYERS["default"]["CONFIG"]["prefix"] = PREFIX
CACHES["default"]["KEY_PREFIX"] = PREFIX
