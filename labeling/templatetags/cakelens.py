"""What every page's template may use."""

from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from django import template
from django.template.defaultfilters import date
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.formats import get_format
from django.utils.html import format_html
from django.utils.timesince import timesince

from labeling import storage

register = template.Library()


class NavItem(NamedTuple):
    title: str
    url: str
    is_current: bool


# Title, URL name, and the permission without which the page would only say no.
PAGES = (
    ("Label", "labeling:label", "labeling.label_video"),
    ("Posts", "labeling:post-list", ""),
    ("Videos", "labeling:video-list", ""),
    ("Review", "labeling:review", "labeling.review_video"),
    ("Batches", "training:batch-list", ""),
    ("Models", "inference:model-list", ""),
    ("Team", "labeling:team", "labeling.label_video"),
)
BESIDE = {"labeling:post-list": "labeling:collect"}
"""Pages that belong to one of these, though their address does not say so."""


@register.simple_tag(takes_context=True)
def nav_items(context: template.Context) -> list[NavItem]:
    """Return the pages that this person may open, and that exist."""
    request = context["request"]
    items = []
    for title, name, permission in PAGES:
        url = _url(name)
        if url and (not permission or request.user.has_perm(permission)):
            under = tuple(filter(None, (url, _url(BESIDE.get(name, "")))))
            items.append(NavItem(title, url, request.path.startswith(under)))
    return items


def _url(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


@register.simple_tag
def ago(moment: datetime | None) -> str:
    """Say when: relative within a day, else the date; the exact time on hover."""
    if moment is None:
        return ""
    local = timezone.localtime(moment)
    exact = f"{date(local, 'DATETIME_FORMAT')} {date(local, 'T')}"
    return format_html('<time datetime="{}" title="{}">{}</time>', local.isoformat(), exact, _spoken(local))


def _spoken(moment: datetime) -> str:
    # In UTC: in the night the clocks change, local times lie an hour too near or too far from each other.
    now = timezone.now()
    if now - timedelta(minutes=1) <= moment <= now:
        return "just now"
    if now - timedelta(days=1) <= moment <= now:
        return f"{timesince(moment.astimezone(UTC), now, depth=1)} ago"
    is_this_year = moment.year == timezone.localtime(now).year
    return str(date(moment, "MONTH_DAY_FORMAT" if is_this_year else "DATE_FORMAT"))


@register.filter
def clock(seconds: float | None) -> str:
    """Write a time in a clip as 01:02.3."""
    if seconds is None:
        return ""
    minutes, rest = divmod(round(seconds, 1), 60)
    return f"{int(minutes):02}:{rest:04.1f}"


@register.filter
def percent(share: float | None) -> str:
    """Write a share of one as 87%."""
    return "" if share is None else f"{share:.0%}"


@register.simple_tag
def intl_locale() -> str:
    """Return what scripts name to Intl, so that they write numbers as the page does."""
    return str(get_format("INTL_LOCALE"))


@register.filter
def lookup(mapping: dict[Any, Any], key: Any) -> Any:
    return mapping.get(key)


@register.simple_tag
def file_url(name: str) -> str:
    """Return where the browser gets a stored file from."""
    return storage.file_url(name)
