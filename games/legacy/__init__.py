"""
The two legacy APIs, served from the same instant games: `/api/v1/user`, `/new_hash`, `/games/…` of one dialect, and
everything under `/api/1` of the other. docs/legacy-apis.md says what they promise where their reference is silent.

    request ─ middleware   a key leaves the address before anything can log it; errors get the shape of the dialect
       └─ views            one door: parameters, who it is, how fast they may go
            └─ actions     the table of both dialects and of `multi`; reads answer, bets become wishes
                 └─ games.instant.intake.desk    a run of wishes is one transaction

There are no rows of its own.
"""
