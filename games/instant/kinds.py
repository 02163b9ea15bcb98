"""The instant games. Adding one is a folder with its rules and a line here (docs/adding-a-game.md)."""

from games.instant.dice.rules import GAME as DICE
from games.instant.rules import Rules
from games.instant.shell.rules import GAME as SHELL
from games.instant.slots.rules import GAME as SLOTS
from games.instant.videopoker.rules import GAME as VIDEO_POKER

KINDS: dict[str, Rules] = {game.slug: game for game in (DICE, VIDEO_POKER, SHELL, SLOTS)}
