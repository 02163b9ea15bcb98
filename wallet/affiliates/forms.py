"""What finance agrees with affiliates, as people write it."""

from decimal import Decimal
from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminDecimalFieldWidget, UnfoldAdminTextInputWidget, UnfoldBooleanSwitchWidget

from accounts.affiliates.models import Affiliate
from accounts.affiliates.rules import DEFAULT_SHARE_BPS
from accounts.models import User


class TermsForm(forms.Form):
    """Who gets the shares, and how much: a player by name, or somebody to whom it is owed."""

    owner = forms.CharField(
        required=False,
        label="Player who gets the shares",
        widget=UnfoldAdminTextInputWidget,
        help_text="An exact user name. Shares go to that player's balance; in currencies without one they are owed.",
    )
    name = forms.CharField(
        required=False,
        max_length=100,
        label="Name",
        widget=UnfoldAdminTextInputWidget,
        help_text="Of a company, say. Without a player, all shares are kept as owed to it.",
    )
    share = forms.DecimalField(
        label="Share of the house's gain, %",
        min_value=Decimal(0),
        max_value=Decimal(100),
        decimal_places=2,
        initial=Decimal(DEFAULT_SHARE_BPS) / 100,
        widget=UnfoldAdminDecimalFieldWidget,
    )

    def clean_owner(self) -> User | None:
        typed = self.cleaned_data["owner"].strip()
        if not typed:
            return None
        found = User.objects.filter(username=typed).first()
        if found is None:
            raise forms.ValidationError("There is nobody of this name.")
        return found

    @property
    def share_bps(self) -> int:
        return int(self.cleaned_data["share"] * 100)


class NewAffiliateForm(TermsForm):
    code = forms.CharField(
        max_length=64,
        widget=UnfoldAdminTextInputWidget,
        help_text="What their links and the header X-Affiliate-ID carry; it stays.",
    )
    field_order = ("code", "owner", "name", "share")


class ChangeForm(TermsForm):
    active = forms.BooleanField(
        required=False,
        label="New players are credited",
        widget=UnfoldBooleanSwitchWidget,
        help_text="Off: nobody new. Those who were brought stay, and so does the share.",
    )
    reason = forms.CharField(max_length=200, label="Why", widget=UnfoldAdminTextInputWidget)

    def __init__(self, *arguments: Any, affiliate: Affiliate, share_bps: int, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["owner"].initial = affiliate.owner.username if affiliate.owner else ""
        self.fields["name"].initial = affiliate.name
        self.fields["share"].initial = Decimal(share_bps) / 100
        self.fields["active"].initial = affiliate.active
        self.fields["share"].help_text = "Another share holds from tomorrow on (UTC): a day has one."
