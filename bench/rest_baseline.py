"""
The baseline of the REST benchmark: the same application, as uvicorn serves it by ASGI, with a transaction per bet.

    python -m uvicorn bench.rest_baseline:application
"""

from casino.asgi import application as platform
from games.crash.api.bets import DESKS

for desk in DESKS.values():
    desk._combiner._max_batch = 1
    desk._combiner.gather_seconds = 0

application = platform
