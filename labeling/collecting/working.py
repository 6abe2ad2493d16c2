"""Waiting for collected posts, and working the queue where no worker does (the embedded default)."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Event
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone

from jobs.models import LeasedJob
from labeling import tasks
from labeling.models import CollectJob, Post, VariantJob

THREADS = 4
POLL_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a number of posts are."""

    num_jobs: int
    num_finished: int

    @property
    def is_done(self) -> bool:
        return self.num_finished == self.num_jobs


def wait_for(posts: list[Post], stopping: Event) -> Iterator[Progress]:
    """Yield the progress of `posts` until nothing is left to do, or until told to stop.

    A job that waits for its next try is not waited for longer than X's pause: the caller may stop.
    """
    pool = ThreadPoolExecutor(THREADS) if settings.IS_EMBEDDED else None
    try:
        while not stopping.is_set():
            if pool:
                _work(posts, pool)
            progress = _progress(posts)
            yield progress
            if progress.is_done:
                return
            stopping.wait(POLL_SECONDS)
    finally:
        if pool:
            pool.shutdown(cancel_futures=True)


def _jobs_of(posts: list[Post]) -> list[Any]:
    """Return the query sets of the posts' jobs: those that ask X, and those that download."""
    return [
        CollectJob.objects.filter(post__in=posts),
        VariantJob.objects.filter(variant__video__post__in=posts),
    ]


def _progress(posts: list[Post]) -> Progress:
    jobs = _jobs_of(posts)
    unfinished = sum(some.unfinished().count() for some in jobs)
    total = sum(some.count() for some in jobs)
    return Progress(total, total - unfinished)


def _work(posts: list[Post], pool: ThreadPoolExecutor) -> None:
    for some in _jobs_of(posts):
        due = list(some.due(timezone.now()).values_list("pk", flat=True))
        list(pool.map(lambda pk, model=some.model: _run(model, pk), due))


def _run(model: type[LeasedJob], pk: int) -> None:
    task = tasks.collect_post if model is CollectJob else tasks.store_variant
    try:
        task(pk)
    finally:
        connection.close()
