"""The rules of an instant game as staff write them: percent, whole units of money, and a pay table in fields."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256
from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from games.instant.models import InstantConfig
from games.instant.operations import StakeLimits
from games.instant.slots.rules import ANY, LARGEST_SYMBOL, REELS
from games.instant.videopoker.rules import PAID
from wallet.models import Currency

MAX_UNITS = Decimal(10) ** 12
MORE_LINES = 3  # empty pay lines after those that there are
COLUMNS = {"minimum": "min_stake_minor", "default": "default_stake_minor", "maximum": "max_stake_minor"}
STAKES = tuple(COLUMNS)


def times(**options: Any) -> forms.DecimalField:
    """How many times the stake is paid, in hundredths."""
    return forms.DecimalField(min_value=Decimal("0.01"), max_value=1_000_000, decimal_places=2, **options)


def hundredths(value: Decimal) -> int:
    return int(value * 100)


class TableFields:
    """A game's pay table as fields of a form. This one is of games that have none."""

    template = ""

    def fields(self, table: Mapping[str, Any]) -> dict[str, forms.Field]:
        return {}

    def read(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """The table that the cleaned fields say. Raises ValidationError."""
        return {}

    def shown(self, form: forms.Form) -> Any:
        """What the template goes through."""
        return None


class PokerFields(TableFields):
    """A field for each hand."""

    template = "admin/instant/poker_table.html"

    def fields(self, table: Mapping[str, Any]) -> dict[str, forms.Field]:
        return {
            f"pays_{i}": times(label=name, initial=Decimal(table["pays"][name]) / 100) for i, name in enumerate(PAID)
        }

    def read(self, data: Mapping[str, Any]) -> dict[str, Any]:
        return {"pays": {name: hundredths(data[f"pays_{i}"]) for i, name in enumerate(PAID)}}

    def shown(self, form: forms.Form) -> Any:
        return [form[f"pays_{i}"] for i in range(len(PAID))]


@dataclass(frozen=True, slots=True)
class LineRow:
    number: int
    symbols: list[forms.BoundField]
    pays: forms.BoundField


class SlotsFields(TableFields):
    """Names of the symbols, a line of text for each reel, and a row for each pay line."""

    template = "admin/instant/slots_table.html"

    def fields(self, table: Mapping[str, Any]) -> dict[str, forms.Field]:
        names = table["symbols"]
        made: dict[str, forms.Field] = {
            f"name_{number}": forms.CharField(label=f"Symbol {number}", max_length=20, initial=names[str(number)])
            for number in range(1, LARGEST_SYMBOL + 1)
        }
        for reel, strip in enumerate(table["strips"]):
            made[f"strip_{reel}"] = forms.CharField(
                label=f"Reel {reel + 1}", max_length=400, initial=" ".join(map(str, strip))
            )
        choices = [("", "–"), ("0", "any"), *((str(n), f"{n} {names[str(n)]}") for n in range(1, LARGEST_SYMBOL + 1))]
        for i in range(len(table["lines"]) + MORE_LINES):
            line = table["lines"][i] if i < len(table["lines"]) else None
            for reel in range(REELS):
                made[f"line_{i}_{reel}"] = forms.ChoiceField(
                    label=f"Line {i + 1}, reel {reel + 1}",
                    choices=choices,
                    required=False,
                    initial="" if line is None else str(line["symbols"][reel] or 0),
                )
            made[f"line_{i}_pays"] = times(
                label=f"Line {i + 1} pays", required=False, initial=line and Decimal(line["pays"]) / 100
            )
        return made

    def read(self, data: Mapping[str, Any]) -> dict[str, Any]:
        strips = [self._strip(reel, data[f"strip_{reel}"]) for reel in range(REELS)]
        names = {str(number): data[f"name_{number}"] for number in range(1, LARGEST_SYMBOL + 1)}
        return {"strips": strips, "symbols": names, "lines": list(self._lines(data))}

    def _strip(self, reel: int, text: str) -> list[int]:
        words = text.replace(",", " ").split()
        if not all(word.isascii() and word.isdecimal() and len(word) == 1 for word in words):
            raise forms.ValidationError(f"Reel {reel + 1}: write the numbers of its symbols, with spaces between them.")
        return [int(word) for word in words]

    def _lines(self, data: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        for i in range(sum(name.endswith("_pays") for name in data)):
            symbols, pays = [data[f"line_{i}_{reel}"] for reel in range(REELS)], data[f"line_{i}_pays"]
            if pays is None and not any(symbols):
                continue
            if pays is None or not all(symbols):
                raise forms.ValidationError(f"Line {i + 1} needs its three symbols and what it pays, or none of them.")
            yield {"symbols": [int(symbol) or ANY for symbol in symbols], "pays": hundredths(pays)}

    def shown(self, form: forms.Form) -> Any:
        many = sum(name.endswith("_pays") for name in form.fields)
        return {
            "names": [form[f"name_{number}"] for number in range(1, LARGEST_SYMBOL + 1)],
            "strips": [form[f"strip_{reel}"] for reel in range(REELS)],
            "lines": [
                LineRow(i + 1, [form[f"line_{i}_{reel}"] for reel in range(REELS)], form[f"line_{i}_pays"])
                for i in range(many)
            ],
        }


# A game with a pay table is given its fields here; one without needs nothing.
TABLES: dict[str, TableFields] = {"videopoker": PokerFields(), "slots": SlotsFields()}


@dataclass(frozen=True, slots=True)
class LimitRow:
    """The three fields of a currency."""

    currency: Currency
    fields: list[forms.BoundField]

    @property
    def errors(self) -> list[str]:
        return [str(error) for field in self.fields for error in field.errors]


class RulesForm(forms.Form):
    """
    A new version of a game's rules. Percentages, multipliers and whole units of money are decimals, never floats.

    Per currency three stakes, or none of the three: then the game is not played in it. `seen` is the digest of what was
    shown to come of it; saving what was not looked at is not offered.
    """

    rtp = forms.DecimalField(
        label="Return to player, %",
        min_value=Decimal(75),
        max_value=Decimal("99.99"),
        max_digits=4,
        decimal_places=2,
        help_text="The most that the odds may return; a pay table may stay below by 0.10 %.",
    )
    note = forms.CharField(max_length=200, label="Why", help_text="Kept with the version and in the audit trail.")
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: dict[str, Any] | None, *, config: InstantConfig) -> None:
        super().__init__(data, initial={"rtp": Decimal(config.rtp_bps) / 100})
        self.config = config
        self.table = TABLES.get(config.game_id, TableFields())
        self.table_template = self.table.template
        self.fields.update(self.table.fields(config.table))
        self.currencies = list(Currency.objects.order_by("code"))
        limits = {limit.currency_id: limit for limit in config.limits.all()}
        for currency in self.currencies:
            limit = limits.get(currency.code)
            for name in STAKES:
                value = getattr(limit, COLUMNS[name], None)
                self.fields[f"{name}_{currency.code}"] = forms.DecimalField(
                    label=f"{currency.code} {name}",
                    required=False,
                    min_value=Decimal(1) / currency.denominator,
                    max_value=MAX_UNITS / currency.denominator,
                    decimal_places=len(str(currency.denominator)) - 1,
                    initial=None if value is None else Decimal(value) / currency.denominator,
                )
        for name, field in self.fields.items():
            if isinstance(field, forms.ChoiceField):
                field.widget = UnfoldAdminSelectWidget(choices=field.choices)
            elif name != "seen":
                decimal = {"inputmode": "decimal"} if isinstance(field, forms.DecimalField) else {}
                field.widget = UnfoldAdminTextInputWidget(attrs={**decimal, "aria-label": str(field.label or name)})

    def main_fields(self) -> list[forms.BoundField]:
        return [self["rtp"], self["note"]]

    def table_shown(self) -> Any:
        return self.table.shown(self)

    def limit_rows(self) -> list[LimitRow]:
        return [LimitRow(c, [self[f"{name}_{c.code}"] for name in STAKES]) for c in self.currencies]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        data["limits"] = self._limits(data)
        if not self.errors:
            try:
                data["table"] = self.table.read(data)
            except forms.ValidationError as wrong:
                self.add_error(None, wrong)
        return data

    def _limits(self, data: Mapping[str, Any]) -> dict[str, StakeLimits]:
        limits: dict[str, StakeLimits] = {}
        for currency in self.currencies:
            given = [data.get(f"{name}_{currency.code}") for name in STAKES]
            if all(value is None for value in given):
                continue
            if any(value is None for value in given):
                self.add_error(f"minimum_{currency.code}", f"{currency.code} needs all three stakes, or none.")
                continue
            minor = dict(zip(STAKES, (int(value * currency.denominator) for value in given if value), strict=True))
            limits[currency.code] = StakeLimits(minor["minimum"], minor["maximum"], minor["default"])
        return limits

    def rules(self) -> dict[str, Any]:
        """As `operations.check_rules` and `change_config` take them."""
        data = self.cleaned_data
        return {"rtp_bps": int(data["rtp"] * 100), "table": data["table"], "limits": data["limits"]}

    def digest(self) -> str:
        """Of the rules that are on the page: what was shown to come of them came of these."""
        rules = self.rules()
        limits = {code: [limit.minimum, limit.maximum, limit.default] for code, limit in rules["limits"].items()}
        text = json.dumps([self.config.pk, rules["rtp_bps"], rules["table"], limits], sort_keys=True)
        return sha256(text.encode()).hexdigest()

    def look(self) -> None:
        """From now on the page says that these rules were looked at."""
        self.data = {**self.data, "seen": self.digest()}


def stakes_of(config: InstantConfig) -> dict[str, StakeLimits]:
    return {
        row.currency_id: StakeLimits(row.min_stake_minor, row.max_stake_minor, row.default_stake_minor)
        for row in config.limits.order_by("currency")
    }
