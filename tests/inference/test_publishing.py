"""Publishing a model on a loopback stand-in for the Hub, by the Hub's own client."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from django.core.management import CommandError, call_command
from huggingface_hub import constants

from bench._sides import write_weights
from cakelens.detect import Detector
from cakelens.weights import load_from_hub, load_model
from inference import registry, runner
from inference.models import ModelVersion
from labeling import storage
from tests.inference.hub import TOKEN, Hub, running

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:Use 'content=<...>':DeprecationWarning"),  # the Hub's client's own
]
REPO = "lab/detector"


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """An empty Hub that the Hub's client talks to, with a token and a cache of its own."""
    with running() as hub:
        monkeypatch.setattr(constants, "ENDPOINT", hub.url)
        monkeypatch.setattr(
            constants, "HUGGINGFACE_CO_URL_TEMPLATE", hub.url + "/{repo_id}/resolve/{revision}/{filename}"
        )
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
        monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)  # its store speaks no HTTP we could answer
        monkeypatch.setenv("HF_TOKEN", TOKEN)
        yield hub


def test_without_yes_nothing_is_uploaded(
    tiny: ModelVersion, hub: Hub, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("publish_model", tiny.slug, repo=REPO)

    printed = capsys.readouterr().out
    assert "# tiny-1" in printed
    assert "Nothing was uploaded." in printed
    assert hub.repos == {}


def test_published_model_is_what_was_registered(tiny: ModelVersion, hub: Hub) -> None:
    call_command("publish_model", tiny.slug, repo=REPO, yes=True)

    files = hub.repos[REPO]
    assert set(files) == {"README.md", "config.json", "metrics.json", "model.safetensors"}
    assert files["model.safetensors"] == storage.local_copy(tiny.weights_name).read_bytes()
    assert tiny.weights_sha256 in files["README.md"].decode()
    assert hub.commits == ["Publish tiny-1"]


def test_detector_loads_what_was_published(tiny: ModelVersion, hub: Hub) -> None:
    call_command("publish_model", tiny.slug, repo=REPO, yes=True)

    detector = Detector(load_from_hub(REPO), device="cpu")

    expected = load_model(storage.local_copy(tiny.weights_name))
    assert detector.model.config == expected.config
    assert torch.equal(detector.model.stem_conv.weight, expected.stem_conv.weight)


def test_published_model_is_taken_in_by_add_model(tiny: ModelVersion, hub: Hub) -> None:
    call_command("publish_model", tiny.slug, repo=REPO, yes=True)

    call_command("add_model", "from-the-hub", hub=REPO)

    assert ModelVersion.objects.get(slug="from-the-hub").weights_sha256 == tiny.weights_sha256


@pytest.mark.nightly  # a .pth is a v5 by its kind, and that is a gigabyte
def test_a_pickle_is_published_as_safetensors(hub: Hub, tmp_path: Path) -> None:
    path = write_weights(tmp_path / "old.pth")
    model = registry.register("old", path, runner.describe(path), registry.Origin())

    call_command("publish_model", model.slug, repo=REPO, yes=True)

    assert set(hub.repos[REPO]) == {"README.md", "config.json", "metrics.json", "model.safetensors"}


def test_private_makes_a_private_repository(tiny: ModelVersion, hub: Hub) -> None:
    call_command("publish_model", tiny.slug, repo=REPO, yes=True, private=True)

    assert hub.private == {REPO}


def test_a_refused_token_is_told_with_the_remedy(
    tiny: ModelVersion, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_of-a-stranger")

    with pytest.raises(CommandError, match=r"refused to write to lab/detector \(401\).*HF_TOKEN"):
        call_command("publish_model", tiny.slug, repo=REPO, yes=True)


def test_a_failed_upload_shows_nothing(tiny: ModelVersion, hub: Hub) -> None:
    hub.refuses_uploads = True

    with pytest.raises(CommandError, match="lab/detector could not be published"):
        call_command("publish_model", tiny.slug, repo=REPO, yes=True)

    assert hub.repos == {REPO: {}}


@pytest.mark.parametrize(
    ("slug", "repo", "reason"),
    [
        ("tiny-9", REPO, r"There is no model tiny-9\. Known models: tiny-1\."),
        ("tiny-1", "detector", "does not name a repository; give it as USER/NAME"),
    ],
)
def test_what_cannot_be_published_is_told(tiny: ModelVersion, slug: str, repo: str, reason: str) -> None:
    with pytest.raises(CommandError, match=reason):
        call_command("publish_model", slug, repo=repo)


def test_an_untrained_model_is_not_published(tiny: ModelVersion) -> None:
    ModelVersion.objects.filter(pk=tiny.pk).update(is_current=False, is_trained=False)

    with pytest.raises(CommandError, match="untrained: its scores would be noise"):
        call_command("publish_model", tiny.slug, repo=REPO)


def test_weights_that_are_gone_are_told(tiny: ModelVersion) -> None:
    storage.local_copy(tiny.weights_name).unlink()

    with pytest.raises(CommandError, match="The weights of tiny-1 are gone from the storage"):
        call_command("publish_model", tiny.slug, repo=REPO)
