"""Groups: videos that are the same footage stay on one side of the split.

Same bytes, the same media id, or frames that agree make one group. Content only: an author or a quote chain
would join everybody through one viral clip.
"""

from django.db import transaction
from django.db.models import Q

from labeling.collecting import neighbours, splits
from labeling.collecting.fingerprints import Sighting
from labeling.models import DuplicateGroup, SiteSettings, Split, Variant, Video


@transaction.atomic
def assign_group(video: Video, sighting: Sighting | None = None, *, own_split: str = "") -> DuplicateGroup:
    """Put `video` into the group of its footage, founding one if it is new, and fix its split.

    With a `sighting` of it, footage that looks the same counts too, and the video is found by it from now on.
    Serialised by the split ledger's lock: two workers storing twins at once give one group. A video
    that has a group and is found to share footage with others joins the groups into one. A dataset's
    `own_split` counts for new footage; where the group stands elsewhere, the video is quarantined.
    """
    splits.ledger()
    video.refresh_from_db()
    twins = neighbours.twins(video, sighting) if sighting else []
    groups = _groups_of(video, twins)
    group = groups[0] if groups else splits.found_group(video.key, own_split)
    if video.group_id is None:
        _enter(video, group)
    for other in groups[1:]:
        _join(other, into=group)
    if own_split and group.split != own_split:
        _quarantine_against(group, video, own_split)
    if sighting:
        neighbours.remember(video, sighting.known())
    return group


def _groups_of(video: Video, twins: list[int]) -> list[DuplicateGroup]:
    """Return the groups that hold this footage, the oldest first."""
    hashes = Variant.objects.filter(video=video).exclude(sha256="").values("sha256")
    same = Q(pk__in=[video.pk, *twins]) | Q(variants__sha256__in=hashes)
    if video.media_id:
        same |= Q(media_id=video.media_id)
    members = Video.objects.filter(same, group__isnull=False).values("group")
    return list(DuplicateGroup.objects.filter(pk__in=members).order_by("number"))


def _enter(video: Video, group: DuplicateGroup) -> None:
    """Give `video` its group, its split, and what follows from the split: who may see suggestions."""
    is_blind = group.split == Split.TEST or _falls_blind(group.key)
    Video.objects.filter(pk=video.pk, group=None).update(group=group, split=group.split, is_blind=is_blind)
    video.refresh_from_db()


def _falls_blind(key: str) -> bool:
    share = SiteSettings.current().blind_percent / 100
    return splits.fraction(f"blind:{key}") < share


def _quarantine_against(group: DuplicateGroup, video: Video, own_split: str) -> None:
    """Keep a video out whose dataset puts it elsewhere: what its scores there mean would be lost here."""
    reason = f"Its dataset has it in {own_split}; the same footage is in {group.split} here."
    Video.objects.filter(pk=video.pk, quarantine="").update(quarantine=reason)
    video.refresh_from_db()


def _join(group: DuplicateGroup, *, into: DuplicateGroup) -> None:
    """Move a group's videos into an older one; those on another side of the split are quarantined."""
    moved = Video.objects.filter(group=group)
    if group.split != into.split:
        moved.filter(quarantine="").update(
            quarantine=f"Same footage as {into.key}, which is in {into.split}; this one was in {group.split}."
        )
    moved.update(group=into)
