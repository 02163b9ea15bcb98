"""
What a game's page shows in its "API" tab: calls that work by copy and paste, once the key is one's own. Pure.

A test sends them, as they stand, to a real server.
"""

import json
from typing import Any, TypedDict

KEY = "pk_your-own-key"  # what a reader replaces

# What each game's bet needs beside wager and client seed.
CHOICES: dict[str, dict[str, Any]] = {
    "dice": {"range": 2_147_483_648, "target": 0},
    "shell": {"weights": [0, 1, 1, 1, 1, 0, 0, 0, 0], "picked": 0},
}


class Example(TypedDict):
    title: str
    language: str  # bash, python or javascript
    code: str


def bet_of(game: str) -> dict[str, Any]:
    return {"clientseed": -1, "wager": 1, **CHOICES.get(game, {})}


def examples(game: str, base_url: str) -> list[Example]:
    """`base_url` is the site's origin, without a slash at its end. The wager is in whole units of one's currency."""
    base = base_url.rstrip("/")
    bet = json.dumps(bet_of(game))
    actions = json.dumps([{"action": f"/games/{game}/bet", **bet_of(game)}] * 2 + [{"action": "/user"}])
    return [
        Example(title="Your key, for the lines below", language="bash", code=f"export API_KEY={KEY}"),
        Example(title="Balance, and the hash of your next bet", language="bash", code=_get("/api/v1/user", base)),
        Example(title="A bet", language="bash", code=_post(f"/api/v1/games/{game}/bet", base, bet)),
        Example(title="Your last 50 bets", language="bash", code=_get("/api/v1/games/bets", base)),
        Example(
            title="Several bets in one request",
            language="bash",
            code=f'curl -sS {base}/api/1/multi \\\n  -H "Authorization: Bearer $API_KEY" \\\n'
            f"  --data-urlencode 'actions={actions}'",
        ),
        Example(title="A bet that is checked afterwards", language="python", code=_python(game, base)),
        Example(title="A bet from a page", language="javascript", code=_javascript(game, base)),
    ]


def _get(path: str, base: str) -> str:
    return f'curl -sS {base}{path} \\\n  -H "Authorization: Bearer $API_KEY"'


def _post(path: str, base: str, body: str) -> str:
    return f"{_get(path, base)} \\\n  -H 'Content-Type: application/json' \\\n  --data '{body}'"


def _python(game: str, base: str) -> str:
    return f'''import hashlib, json, os, urllib.request

BASE, KEY = "{base}", os.environ["API_KEY"]

def ask(path, body=None):
    request = urllib.request.Request(BASE + path, data=body and json.dumps(body).encode())
    request.add_header("Authorization", f"Bearer {{KEY}}")
    request.add_header("Content-Type", "application/json")
    return json.load(urllib.request.urlopen(request))

promised = ask("/api/v1/user")["hash"]
bet = ask("/api/v1/games/{game}/bet", {json.dumps(bet_of(game))})
assert hashlib.sha256(f"{{bet['secret']}}|{{bet['salt']}}".encode()).hexdigest() == promised
assert bet["outcome"] == (bet["secret"] + bet["clientseed"]) % 2**32
print(bet)'''


def _javascript(game: str, base: str) -> str:
    return f"""const key = "{KEY}";
const answer = await fetch("{base}/api/1/games/{game}/bet", {{
  method: "POST",
  credentials: "omit",
  headers: {{ "Authorization": `Bearer ${{key}}`, "Content-Type": "application/json" }},
  body: JSON.stringify({json.dumps(bet_of(game))}),
}});
const bet = await answer.json();
console.log(answer.ok ? `${{bet.payout}}, balance ${{bet.balance}}` : bet.details);"""
