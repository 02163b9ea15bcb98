"""What staff fill in about a player: how long, and why."""

from django import forms
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

MUTE_HOURS = (("1", "1 hour"), ("24", "1 day"), ("168", "1 week"), ("8760", "1 year"))


class MuteForm(forms.Form):
    hours = forms.ChoiceField(label="For how long", choices=MUTE_HOURS, initial="24", widget=UnfoldAdminSelectWidget)


class ReasonForm(forms.Form):
    reason = forms.CharField(
        max_length=200, widget=UnfoldAdminTextInputWidget, help_text="Kept in the audit trail, with your name."
    )
