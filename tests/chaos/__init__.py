"""
Platform and operator are killed at random while players of three kinds of wallet play; then both books must agree.

    python -m tests.chaos --seed 7 --kills 200 --players 50

Ends with exit code 1 and what does not agree. The seed decides who does what and who is killed when: the same one
plays the same again, as far as the machine lets it. A short one is part of the suite (tests/flows/test_chaos.py).
"""

FUNDS = 1_000_000  # what each player begins with
