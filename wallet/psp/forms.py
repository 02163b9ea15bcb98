"""What is typed at the cashier, checked field by field."""

from uuid import uuid4

from django import forms

from casino.lib.money import parse_minor
from wallet.models import Currency

WHSEC = r"^whsec_[A-Za-z0-9+/]{32,120}={0,2}$"


class AmountForm(forms.Form):
    """
    An amount in whole units with decimals, as people write it; `cleaned_data["amount"]` is in minor units.

    `form_key` names this very form: sent twice, it asks once.
    """

    amount = forms.CharField(max_length=26)
    provider = forms.SlugField(max_length=32)
    form_key = forms.UUIDField()

    def __init__(self, *arguments: object, currency: Currency, **options: object) -> None:
        super().__init__(*arguments, **options)  # type: ignore[arg-type]
        self.currency = currency

    def clean_amount(self) -> int:
        minor = parse_minor(self.cleaned_data["amount"], self.currency.denominator)
        if minor is None:
            digits = len(str(self.currency.denominator)) - 1
            raise forms.ValidationError(f"Write an amount like 25 or 25.50, with at most {digits} decimals.")
        return minor

    @property
    def fault(self) -> str:
        """The first thing to mend, as a sentence."""
        for name, faults in self.errors.items():
            return str(faults[0]) if name == "amount" else "The form is not complete. Reload the page and try again."
        return ""


def fresh_key() -> str:
    return str(uuid4())


class SecretForm(forms.Form):
    """The secret that a provider gives: Standard Webhooks' form."""

    secret = forms.RegexField(WHSEC, max_length=140, help_text="whsec_…, as the provider's own page shows it")


class ReasonForm(forms.Form):
    reason = forms.CharField(max_length=100, help_text="The player reads it.")
