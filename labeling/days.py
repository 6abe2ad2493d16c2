"""Days of the site, whoever reads: what is counted by them must not hang on the zone a browser names."""

from datetime import date, datetime, time

from django.utils import timezone


def site_day(moment: datetime) -> date:
    return timezone.localdate(moment, timezone.get_default_timezone())


def site_midnight(day: date) -> datetime:
    """Return when a day begins for the site: what is counted by such days is found by them."""
    return timezone.make_aware(datetime.combine(day, time.min), timezone.get_default_timezone())
