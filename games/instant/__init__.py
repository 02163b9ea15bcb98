"""
Instant games: one player, one bet, one answer. Dice, video poker, shell and slots share one scheme of fairness
(`fairness`), one verb (`operations.play`) and one table of bets; a game is a folder with its rules and a line in
`kinds`.
"""
