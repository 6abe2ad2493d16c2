"""What the pages of review, team and bulk edits send."""

from typing import Any

from django import forms

from cakelens.labels import GENERATORS, Label
from labeling import controls
from labeling.answering import Answer, InvalidAnswer
from labeling.filters import DayField
from labeling.forms import ScreenForm


class DecisionForm(ScreenForm):
    """A reviewer's buttons. A generator that is on says yes by itself, as on the labeling screen."""

    @property
    def on_now(self) -> frozenset[str]:
        on = frozenset(self.cleaned_data.get("on", ())) if self.is_bound else frozenset()
        says_yes = on & {controls.UNKNOWN, *GENERATORS}
        return on | {str(Label.AI_GEN)} if says_yes and controls.NOT_AI not in on else on

    def decision(self) -> Answer:
        """Return what the reviewer decided.

        Raises:
            InvalidAnswer: It breaks a rule of answers.
        """
        if not self.is_valid():
            raise InvalidAnswer([f"{name}: {error}" for name, each in self.errors.items() for error in each])
        on = self.on_now
        if controls.NOT_AI in on and on & {Label.AI_GEN, *GENERATORS}:
            raise InvalidAnswer(["A video that is not AI has no generator: choose one of the two."])
        return self.answer()


class ReplyForm(forms.Form):
    text = forms.CharField(max_length=4000)


class VoidForm(forms.Form):
    """Whose answers of which days are void, and why."""

    since = DayField(label="From")
    until = DayField(label="To, that day too")
    reason = forms.CharField(max_length=1000, required=False)

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if data.get("since") and data.get("until") and data["until"] < data["since"]:
            raise forms.ValidationError("The period ends before it begins.")
        return data
