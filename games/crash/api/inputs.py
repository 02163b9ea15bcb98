"""What is asked, checked field by field."""

from rest_framework import serializers

from accounts.partners.rules import EXTERNAL_ID
from casino.api.fields import (
    MAX_SAFE_INTEGER,
    InputSerializer,
    PlainRegexField,
    QuerySerializer,
    StrictBooleanField,
    StrictIntegerField,
)
from games.crash.models import Bet
from games.crash.rules import MAX_IDENTIFIER

REFERENCE = r"^[!-~]{1,64}$"
SLUG = r"^[A-Za-z0-9_-]{1,32}$"


class BetInput(InputSerializer):
    user = PlainRegexField(EXTERNAL_ID, max_length=64, help_text="your id of the player")
    amount = StrictIntegerField(
        min_value=-MAX_SAFE_INTEGER, max_value=MAX_SAFE_INTEGER, help_text="minor units of the player's currency"
    )
    game = PlainRegexField(SLUG, max_length=32, default="BigPanda")
    auto_cashout = StrictIntegerField(
        required=False,
        allow_null=True,
        default=None,
        min_value=-MAX_SAFE_INTEGER,
        max_value=MAX_SAFE_INTEGER,
        help_text="hundredths: 250 cashes out at 2.50x",
    )
    identifier = StrictIntegerField(
        default=1, min_value=1, max_value=MAX_IDENTIFIER, help_text="tells several bets of a player in a round apart"
    )
    client_reference = PlainRegexField(
        REFERENCE,
        required=False,
        allow_null=True,
        default=None,
        max_length=64,
        help_text="your name of the bet, unique for ever (printable ASCII without spaces)",
    )
    confirm = StrictBooleanField(default=True, help_text="false only sets the amount aside (`reserved`)")


class CashoutInput(InputSerializer):
    cashout_at = StrictIntegerField(
        required=False,
        allow_null=True,
        default=None,
        min_value=-MAX_SAFE_INTEGER,
        max_value=MAX_SAFE_INTEGER,
        help_text="hundredths; not above the current multiplier. Without it: the current one",
    )


class NothingInput(InputSerializer):
    """An empty object, or no body."""


class GameQuery(QuerySerializer):
    game = serializers.RegexField(SLUG, max_length=32, default="BigPanda")


class BetsQuery(QuerySerializer):
    user = serializers.RegexField(EXTERNAL_ID, max_length=64, required=False)
    round = serializers.UUIDField(required=False)
    status = serializers.ChoiceField(choices=[str(status) for status in Bet.Status], required=False)
