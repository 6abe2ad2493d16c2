"""A download that a bucket does not take: the job says what is wrong with the bucket, and waits."""

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from labeling import tasks
from labeling.models import Post, Variant, VariantJob
from tests.collecting.standin.x import Standin
from tests.factories import make_job
from tests.s3 import bucket, use
from tests.servers import free_port

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow, pytest.mark.embedded]

UseBucket = Callable[[dict[str, Any]], None]
ELSEWHERE = {"bucket_name": "clips", "access_key": "key", "secret_key": "secret", "region_name": "us-east-1"}


@pytest.fixture(scope="module")
def options(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    with bucket(tmp_path_factory.mktemp("s3") / "data") as options:
        yield options


@pytest.fixture
def use_bucket(settings: Settings) -> UseBucket:
    return lambda options: use(options, settings, settings.VAR_DIR)


@pytest.fixture
def job(standin: Standin, settings: Settings) -> VariantJob:
    """The waiting download of the only variant of a new post."""
    settings.X_PROXY, settings.X_CA_FILE = standin.proxy, standin.ca_file
    post = Post.objects.create(x_id=standin.add_post([standin.add_video([standin.clip()])]))
    tasks.collect_post(make_job(post=post).pk)
    return VariantJob.objects.get()


class Full(BaseHTTPRequestHandler):
    """A server with S3's interface whose disk is full: it knows no file and takes none."""

    def do_HEAD(self) -> None:
        self.send_error(404)

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        body = b"<Error><Code>InsufficientStorage</Code><Message>The disk is full.</Message></Error>"
        self.send_response(507)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def full_endpoint() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Full) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def attempt(job: VariantJob) -> VariantJob:
    tasks.store_variant(job.pk)
    job.refresh_from_db()
    return job


def test_variant_is_stored_in_the_bucket(
    job: VariantJob, use_bucket: UseBucket, options: dict[str, Any]
) -> None:
    use_bucket(options)

    attempt(job)

    assert (job.state, Variant.objects.get().state) == ("done", "stored")


@pytest.mark.parametrize("wrong", [{"secret_key": "another"}, {"access_key": "nobody"}])
def test_bucket_that_refuses_is_the_reason_and_the_download_waits(
    wrong: dict[str, str], job: VariantJob, use_bucket: UseBucket, options: dict[str, Any]
) -> None:
    use_bucket(options | wrong)

    attempt(job)

    assert (job.state, job.failure_kind) == ("queued", "bucket_broken")
    assert "S3_BUCKET and its keys" in job.failure_message
    assert job.next_try_at > timezone.now()


def test_bucket_that_is_away_is_the_reason_and_the_download_waits(
    job: VariantJob, use_bucket: UseBucket
) -> None:
    use_bucket(ELSEWHERE | {"endpoint_url": f"http://127.0.0.1:{free_port()}"})

    attempt(job)

    assert (job.state, job.failure_kind) == ("queued", "bucket_broken")
    assert "Look whether S3_ENDPOINT_URL answers" in job.failure_message


def test_full_bucket_is_the_reason_and_the_download_waits(
    job: VariantJob, use_bucket: UseBucket, full_endpoint: str
) -> None:
    use_bucket(ELSEWHERE | {"endpoint_url": full_endpoint})

    attempt(job)

    assert (job.state, job.failure_kind) == ("queued", "bucket_full")
    assert "Free some space in the bucket" in job.failure_message


def test_download_goes_on_once_the_bucket_is_back(
    job: VariantJob, use_bucket: UseBucket, options: dict[str, Any], settings: Settings
) -> None:
    use_bucket(options | {"secret_key": "another"})
    attempt(job)
    use_bucket(options)
    VariantJob.objects.update(next_try_at=timezone.now())

    attempt(job)

    assert (job.state, job.failure_kind, Variant.objects.get().state) == ("done", "", "stored")


def test_refused_download_leaves_no_temporary_file(
    job: VariantJob, use_bucket: UseBucket, full_endpoint: str, settings: Settings
) -> None:
    use_bucket(ELSEWHERE | {"endpoint_url": full_endpoint})

    attempt(job)

    assert list(Path(settings.MEDIA_ROOT, "incoming").iterdir()) == []
