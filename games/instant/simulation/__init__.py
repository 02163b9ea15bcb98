"""
The instant games, played from a seed.

`returns` plays many bets through the rules alone and holds what came of them against the exact return; `playing` plays
real ones, by many players and through the real operations, and holds what the players were told against the books.
"""
