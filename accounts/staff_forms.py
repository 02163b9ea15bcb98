"""What staff fill in about a player: how long, why, and a new password."""

from django import forms
from unfold.forms import AdminPasswordChangeForm
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from accounts import operations
from accounts.models import User
from casino.lib.clock import system_clock

MUTE_HOURS = (("1", "1 hour"), ("24", "1 day"), ("168", "1 week"), ("8760", "1 year"))


class MuteForm(forms.Form):
    hours = forms.ChoiceField(label="For how long", choices=MUTE_HOURS, initial="24", widget=UnfoldAdminSelectWidget)


class ReasonForm(forms.Form):
    reason = forms.CharField(
        max_length=200, widget=UnfoldAdminTextInputWidget, help_text="Kept in the audit trail, with your name."
    )


class PasswordForm(AdminPasswordChangeForm):
    def save(self, commit: bool = True) -> User:
        user: User = super().save(commit)
        operations.revoke_sessions_of(user, now=system_clock.now())
        return user
