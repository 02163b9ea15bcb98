from django.apps import AppConfig


class GamesConfig(AppConfig):
    name = "games"

    def ready(self) -> None:
        """The wallet, which is below, asks the games what was played."""
        from games.crash.queries import titles_of as crash_titles
        from games.instant.queries import titles_of as instant_titles
        from games.solo.queries import titles_of as solo_titles
        from wallet.psp import statement

        statement.played += [crash_titles, instant_titles, solo_titles]
