"""What was taken back stays out: nothing more is stored of it, by whatever way it comes."""

from collections.abc import Iterable

from labeling.collecting import splits
from labeling.collecting.errors import Withdrawn
from labeling.models import Post, Video


def refuse(video: Video) -> None:
    """Raise `Withdrawn` if a video is taken back by now. It may be right after: see `is_in`."""
    if Video.objects.filter(pk=video.pk, is_withdrawn=True).exists():
        raise withdrawn(video)


def is_in(video: Video) -> bool:
    """Tell whether a video is not taken back; until the transaction ends it is not, then.

    The ledger's lock comes first, as wherever a video gets its group; then the one that withdrawing takes.
    """
    splits.ledger()
    return not Video.objects.select_for_update().only("is_withdrawn").get(pk=video.pk).is_withdrawn


def lock_post(post: Post) -> None:
    """Lock the videos of a post until the transaction ends.

    Raises:
        Withdrawn: All it has were taken back, so that its words may be purged, too.
    """
    videos = Video.objects.select_for_update().filter(post=post).order_by("pk")
    states = list(videos.values_list("is_withdrawn", flat=True))
    if states and all(states):
        raise Withdrawn(f"Post {post.x_id} was withdrawn.")


def of_bytes(sha256s: Iterable[str]) -> Video | None:
    """Return a video that was taken back and had a file of these bytes, purged or not."""
    return Video.objects.filter(is_withdrawn=True, variants__sha256__in=list(sha256s)).first()


def withdrawn(video: Video, *, name: str = "") -> Withdrawn:
    """Return the error; `name`: under which it comes again."""
    return Withdrawn(f"{name} was withdrawn here as {video.key}." if name else f"{video.key} was withdrawn.")
