"""What the lists of posts and videos can be narrowed to. A filter that is no filter changes nothing."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.db.models import QuerySet

from cakelens.labels import V5_LABELS, Label
from labeling.controls import NOT_AI
from labeling.models import Post, Split, Video, label_field

POST_STATES: dict[str, tuple[str, Callable[[Any], QuerySet[Post]]]] = {
    "waiting": ("Being collected", lambda posts: posts.waiting()),
    "collected": ("Collected", lambda posts: posts.collected()),
    "failed": ("Failed", lambda posts: posts.failed()),
    "deleted": ("Deleted on X", lambda posts: posts.filter(deleted_on_x_at__isnull=False)),
}

VIDEO_STATES: dict[str, tuple[str, Callable[[Any], QuerySet[Video]]]] = {
    "unsettled": (
        "Waiting for labels",
        lambda videos: videos.ready().unsettled().filter(is_withdrawn=False),
    ),
    "settled": ("Settled", lambda videos: videos.settled()),
    "collecting": ("Not stored yet", lambda videos: videos.filter(ready_at=None)),
    "quarantined": ("Quarantined", lambda videos: videos.exclude(quarantine="")),
    "withdrawn": ("Withdrawn", lambda videos: videos.filter(is_withdrawn=True)),
}


def _choices(states: dict[str, tuple[str, Any]]) -> list[tuple[str, str]]:
    return [("", "Any"), *((name, words) for name, (words, _) in states.items())]


LABEL_CHOICES = [
    ("", "Any"),
    (Label.AI_GEN, Label.AI_GEN),
    (NOT_AI, "not AI"),
    *((label, label) for label in V5_LABELS[1:]),
]


class FilterForm(forms.Form):
    """A form of a list: read from the query, drawn with what was understood of it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.full_clean()

    def chosen(self, name: str) -> str:
        return str(self.cleaned_data.get(name) or "")

    @property
    def is_narrow(self) -> bool:
        """Tell whether anything is left out."""
        return any(self.cleaned_data.values())


class PostFilterForm(FilterForm):
    q = forms.CharField(label="Text, author or id", required=False, max_length=200)
    state = forms.ChoiceField(choices=_choices(POST_STATES), required=False)

    def posts(self) -> QuerySet[Post]:
        posts: Any = Post.objects.all()
        if state := self.chosen("state"):
            posts = POST_STATES[state][1](posts)
        if text := self.chosen("q").strip():
            posts = posts.matching(text)
        return posts  # type: ignore[no-any-return]


class VideoFilterForm(FilterForm):
    state = forms.ChoiceField(choices=_choices(VIDEO_STATES), required=False)
    label = forms.ChoiceField(choices=LABEL_CHOICES, required=False)
    split = forms.ChoiceField(choices=[("", "Any"), *Split.choices], required=False)

    def videos(self) -> QuerySet[Video]:
        videos: Any = Video.objects.all()
        if state := self.chosen("state"):
            videos = VIDEO_STATES[state][1](videos)
        if split := self.chosen("split"):
            videos = videos.in_split(split)
        return videos.filter(**settled_as(self.chosen("label")))  # type: ignore[no-any-return]


def settled_as(label: str, prefix: str = "settlement") -> dict[str, bool]:
    """Return the condition that a settlement says `label`, or NOT_AI; none where `label` is empty."""
    if not label:
        return {}
    if label == NOT_AI:
        return {f"{prefix}__{label_field(Label.AI_GEN)}": False}
    return {f"{prefix}__{label_field(label)}": True}
