"""What the grid of videos can be narrowed to; the same words choose the videos of a bulk edit."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib.auth import get_user_model
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from labeling.controls import NOT_AI
from labeling.days import site_midnight
from labeling.filters import LABEL_CHOICES, VIDEO_STATES, DayField, FilterForm, settled_as
from labeling.models import Annotation, Outcome, Slot, SlotState, Split, Video
from labeling.reviewing import CONFIDENT
from labeling.withholding import is_told_all, told, told_by_models

TELLING = ("settled", "exportable")
"""States that tell of a video that it is settled."""

OPEN = [SlotState.FREE, SlotState.HELD, SlotState.KEPT]


def _out(videos: Any) -> Any:
    """Leave videos that nobody is asked for any more though nothing counts for them."""
    asked = Slot.objects.filter(video=OuterRef("pk"), state__in=OPEN, is_gold=False)
    return videos.ready().unsettled().filter(~Exists(asked), is_withdrawn=False, disputed_at=None)


STATES: dict[str, tuple[str, Callable[[Any], Any]]] = {
    **VIDEO_STATES,
    "out": ("Out of the queue", _out),
    "gold": ("Gold", lambda videos: videos.filter(gold__retired_at=None, gold__isnull=False)),
}


def _contradicted(videos: Any) -> Any:
    said = Video.predictions.field.model.objects.filter(video=OuterRef("pk"), is_served=True)  # type: ignore[attr-defined]
    return videos.settled().filter(
        Q(Exists(said.filter(ai_gen__gte=CONFIDENT)), settlement__ai_gen=False)
        | Q(Exists(said.filter(ai_gen__lte=1 - CONFIDENT)), settlement__ai_gen=True)
    )


DISAGREEMENTS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "people": ("People disagree", lambda videos: videos.filter(disputed_at__isnull=False)),
    "model": ("The model says the opposite", _contradicted),
}


def _choices(named: dict[str, tuple[str, Any]]) -> list[tuple[str, str]]:
    return [("", "Any"), *((name, words) for name, (words, _) in named.items())]


def people_who_labeled() -> list[tuple[str, str]]:
    """Return those who ever answered, by name, as choices."""
    answered = Annotation.objects.filter(labeler=OuterRef("pk"))
    people = get_user_model()._default_manager.filter(Exists(answered)).order_by("username")
    return [("", "Anybody"), *((name, name) for name in people.values_list("username", flat=True))]


class VideoFilterForm(FilterForm):
    FOLDED = ("by", "labeled", "settled", "disagreement", "least", "most", "group")

    state = forms.ChoiceField(choices=_choices(STATES), required=False)
    label = forms.ChoiceField(choices=LABEL_CHOICES, required=False)
    split = forms.ChoiceField(choices=[("", "Any"), *Split.choices], required=False)
    by = forms.ChoiceField(label="Labeled by", required=False)
    labeled = DayField(label="Labeled since", required=False)
    settled = DayField(label="Settled since", required=False)
    disagreement = forms.ChoiceField(choices=_choices(DISAGREEMENTS), required=False)
    least = forms.IntegerField(label="AI_GEN from %", required=False, min_value=0, max_value=100)
    most = forms.IntegerField(label="AI_GEN to %", required=False, min_value=0, max_value=100)
    group = forms.IntegerField(label="Same footage as video", required=False, min_value=1)

    def __init__(self, data: Any, *, user: Any) -> None:
        self.user = user
        super().__init__(data)

    def prepare(self) -> None:
        if not is_told_all(self.user):  # gold looks like any other video to who is tested with it
            states = self.fields["state"].choices  # type: ignore[attr-defined]
            self.fields["state"].choices = [each for each in states if each[0] != "gold"]  # type: ignore[attr-defined]
        self.fields["by"].choices = people_who_labeled()  # type: ignore[attr-defined]

    def videos(self) -> QuerySet[Video]:
        videos: Any = Video.objects.all()
        for name, kinds in (("state", STATES), ("disagreement", DISAGREEMENTS)):
            if chosen := self.chosen(name):
                videos = kinds[chosen][1](videos)
        if split := self.chosen("split"):
            videos = videos.in_split(split)
        if label := self.chosen("label"):
            videos = videos.filter(**settled_as(label))
            # Said twice, so that a list in the order of videos can walk the label's index.
            if label != NOT_AI:
                videos = videos.filter(settlement__video=F("pk"))
        return self._seen(self._probable(self._labeled(self._of_group(videos))))  # type: ignore[no-any-return]

    def _seen(self, videos: Any) -> Any:
        """Leave out what a filter would tell a labeler of videos that they may be asked for."""
        if self.is_used("label", "disagreement", "settled") or self.chosen("state") in TELLING:
            videos = told(self.user, videos)
        if self.is_used("disagreement", "least", "most"):
            videos = told_by_models(self.user, videos)
        return videos

    def _of_group(self, videos: Any) -> Any:
        if (video := self.cleaned_data.get("group")) is None:
            return videos
        return videos.filter(group__in=Video.objects.filter(pk=video).values("group"))

    def _labeled(self, videos: Any) -> Any:
        """Keep videos by whose answer it is, since when, and since when what they were settled as counts."""
        by, since = self.chosen("by"), self.cleaned_data.get("labeled")
        if settled := self.cleaned_data.get("settled"):
            videos = videos.filter(settlement__created_at__gte=site_midnight(settled))
        if not (by or since):
            return videos
        answers = Annotation.objects.filter(outcome=Outcome.LABELED)
        if by:
            answers = answers.filter(labeler__username=by)
        if since:
            answers = answers.filter(created_at__gte=site_midnight(since))
        return videos.filter(pk__in=answers.values("video"))

    def _probable(self, videos: Any) -> Any:
        """Keep videos whose served prediction of AI_GEN lies in the range."""
        least, most = self.cleaned_data.get("least"), self.cleaned_data.get("most")
        if least is None and most is None:
            return videos
        said = Video.predictions.field.model.objects.filter(is_served=True)  # type: ignore[attr-defined]
        in_range = said.filter(
            ai_gen__gte=(least or 0) / 100, ai_gen__lte=(100 if most is None else most) / 100
        )
        return videos.filter(pk__in=in_range.values("video"))
