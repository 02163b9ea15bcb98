"""The crash game for partners: `/api/v1/game/…`, `/games/…`, `/bets…`. Each view parses, makes one call, answers."""
