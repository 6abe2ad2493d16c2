"""A bucket that does not answer: what asks it for a batch says so in one error, and what to do."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from botocore.config import Config
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import Settings

from labeling.models import ApiToken
from labeling.storage import BucketError
from tests.factories import make_settlement, make_user
from tests.files import make_filed_video
from tests.s3 import use
from tests.servers import free_port
from training import export
from training.batches.manifest import read_manifest
from training.batches.presence import Presence
from training.models import TrainingBatch

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

AWAY = r"The storage cannot be read: bucket clips: Could not connect .*, then try again\."


@pytest.fixture
def batch() -> TrainingBatch:
    make_settlement(make_filed_video(b"one"))
    return export.export_batch()


@pytest.fixture
def go_away(settings: Settings, tmp_path: Path) -> Callable[[], None]:
    """Let the storage be a bucket where nobody listens."""

    def go() -> None:
        options = {
            "bucket_name": "clips",
            "endpoint_url": f"http://127.0.0.1:{free_port()}",
            "access_key": "access",
            "secret_key": "secret",
            "region_name": "us-east-1",
            "client_config": Config(retries={"total_max_attempts": 1}),
        }
        use(options, settings, tmp_path / "var")

    return go


def test_verifying_says_that_the_bucket_is_away(batch: TrainingBatch, go_away: Callable[[], None]) -> None:
    go_away()

    with pytest.raises(CommandError, match=rf"^{AWAY}$"):
        call_command("verify_batch", batch.slug)


def test_fetching_says_that_the_bucket_is_away(
    batch: TrainingBatch, go_away: Callable[[], None], tmp_path: Path
) -> None:
    go_away()

    with pytest.raises(CommandError, match=rf"^{AWAY}$"):
        call_command("fetch_batch", batch.slug, into=tmp_path / "into")


def test_fetching_by_a_file_says_that_the_list_in_the_bucket_is_away(
    batch: TrainingBatch, go_away: Callable[[], None], tmp_path: Path
) -> None:
    manifest = default_storage.path(batch.manifest_name)
    go_away()

    with pytest.raises(CommandError, match=rf"^{AWAY}$"):
        call_command("fetch_batch", manifest=manifest, into=tmp_path / "into")


def test_proof_is_put_off_while_the_bucket_is_away(
    batch: TrainingBatch, go_away: Callable[[], None], capsys: pytest.CaptureFixture[str]
) -> None:
    go_away()

    with pytest.raises(CommandError, match=r"Not proven: v5\.0"):
        call_command("check_splits")

    assert "because: The storage cannot be read: bucket clips: " in capsys.readouterr().out


def test_training_says_that_the_bucket_is_away(batch: TrainingBatch, go_away: Callable[[], None]) -> None:
    go_away()

    with pytest.raises(CommandError, match=AWAY):
        call_command("train_batch", batch.slug, preset="tiny", steps=2)


def test_files_of_rows_are_not_called_missing_while_the_bucket_is_away(
    batch: TrainingBatch, go_away: Callable[[], None]
) -> None:
    rows = read_manifest(default_storage.path(batch.manifest_name)).rows
    presence = Presence()
    go_away()

    with pytest.raises(BucketError, match="Could not connect"):
        list(presence.checked(rows))

    assert presence.problems == []


@pytest.mark.parametrize("name", ["manifest/", "clips.csv", "croissant.json"])
def test_page_of_a_file_says_that_the_bucket_is_away(
    batch: TrainingBatch, go_away: Callable[[], None], client: Client, name: str
) -> None:
    client.force_login(make_user(role="admin"))
    go_away()

    response = client.get(f"/batches/v5.0/{name}")

    assert response.status_code == 503
    assert response.text.startswith("The storage cannot be read: bucket clips: ")


def test_api_says_that_the_bucket_is_away(
    batch: TrainingBatch, go_away: Callable[[], None], client: Client
) -> None:
    token = ApiToken.objects.issue(make_user(role="admin"))
    go_away()

    response = client.get("/api/batches/v5.0/manifest", headers={"Authorization": f"Bearer {token}"})

    assert response.status_code == 503
    assert json.loads(response.content)["detail"].startswith("The storage cannot be read: bucket clips: ")
