"""The project's settings with a rate limit that is used up, and over, within seconds."""

from casino.settings import *  # noqa: F403 all of them
from casino.settings import API_RATE_LIMITS

API_RATE_LIMITS["read"] = (6, 3)
