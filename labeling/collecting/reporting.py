"""What became of a link, as `manage.py collect` tells it."""

from dataclasses import dataclass, field
from typing import Any

from labeling.collecting.adding import AddedLink
from labeling.models import Post, VariantState


@dataclass(frozen=True, slots=True)
class Report:
    """One link: its post's videos and variants, or why there are none."""

    url: str
    x_id: str
    state: str
    failure: str
    videos: list[dict[str, Any]] = field(default_factory=list)

    @property
    def num_stored(self) -> int:
        return sum(v["state"] == VariantState.STORED for video in self.videos for v in video["variants"])

    @property
    def is_stored(self) -> bool:
        return not self.failure and self.num_stored > 0

    def to_dict(self) -> dict[str, Any]:
        return {
            "url": self.url,
            "x_id": self.x_id,
            "state": self.state,
            "failure": self.failure,
            "videos": self.videos,
        }


def report(link: AddedLink) -> Report:
    """Look up what the database says of a link's post now."""
    if link.post is None:
        return Report(link.line, "", "refused", link.error)
    post = Post.objects.select_related("job").get(pk=link.post.pk)
    job = getattr(post, "job", None)
    return Report(
        url=post.url or link.line,
        x_id=post.x_id,
        state=job.state if job else "done",
        failure=post.failure_message or (job.failure_message if job and job.state != "done" else ""),
        videos=[
            {
                "media_id": video.media_id,
                "variants": [
                    {
                        "url": variant.url,
                        "width": variant.width or variant.declared_width,
                        "height": variant.height or variant.declared_height,
                        "sha256": variant.sha256,
                        "bytes": variant.num_bytes,
                        "state": variant.state,
                    }
                    for variant in video.variants.order_by("pk")
                ],
            }
            for video in post.videos.order_by("index")
        ],
    )
