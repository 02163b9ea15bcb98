from django.apps import AppConfig


class GamesConfig(AppConfig):
    name = "games"

    def ready(self) -> None:
        """The wallet, which is below, asks the games what was played, and what is not decided yet."""
        from games.crash.queries import titles_of as crash_titles
        from games.crash.reports import has_undecided as crash_undecided
        from games.instant.queries import titles_of as instant_titles
        from games.solo.queries import titles_of as solo_titles
        from games.solo.reports import has_undecided as solo_undecided
        from wallet.affiliates import operations as affiliates
        from wallet.psp import statement

        statement.played += [crash_titles, instant_titles, solo_titles]
        affiliates.undecided += [crash_undecided, solo_undecided]
