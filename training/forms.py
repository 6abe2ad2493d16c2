"""What is asked of batches in forms: which videos of one are shown, and what an export takes."""

from typing import Any, Self

from django import forms
from django.db.models import Exists, F, OuterRef, QuerySet, Subquery
from django.db.models.functions import Least

from jobs.models import State
from labeling.filters import LABEL_CHOICES, DayField, FilterForm, settled_as
from labeling.models import Evidence, EvidenceKind, Split, Variant
from training.batches import slugs
from training.batches.differences import CHANGES, before, changed
from training.batches.filters import LABELS, BadFilter, BatchFilters
from training.batches.ranges import DURATIONS, RESOLUTIONS, Steps
from training.batches.tally import NO_EVIDENCE
from training.models import BatchItem, ExportJob, TrainingBatch

NEGATIVE, UNJUDGED = "no", "unjudged"
WITHDRAWN = "withdrawn"
JUDGED_CHOICES = [("", "Yes"), (NEGATIVE, "No"), (UNJUDGED, "Not judged")]
EVIDENCE_CHOICES = [("", "Any"), *EvidenceKind.choices, (NO_EVIDENCE, "None")]


def _step_choices(steps: Any) -> list[tuple[str, str]]:
    return [("", "Any"), *((name, name) for name, _ in steps)]


class BatchVideosForm(FilterForm):
    """Which of a batch's videos are shown."""

    label = forms.ChoiceField(choices=LABEL_CHOICES, required=False)
    judged = forms.ChoiceField(label="Label judged", choices=JUDGED_CHOICES, required=False)
    split = forms.ChoiceField(choices=[("", "Any"), *Split.choices], required=False)
    evidence = forms.ChoiceField(choices=EVIDENCE_CHOICES, required=False)
    resolution = forms.ChoiceField(choices=_step_choices(RESOLUTIONS), required=False)
    duration = forms.ChoiceField(choices=_step_choices(DURATIONS), required=False)
    state = forms.ChoiceField(choices=[("", "Any"), (WITHDRAWN, "Withdrawn")], required=False)
    group = forms.CharField(required=False, max_length=100, widget=forms.HiddenInput)
    change = forms.ChoiceField(choices=[("", "Any"), *CHANGES.items()], required=False)
    against = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)

    def items(self, batch: TrainingBatch) -> QuerySet[BatchItem]:
        """Return the items that match, by what their settlement said then."""
        items = self._changed(batch).filter(**judged_as(self.chosen("label"), self.chosen("judged")))
        if split := self.chosen("split"):
            items = items.filter(split=split)
        if kind := self.chosen("evidence"):
            items = with_evidence(items, kind)
        if self.chosen("state") == WITHDRAWN:
            items = items.filter(settlement__video__is_withdrawn=True)
        if group := self.chosen("group"):
            items = items.filter(settlement__video__group__key=group)
        items = within(items, "short_side", self.chosen("resolution"), RESOLUTIONS)
        items = within(items, "seconds", self.chosen("duration"), DURATIONS)
        return items.select_related("settlement__video__post")

    def _changed(self, batch: TrainingBatch) -> QuerySet[BatchItem]:
        items: QuerySet[BatchItem] = batch.items.all()
        if not (change := self.chosen("change")):
            return items
        other = self.other(batch)
        return changed(batch, other, change) if other else items.none()

    def other(self, batch: TrainingBatch) -> TrainingBatch | None:
        """Return the batch that changes are seen against."""
        named: TrainingBatch | None = (
            TrainingBatch.objects.exported().filter(slug=self.chosen("against")).first()
        )
        return named or before(batch)


def judged_as(label: str, judged: str) -> dict[str, bool | None]:
    """Return the condition that a settlement judges `label` so; none where `label` is empty."""
    positive = settled_as(label)
    if judged == UNJUDGED:
        return dict.fromkeys(positive)
    return {field: not value if judged == NEGATIVE else value for field, value in positive.items()}


def with_evidence(items: QuerySet[BatchItem], kind: str) -> QuerySet[BatchItem]:
    """Return the items whose labels rest on that kind of evidence, or on none."""
    rests_on = Evidence.objects.filter(annotation__settlements=OuterRef("settlement"))
    if kind == NO_EVIDENCE:
        return items.exclude(Exists(rests_on))
    return items.filter(Exists(rests_on.filter(kind=kind)))


def within(items: QuerySet[BatchItem], fact: str, step: str, steps: Steps) -> QuerySet[BatchItem]:
    """Return the items whose largest file has a fact on that step; an empty step is any."""
    if not step:
        return items
    names = [name for name, _ in steps]
    least, above = steps[names.index(step)][1], steps[names.index(step) + 1 :]
    largest = (
        Variant.objects.stored()
        .filter(video=OuterRef("settlement__video"))
        .annotate(pixels=F("width") * F("height"), short_side=Least("width", "height"))
        .annotate(seconds=F("duration_seconds"))
        .order_by("-pixels", "-bit_rate_bps", "-sha256")
    )
    items = items.annotate(fact=Subquery(largest.values(fact)[:1])).filter(fact__gte=least)
    return items.filter(fact__lt=above[0][1]) if above else items


class ExportForm(forms.Form):
    """What an export takes, and what it is called."""

    slug = forms.CharField(label="Name", required=False)
    labels = forms.MultipleChoiceField(
        choices=[(name, "not AI" if name == "NOT_AI" else name) for name in LABELS],
        label="With one of these labels",
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    evidence = forms.MultipleChoiceField(
        choices=EvidenceKind.choices,
        label="AI-generated ones with this evidence",
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    authors = forms.CharField(label="By these authors", required=False, max_length=1000)
    since = DayField(label="Posted since", required=False)
    until = DayField(label="Posted until", required=False)
    min_answers = forms.IntegerField(label="People who agree, at least", required=False, min_value=0)

    @classmethod
    def of(cls, job: ExportJob | None) -> Self:
        """Return the form to start with: filled in as it was for an export that failed or was stopped."""
        if job is None or job.state not in (State.FAILED, State.CANCELLED):
            return cls()
        authors = {"authors": ", ".join(job.filters.get("authors", ()))}
        given = {"slug": job.slug} | job.filters | authors
        return cls(initial={name: value for name, value in given.items() if value})

    def clean_slug(self) -> str:
        slug: str = self.cleaned_data["slug"]
        if slug and (problem := slugs.problem(slug)):
            raise forms.ValidationError(problem)
        return slug

    def clean(self) -> dict[str, Any]:
        try:
            self.filters()
        except BadFilter as exc:
            raise forms.ValidationError(str(exc)) from exc
        return self.cleaned_data

    def filters(self) -> BatchFilters:
        given = self.cleaned_data
        days = {name: given[name].isoformat() for name in ("since", "until") if given.get(name)}
        return BatchFilters(
            labels=tuple(given.get("labels", ())),
            evidence=tuple(given.get("evidence", ())),
            authors=tuple(given.get("authors", "").replace(",", " ").split()),
            min_answers=given.get("min_answers") or 0,
            **days,
        )
