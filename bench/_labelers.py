"""Labelers who talk HTTP, and the tables they work on."""

import json
import time
import uuid
from http.client import HTTPConnection
from typing import Any

from bench.posts import copy

FIRST = 1_000_000
"""Keys of the copied rows begin behind those of the row they are copied from."""

KEPT_SECONDS = 1.5
"""gunicorn closes a connection that is idle for 2 s; opening another counts as part of the request."""

NO = {"labels": {"AI_GEN": False}, "evidence": [], "note": "", "seconds": 3.0}


class Labeler:
    """One person at their own connection. Latencies are kept in milliseconds."""

    def __init__(self, token: str, address: tuple[str, int], *, resends: int = 0) -> None:
        self.connection = HTTPConnection(*address, timeout=60)
        self.headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self.resends = resends
        self.last_used = 0.0
        self.claim_ms: list[float] = []
        self.answer_ms: list[float] = []
        self.taken: list[tuple[int, int]] = []
        """(video, annotation) of each answer that the server took."""

    def work(self, *, until: float, think: float, first_pause: float) -> None:
        time.sleep(first_pause)
        while time.perf_counter() < until:
            claimed = self.claim()
            time.sleep(think)
            self.answer(claimed)

    def answer_so_many(self, count: int) -> None:
        for _ in range(count):
            self.answer(self.claim())

    def claim(self) -> dict[str, Any]:
        status, body, taken = self._post("/api/queue/claim", {}, {})
        if status != 200:
            raise SystemExit(f"claim: {status} {body}")
        self.claim_ms.append(taken)
        return body

    def answer(self, claimed: dict[str, Any]) -> None:
        path = f"/api/videos/{claimed['video']['id']}/annotations"
        once = {"Idempotency-Key": str(uuid.uuid4())}
        status, body, taken = self._post(path, NO | {"claim": claimed["claim"]}, once)
        if status != 201:
            raise SystemExit(f"answer: {status} {body}")
        self.answer_ms.append(taken)
        self.taken.append((claimed["video"]["id"], body["id"]))
        if self.resends and len(self.taken) % self.resends == 0:
            again = self._post(path, NO | {"claim": claimed["claim"]}, once)
            if again[:2] != (status, body):
                raise SystemExit(f"sent again: {again}")

    def _post(
        self, path: str, body: dict[str, Any], headers: dict[str, str]
    ) -> tuple[int, dict[str, Any], float]:
        begin = time.perf_counter()
        if begin - self.last_used > KEPT_SECONDS:
            self.connection.close()
        self.connection.request("POST", path, json.dumps(body), self.headers | headers)
        response = self.connection.getresponse()
        said = response.read()
        self.last_used = time.perf_counter()
        taken = (self.last_used - begin) * 1000
        return response.status, json.loads(said or b"{}"), taken


def percentile(values: list[float], share: int) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) * share // 100, len(ordered) - 1)]


def tokens(count: int) -> list[str]:
    from django.contrib.auth.models import Group, User

    from labeling.models import ApiToken

    group = Group.objects.get(name="labeler")
    people = User.objects.bulk_create(User(username=f"labeler-{n}") for n in range(count))
    group.user_set.add(*people)
    return [ApiToken.objects.issue(user) for user in people]


def fill(size: int) -> None:
    """Copy the one video with all that belongs to it until there are `size`; a tenth of them are blind."""
    from django.db import connection

    from labeling.models import DuplicateGroup, Post, Slot, Variant, Video

    if not Video.objects.exists():
        _template()
    made = Video.objects.count() - 1
    count, key = size - made, f"({FIRST + made} + i)"
    stable = f"({FIRST + made} + i) || '/0'"
    at_random = "abs(hashint4(i::int)) / 2147483648.0"
    copy(
        Post, count, {"id": key, "x_id": f"({FIRST + made} + i)::text", "author_handle": "'maker' || i % 997"}
    )
    copy(DuplicateGroup, count, {"id": key, "key": stable, "number": key})
    copy(Video, count, {
        "id": key, "post_id": key, "group_id": key, "key": stable, "media_id": stable,
        "priority": at_random, "is_blind": "i % 10 = 0",
    })  # fmt: skip
    copy(Variant, count, {
        "id": key, "video_id": key, "url": "'https://' || i", "sha256": f"md5({key}::text) || md5(i::text)",
    })  # fmt: skip
    copy(Slot, count, {"id": key, "video_id": key, "priority": at_random, "state": "'free'"})
    _predict(count, key)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def _template() -> None:
    from django.utils import timezone

    from cakelens.labels import V5_LABELS
    from inference.models import ModelVersion, Prediction
    from labeling.models import DuplicateGroup, Post, Slot, Variant, Video

    now = timezone.now()
    text = "A short film about a cake, made with Veo 3 in ten minutes"
    post = Post.objects.create(x_id="0", author_handle="a", text=text, collected_at=now, posted_at=now)
    group = DuplicateGroup.objects.create(key="0/0", number=0, split="train")
    video = Video.objects.create(
        post=post, key="0/0", group=group, split="train", ready_at=now, fingerprint=b"0123456789abcdef" * 8
    )
    sizes = {"width": 1280, "height": 720, "num_bytes": 10**6, "num_frames": 250}
    variant = Variant.objects.create(
        video=video, url="https://0", state="stored", sha256="0" * 64, name="videos/0.mp4", **sizes
    )
    Slot.objects.create(video=video, state="out")
    model = ModelVersion.objects.create(
        slug="bench", architecture="tiny", weights_name="w", weights_sha256="0" * 64, is_trained=True,
        is_current=True,
    )  # fmt: skip
    Prediction.objects.create(
        video=video, model=model, variant=variant, mode="sampled", ai_gen=0.87, num_framesets=8, seconds=0.5,
        probabilities={str(label): 0.13 for label in V5_LABELS} | {"AI_GEN": 0.87},
        standard_errors={str(label): 0.02 for label in V5_LABELS}, device="cpu", is_served=True,
    )  # fmt: skip


def _predict(count: int, key: str) -> None:
    from inference.models import Prediction

    changed = {"id": key, "video_id": key, "variant_id": key, "ai_gen": "(i % 100) / 100.0"}
    copy(Prediction, count, changed)


def check(taken: list[tuple[int, int]]) -> str:
    """Compare what the server said it took with what the tables hold; say it, or end with what is wrong."""
    from django.db.models import Count

    from labeling.models import Annotation, Slot, Video

    keys = [key for _, key in taken]
    videos = [video for video, _ in taken]
    twice = Annotation.objects.values("video").annotate(n=Count("pk")).filter(n__gt=1).count()
    wrong = {
        "answers given twice the same number": len(keys) - len(set(keys)),
        "videos handed out twice": len(videos) - len(set(videos)),
        "answers lost": len(keys) - Annotation.objects.filter(pk__in=keys).count(),
        "videos answered twice": twice,
        "answers that settled nothing": Video.objects.filter(pk__in=videos, settlement=None).count(),
        "slots not closed": Slot.objects.filter(video__in=videos).exclude(state="done").count(),
        "rows beyond the answers": Annotation.objects.count() - Video.objects.filter(
            annotations__isnull=False
        ).count(),
    }  # fmt: skip
    if any(wrong.values()):
        raise SystemExit(f"wrong: {wrong}")
    return "no video handed out or answered twice, no answer lost or doubled"
