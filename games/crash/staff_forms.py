"""Forms of the crash game's back office: the rules of a game as people write them, parsed exactly."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from games.crash.models import GameConfig
from games.crash.operations import StakeLimits
from games.crash.rules import largest_rounding_loss
from wallet.models import Currency

MAX_UNITS = Decimal(10) ** 12


class ClientSeedForm(forms.Form):
    client_seed = forms.CharField(
        max_length=128,
        widget=UnfoldAdminTextInputWidget,
        help_text="Public entropy that nobody knew when the chain was announced, e.g. the hash of a later block.",
    )
    source = forms.CharField(
        max_length=200, widget=UnfoldAdminTextInputWidget, help_text="Where everyone can look it up."
    )


@dataclass(frozen=True, slots=True)
class LimitRow:
    """The three fields of a currency, for the template."""

    currency: Currency
    minimum: forms.BoundField
    default: forms.BoundField
    maximum: forms.BoundField

    @property
    def loss(self) -> str:
        """What rounding may take of a payout at the minimum in force."""
        units = self.minimum.initial
        return f"{float(largest_rounding_loss(int(units * self.currency.denominator))):.2%}" if units else "–"

    @property
    def errors(self) -> list[str]:
        return [str(error) for field in (self.minimum, self.default, self.maximum) for error in field.errors]


class ConfigForm(forms.Form):
    """
    A new version of a game's rules. Percentages and whole units of money as decimals, never as floats.

    Per currency three stakes, or none of the three: then the game is not played in it.
    """

    rtp = forms.DecimalField(
        label="Return to player, %", min_value=Decimal(50), max_value=Decimal("99.99"), max_digits=4, decimal_places=2
    )
    volatility = forms.ChoiceField(choices=GameConfig.Volatility.choices, widget=UnfoldAdminSelectWidget)
    bonus_probability = forms.DecimalField(
        label="Rounds with a bonus, %", min_value=0, max_value=100, max_digits=5, decimal_places=2
    )
    bonus_boost = forms.IntegerField(label="What a bonus adds to payouts, %", min_value=0, max_value=100)
    note = forms.CharField(max_length=200, label="Why", help_text="Kept with the version and in the audit trail.")

    def __init__(self, data: Any, *, config: GameConfig) -> None:
        super().__init__(
            data,
            initial={
                "rtp": Decimal(config.rtp_bps) / 100,
                "volatility": config.volatility,
                "bonus_probability": Decimal(config.bonus_probability_bps) / 100,
                "bonus_boost": config.bonus_boost_percent,
            },
        )
        self.currencies = list(Currency.objects.order_by("code"))
        limits = {limit.currency_id: limit for limit in config.limits.all()}
        for currency in self.currencies:
            limit = limits.get(currency.code)
            values = (limit.min_stake_minor, limit.default_stake_minor, limit.max_stake_minor) if limit else (None,) * 3
            for name, value in zip(("minimum", "default", "maximum"), values, strict=True):
                self.fields[f"{name}_{currency.code}"] = forms.DecimalField(
                    label=f"{currency.code} {name}",
                    required=False,
                    min_value=Decimal(1) / currency.denominator,
                    max_value=MAX_UNITS / currency.denominator,
                    decimal_places=len(str(currency.denominator)) - 1,
                    initial=None if value is None else Decimal(value) / currency.denominator,
                )
        for name, field in self.fields.items():
            if name != "volatility":
                field.widget = UnfoldAdminTextInputWidget(attrs={} if name == "note" else {"inputmode": "decimal"})

    def main_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in ("rtp", "volatility", "bonus_probability", "bonus_boost", "note")]

    def limit_rows(self) -> list[LimitRow]:
        return [
            LimitRow(currency, *(self[f"{name}_{currency.code}"] for name in ("minimum", "default", "maximum")))
            for currency in self.currencies
        ]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        limits: dict[str, StakeLimits] = {}
        for currency in self.currencies:
            given = [data.get(f"{name}_{currency.code}") for name in ("minimum", "maximum", "default")]
            if all(value is None for value in given):
                continue
            if any(value is None for value in given):
                self.add_error(f"minimum_{currency.code}", f"{currency.code} needs all three stakes, or none.")
                continue
            limits[currency.code] = StakeLimits(*(int(value * currency.denominator) for value in given))  # type: ignore[operator]
        data["limits"] = limits
        return data

    def changes(self) -> dict[str, Any]:
        """As `operations.change_config` takes them."""
        data = self.cleaned_data
        return {
            "rtp_bps": int(data["rtp"] * 100),
            "volatility": data["volatility"],
            "bonus_probability_bps": int(data["bonus_probability"] * 100),
            "bonus_boost_percent": data["bonus_boost"],
            "limits": data["limits"],
            "note": data["note"],
        }
