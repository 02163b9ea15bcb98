"""What the portal asks, checked by the same rules as the API."""

from datetime import timedelta
from typing import Any

from django import forms

from accounts.partners import rules as keys
from accounts.webhooks import rules as webhooks

LIVES = (("30", "30 days"), ("90", "90 days (suggested)"), ("180", "180 days"), ("365", "1 year"), ("", "No end"))
OVERLAPS = (("0", "At once"), ("1", "1 hour"), ("24", "24 hours (suggested)"), ("168", "7 days"), ("720", "30 days"))


class KeyForm(forms.Form):
    label = forms.CharField(max_length=60, required=False, help_text="Where it is used, for you to recognise it.")
    scopes = forms.MultipleChoiceField(
        choices=[(scope, meaning) for scope, meaning in keys.SCOPES.items()], widget=forms.CheckboxSelectMultiple
    )
    days = forms.ChoiceField(label="Valid for", choices=LIVES, required=False, initial="90")
    cidrs = forms.CharField(
        label="Addresses",
        required=False,
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 3, "placeholder": "203.0.113.0/24\n2001:db8::/32", "spellcheck": "false"}),
        help_text="IPv4 or IPv6 addresses or ranges that may use it, one per line. Empty: from anywhere.",
    )
    only_signature_v2 = forms.BooleanField(
        label="Accept only version 2 signatures",
        required=False,
        initial=True,
        help_text="They cover method and path too. Version 1 covers the body only.",
    )

    def clean_cidrs(self) -> list[str]:
        try:
            return keys.checked_cidrs(self.cleaned_data["cidrs"].replace(",", "\n").split())
        except keys.Invalid as error:
            raise forms.ValidationError(f"{str(error).capitalize()}.") from error

    def clean_days(self) -> timedelta | None:
        days = self.cleaned_data["days"]
        return timedelta(days=int(days)) if days else None


class RotateForm(forms.Form):
    hours = forms.ChoiceField(label="The old key ends", choices=OVERLAPS, initial="24")

    @property
    def overlap(self) -> timedelta:
        return timedelta(hours=int(self.cleaned_data["hours"]))


class EndpointForm(forms.Form):
    url = forms.CharField(
        label="Address",
        max_length=webhooks.MAX_URL,
        widget=forms.TextInput(attrs={"placeholder": "https://example.com/hooks/casino", "inputmode": "url"}),
        help_text="https, on a public address.",
    )
    events = forms.MultipleChoiceField(
        choices=[(name, meaning) for name, meaning in webhooks.EVENTS.items()], widget=forms.CheckboxSelectMultiple
    )
    description = forms.CharField(max_length=120, required=False)

    def blame(self, error: webhooks.Invalid) -> None:
        self.add_error(error.field if error.field in self.fields else None, str(error))

    def wanted(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in ("url", "events", "description")}
