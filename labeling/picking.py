"""Which slot a person gets next.

In this order: what goes with the video they took last (its footage, its post); by the site's share, a gold
video; what they kept for later and is due; the best free slot; then what they kept and is not due, and what
others kept for too long. Each is taken by one UPDATE: two people never get one slot.
"""

import random
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import Exists, Max, OuterRef, Q
from django.utils import timezone

from labeling.composed import Given, Select
from labeling.locks import lock
from labeling.models import Annotation, GoldAnswer, Preferences, SiteSettings, Slot, SlotState, Video

LEASE = timedelta(minutes=15)
COMES_BACK_AFTER = timedelta(hours=1)
"""What somebody skipped "to me, later" is due again after this, or when nothing else is left for them."""
KEPT_FOR = timedelta(days=7)
"""Then it is anybody's: a video does not wait for who left."""
# Of the last ten videos: who goes on with the post of one finds its footage, too. A test video comes along
# with another test video only: what the model ranked must not choose it. Found are those left to this person,
# not the first by number: a footage of any size comes to its end. By hand, for every claim asks it: two
# statements and a millisecond of composing them less.
SIBLINGS = """
WITH last AS (
  SELECT video.post_id, video.group_id, video.split
  FROM labeling_slot slot JOIN labeling_video video ON video.id = slot.video_id
  WHERE slot.labeler_id = %s AND slot.claimed_at IS NOT NULL AND NOT slot.is_gold
  ORDER BY slot.claimed_at DESC LIMIT 10
)
SELECT DISTINCT video.id FROM labeling_video video, last
WHERE (video.post_id = last.post_id OR video.group_id = last.group_id)
  AND (video.split <> 'test' OR last.split = 'test')
  AND EXISTS (
    SELECT 1 FROM labeling_slot slot
    WHERE slot.video_id = video.id AND slot.state IN ('free', 'held') AND NOT slot.is_gold
  )
  AND NOT EXISTS (
    SELECT 1 FROM labeling_slot mine
    WHERE mine.video_id = video.id AND mine.labeler_id = %s AND mine.state IN ('held', 'done', 'kept')
  )
ORDER BY video.id LIMIT 50
"""

# `=`, not `IN`: a plan may run the subquery of an IN once per row, and lock and take more than one.
# Whether its video is asked for still is looked up for an expired lease only, as in `SlotQuerySet.free`.
TAKE_BEST = """
UPDATE labeling_slot
SET state = 'held', labeler_id = %s, claim = %s, claimed_at = %s, lease_until = %s, due_at = NULL,
  shown_model = ''
WHERE id = (
  SELECT slot.id FROM labeling_slot slot
  WHERE (slot.state = 'free' OR (slot.state = 'held' AND slot.lease_until < %s AND slot.video_id = (
      SELECT id FROM labeling_video WHERE id = slot.video_id AND settlement_id IS NULL AND NOT is_withdrawn
    ))) AND NOT slot.is_gold
    AND NOT EXISTS (
      SELECT 1 FROM labeling_slot mine
      WHERE mine.video_id = slot.video_id AND mine.labeler_id = %s AND mine.state IN ('held', 'done', 'kept')
        AND mine.id <> slot.id
    )
  ORDER BY slot.priority DESC, slot.id LIMIT 1 {skip_locked}
) AND (state = 'free' OR (state = 'held' AND lease_until < %s))
"""


def _site() -> Any:
    hides = Preferences.objects.filter(user=Given(Preferences, "user"), shows_sensitive=False)
    return SiteSettings.objects.filter(pk=1).annotate(hides_sensitive=Exists(hides))


def _mine() -> Any:
    is_held = Q(state=SlotState.HELD, lease_until__gte=Given(Slot, "lease_until"))
    is_kept = Q(state=SlotState.KEPT, is_gold=False)
    return Slot.objects.filter(is_held | is_kept, labeler=Given(Slot, "labeler")).only("state")


def _site_for(user: Any) -> Any:
    """Return the site's settings, with whether `user` wants no sensitive posts as `hides_sensitive`."""
    if (site := SITE.first(user=user.pk)) is None:
        SiteSettings.current()  # makes the row
        site = SITE.first(user=user.pk)
    return site


SITE: Select[Any] = Select(_site)
MINE: Select[Slot] = Select(_mine)

_chance = random.SystemRandom()  # gold by turns would show which videos are gold


@dataclass(frozen=True, slots=True)
class Search:
    """One person's search for slots."""

    user: Any
    now: datetime
    site: SiteSettings
    takes_sensitive: bool
    num_held: int
    num_kept: int

    @classmethod
    def by(cls, user: Any) -> "Search":
        now = timezone.now()
        site = _site_for(user)
        states = [slot.state for slot in MINE(labeler=user.pk, lease_until=now)]
        held, kept = states.count(SlotState.HELD), states.count(SlotState.KEPT)
        return cls(user, now, site, not site.hides_sensitive, held, kept)

    def take_next(self) -> bool:
        """Let this person hold one more slot; False if there is none for them."""
        ways = [self.take_sibling, self.take_gold, self.take_best, self.take_forgotten]
        if self.num_kept:
            ways[2:3] = [self.take_due, self.take_best, self.take_kept]
        try:
            return any(way() for way in ways)
        except IntegrityError:
            # Another window of theirs took another slot of the same video meanwhile: they hold that one.
            return True

    def take_sibling(self) -> int:
        """Take a slot of a footage or of a post that this person saw lately."""
        if not (videos := self._siblings()):
            return 0
        free = Slot.objects.free(self.now).filter(video__in=videos)
        return self._take(free.order_by("pk"), Slot.objects.free(self.now))

    def take_gold(self) -> int:
        """Take, by the site's share, a gold video that this person has not seen."""
        if _chance.random() * 100 >= self.site.gold_percent:
            return 0
        mine = Slot.objects.filter(labeler=self.user, is_gold=True, state=SlotState.HELD)
        left_lying = mine.order_by("pk").values("pk")[:1]
        return mine.filter(pk=left_lying).update(lease_until=self.now + LEASE) or self._take_new_gold()

    def take_due(self) -> int:
        kept = self._kept.filter(labeler=self.user, due_at__lte=self.now)
        return self._take(kept.order_by("due_at"), self._kept)

    def take_best(self) -> int:
        if self.takes_sensitive:
            return self._take_best_at_once()
        free = Slot.objects.free(self.now)
        return self._take(free.order_by("-priority", "pk"), free)

    def _take_best_at_once(self) -> int:
        """Take what `take_best` would, by a statement that need not be composed anew for each claim."""
        held = lease(self.user)
        claim, now, until = (_as_stored(name, held[name]) for name in ("claim", "claimed_at", "lease_until"))
        expired, me = _as_stored("lease_until", self.now), self.user.pk
        can_skip = connection.features.has_select_for_update_skip_locked
        sql = TAKE_BEST.format(skip_locked="FOR UPDATE SKIP LOCKED" if can_skip else "")
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql, [me, claim, now, until, expired, me, expired])
            return int(cursor.rowcount)

    def take_kept(self) -> int:
        return self._take(self._kept.filter(labeler=self.user).order_by("due_at"), self._kept)

    def take_forgotten(self) -> int:
        """Take what somebody kept for later and did not come back for."""
        forgotten = self._kept.filter(lease_until__lt=self.now).order_by("lease_until")
        return self._take(forgotten, self._kept)

    def open(self, slots: Any) -> Any:
        """Return those of `slots` that this person may take: not answered, not what they hide."""
        slots = slots.open_to(self.user)
        return slots if self.takes_sensitive else slots.filter(video__post__is_sensitive=False)

    @property
    def _kept(self) -> Any:
        return Slot.objects.filter(state=SlotState.KEPT, is_gold=False)

    def _siblings(self) -> list[int]:
        """Return videos of the footages and of the posts that this person took last, which are left to them.

        Read before the slots: with a subquery PostgreSQL may walk the whole queue in its order of priority.
        """
        with connection.cursor() as cursor:
            cursor.execute(SIBLINGS, [self.user.pk, self.user.pk])
            return [pk for (pk,) in cursor.fetchall()]

    @transaction.atomic
    def _take_new_gold(self) -> int:
        seen = Annotation.objects.filter(video=OuterRef("video"), labeler=self.user)
        has_slot = Slot.objects.filter(video=OuterRef("video"), labeler=self.user)
        gold = (
            GoldAnswer.objects.in_use().filter(~Exists(seen), ~Exists(has_slot)).exclude(added_by=self.user)
        )
        if not self.takes_sensitive:
            gold = gold.filter(video__post__is_sensitive=False)
        ready = gold.filter(video__ready_at__isnull=False, video__is_withdrawn=False)
        chosen = ready.select_related("video").order_by("?").first()
        if chosen is None:
            return 0
        new_slot(chosen.video, is_gold=True, **lease(self.user))
        return 1

    @transaction.atomic
    def _take(self, slots: Any, still: Any) -> int:
        """Hold the first of `slots` open to this person, if it is `still` as it was; 0 if there is none."""
        first = self.open(slots)
        if connection.features.has_select_for_update_skip_locked:
            first = first.select_for_update(skip_locked=True, of=("self",))
        # `=`, not `IN`: a plan may run the subquery of an IN once per row, and lock and take more than one.
        return int(still.filter(pk=first.values("pk")[:1]).update(**lease(self.user)))


def _as_stored(column: str, value: Any) -> Any:
    """Return a value as this database keeps it in a column of slots."""
    field: Any = Slot._meta.get_field(column)
    return field.get_db_prep_save(value, connection)


def lease(user: Any) -> dict[str, Any]:
    """Return the columns of a slot that `user` holds from now on."""
    now = timezone.now()
    return {
        "state": SlotState.HELD,
        "labeler": user,
        "claim": uuid.uuid4(),
        "claimed_at": now,
        "lease_until": now + LEASE,
        "due_at": None,
        "shown_model": "",
    }


@transaction.atomic
def new_slot(video: Video, **fields: Any) -> Slot:
    """Let `video` be labeled once more."""
    lock(video)
    n = Slot.objects.filter(video=video).aggregate(last=Max("n"))["last"] or 0
    slot: Slot = Slot.objects.create(**{"video": video, "n": n + 1, "priority": video.priority} | fields)
    return slot
