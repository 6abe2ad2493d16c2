"""What the labeling screen sends."""

from typing import Any

from django import forms

from cakelens.labels import Label
from labeling import aims, controls
from labeling.aims import Aims
from labeling.answering import Answer, EvidenceItem, InvalidAnswer
from labeling.models import EvidenceKind, SkipDestination, SkipReason

_PRESSABLE = [(name, name) for name in (*controls.CONTROLS, controls.TAKE)]


class AimField(forms.MultipleChoiceField):
    """What a reason is aimed at, as words in one input."""

    widget = forms.HiddenInput

    def __init__(self) -> None:
        super().__init__(choices=[(label, label) for label in aims.AIMABLE], required=False)

    def to_python(self, value: Any) -> list[str]:
        return super().to_python(str(value or "").split())


class ScreenForm(forms.Form):
    """The buttons that are on, and what stands beside them."""

    on = forms.MultipleChoiceField(choices=_PRESSABLE, required=False)
    press = forms.ChoiceField(choices=_PRESSABLE, required=False)
    aim = forms.ChoiceField(choices=[(name, name) for name in aims.names_of_aims()], required=False)
    note = forms.CharField(required=False)
    question = forms.CharField(required=False)
    twins = forms.BooleanField(required=False)
    quote = forms.CharField(required=False)
    seconds = forms.FloatField(required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for kind in EvidenceKind.values:
            self.fields[f"at_{kind}"] = forms.FloatField(required=False, min_value=0)
            self.fields[f"for_{kind}"] = AimField()

    @property
    def on_now(self) -> frozenset[str]:
        return frozenset(self.cleaned_data["on"])

    @property
    def aims(self) -> Aims:
        """What each reason is aimed at; one that shows everything is left out."""
        named = {kind: frozenset(self.cleaned_data.get(f"for_{kind}", ())) for kind in EvidenceKind.values}
        return {kind: labels for kind, labels in named.items() if labels}

    def answer(self) -> Answer:
        """Return what the person judged.

        Raises:
            InvalidAnswer: AI_GEN is not judged, or both ways, or the note is too long.
        """
        if controls.NOT_AI in self.on_now and self.on_now & {Label.AI_GEN, controls.UNKNOWN}:
            raise InvalidAnswer(["AI_GEN and not AI cannot both be on: choose one of the two."])
        labels = controls.judged(self.on_now)
        data = self.cleaned_data
        return Answer(labels, self._evidence(), data["note"], data["seconds"], data["question"])

    def _evidence(self) -> list[EvidenceItem]:
        """Return an item per kind, for what it is aimed at."""
        return [
            EvidenceItem(
                aims.shown(self.on_now, self.aims.get(kind)),
                kind,
                quote=self.cleaned_data["quote"] if kind == EvidenceKind.AUTHOR else "",
                at_seconds=self.cleaned_data[f"at_{kind}"],
            )
            for kind in EvidenceKind
            if kind in self.on_now
        ]


class SkipForm(forms.Form):
    reason = forms.ChoiceField(
        choices=SkipReason, error_messages={"required": "Say why: choose one of the reasons."}
    )
    destination = forms.ChoiceField(choices=SkipDestination, required=False)
    note = forms.CharField(required=False)
    question = forms.CharField(required=False)
    seconds = forms.FloatField(required=False, min_value=0)

    def arguments(self) -> dict[str, Any]:
        """Return what `answering.skip` takes."""
        data = self.cleaned_data
        destination = SkipDestination(data["destination"]) if data["destination"] else None
        said = {name: data[name] for name in ("note", "question", "seconds")}
        return {"reason": SkipReason(data["reason"]), "destination": destination} | said


class UndoForm(forms.Form):
    """Which answer to go back to; empty: the newest."""

    annotation = forms.IntegerField(required=False)
