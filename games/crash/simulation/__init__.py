"""
The simulator: a game played by every kind of player, through every kind of mishap, from one seed.

`players` decides what players want and keeps their own books (pure), `world` plays it against the real engine,
operations and database with a clock of its own, `checks` compares after every round. The same seed, the same run.
"""
