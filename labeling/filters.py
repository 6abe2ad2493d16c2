"""What the lists of posts and videos can be narrowed to. A filter that is no filter changes nothing."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any, ClassVar

from django import forms
from django.contrib.auth import get_user_model
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from django.utils.formats import date_format

from cakelens.labels import V5_LABELS, Label
from labeling.controls import NOT_AI
from labeling.models import Post, Video, label_field
from labeling.withholding import told

FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2100, 1, 1)

POST_STATES: dict[str, tuple[str, Callable[[Any], QuerySet[Post]]]] = {
    "waiting": ("Being collected", lambda posts: posts.waiting()),
    "collected": ("Collected", lambda posts: posts.collected()),
    "storing": ("Being stored", lambda posts: posts.storing()),
    "failed": ("Failed", lambda posts: posts.failed()),
    "incomplete": ("Variants missing", lambda posts: posts.incomplete()),
    "deleted": ("Deleted on X", lambda posts: posts.filter(deleted_on_x_at__isnull=False)),
}

VIDEO_STATES: dict[str, tuple[str, Callable[[Any], QuerySet[Video]]]] = {
    "unsettled": (
        "Waiting for labels",
        lambda videos: videos.ready().unsettled().filter(is_withdrawn=False),
    ),
    "settled": ("Settled", lambda videos: videos.settled()),
    "exportable": ("Settled, fit for a batch", lambda videos: videos.exportable()),
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

    FOLDED: ClassVar[tuple[str, ...]] = ()
    """The fields that are folded away until one of them is used."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.prepare()
        self.full_clean()

    def prepare(self) -> None:
        """Fill choices that the database knows; asked once, where a callable is asked at each look."""

    def chosen(self, name: str) -> str:
        return str(self.cleaned_data.get(name) or "")

    @property
    def is_narrow(self) -> bool:
        """Tell whether anything is left out."""
        return self.is_used(*self.cleaned_data)

    @property
    def is_special(self) -> bool:
        """Tell whether a folded field is used, or should be mended."""
        return self.is_used(*self.FOLDED) or any(name in self.errors for name in self.FOLDED)

    def is_used(self, *names: str) -> bool:
        return any(self.cleaned_data.get(name) not in ("", None) for name in names)

    def plain_fields(self) -> list[forms.BoundField]:
        return [field for field in self.visible_fields() if field.name not in self.FOLDED]

    def folded_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.FOLDED]


class DateInput(forms.DateInput):
    input_type = "date"


class DayField(forms.DateField):
    """A day that can be meant: at the ends of the calendar, midnight in another zone is no time at all."""

    widget = DateInput

    def validate(self, value: Any) -> None:
        super().validate(value)
        if value and not FIRST_DAY <= value <= LAST_DAY:
            raise forms.ValidationError(
                f"Choose a day from {date_format(FIRST_DAY)} to {date_format(LAST_DAY)}."
            )

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {"min": FIRST_DAY.isoformat(), "max": LAST_DAY.isoformat()}


def people_who_added() -> list[tuple[str, str]]:
    """Return those who added a post, by name, as choices."""
    added = Post.objects.filter(added_by=OuterRef("pk"))
    people = get_user_model()._default_manager.filter(Exists(added)).order_by("username")
    return [("", "Anybody"), *((name, name) for name in people.values_list("username", flat=True))]


class PostFilterForm(FilterForm):
    FOLDED: ClassVar[tuple[str, ...]] = ("author", "since", "until", "by")

    q = forms.CharField(label="Text, author or id", required=False, max_length=200)
    state = forms.ChoiceField(choices=_choices(POST_STATES), required=False)
    label = forms.ChoiceField(choices=LABEL_CHOICES, required=False)
    author = forms.CharField(required=False, max_length=60)
    since = DayField(label="Added since", required=False)
    until = DayField(label="Added until", required=False)
    by = forms.ChoiceField(label="Added by", required=False)

    def __init__(self, data: Any, *, user: Any) -> None:
        self.user = user
        super().__init__(data)

    def prepare(self) -> None:
        self.fields["by"].choices = people_who_added()  # type: ignore[attr-defined]

    def posts(self) -> QuerySet[Post]:
        posts: Any = self._added()
        if author := self.chosen("author").strip():
            posts = posts.by_author(author)
        if state := self.chosen("state"):
            posts = POST_STATES[state][1](posts)
        if label := self.chosen("label"):
            posts = with_label(posts, label, self.user)
        if text := self.chosen("q").strip():
            posts = posts.matching(text)
        return posts  # type: ignore[no-any-return]

    def _added(self) -> QuerySet[Post]:
        """Return the posts that were added when, and by whom, the form says."""
        posts: Any = Post.objects.all()
        if since := self.cleaned_data.get("since"):
            posts = posts.filter(created_at__gte=_midnight(since))
        if until := self.cleaned_data.get("until"):
            posts = posts.filter(created_at__lt=_midnight(until + timedelta(days=1)))
        if by := self.chosen("by"):
            posts = posts.filter(added_by__username=by)
        return posts  # type: ignore[no-any-return]


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def with_label(posts: QuerySet[Post], label: str, user: Any) -> QuerySet[Post]:
    """Return the posts of which a video was settled as `label`, or NOT_AI, and `user` may know it."""
    return posts.filter(pk__in=told(user, Video.objects.filter(**settled_as(label))).values("post"))


def settled_as(label: str, prefix: str = "settlement") -> dict[str, bool]:
    """Return the condition that a settlement says `label`, or NOT_AI; none where `label` is empty."""
    if not label:
        return {}
    if label == NOT_AI:
        return {f"{prefix}__{label_field(Label.AI_GEN)}": False}
    return {f"{prefix}__{label_field(label)}": True}
