"""Put a model version on the Hugging Face Hub: weights, config, metrics and a card, in one commit."""

import json
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from inference.model_card import Card, markdown
from inference.models import ModelVersion
from labeling import storage

WEIGHTS_FILE = "model.safetensors"  # what `cakelens.weights.load_from_hub` asks for
_REPO = re.compile(r"[\w.-]{1,96}/[\w.-]{1,96}")


class PublishError(Exception):
    """A model cannot be published; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Publication:
    """A folder that holds what the repository is to hold."""

    model: ModelVersion
    repo: str
    folder: Path

    @property
    def files(self) -> list[Path]:
        return sorted(self.folder.iterdir())

    @property
    def card(self) -> str:
        return (self.folder / "README.md").read_text()


@contextmanager
def prepared(slug: str, repo: str) -> Iterator[Publication]:
    """Lay out in a temporary folder what publishing `slug` would upload; nothing leaves this machine.

    Raises:
        PublishError: No such model, it is untrained, its weights are gone, or `repo` names no repository.
    """
    if not _REPO.fullmatch(repo):
        raise PublishError(f"{repo!r} does not name a repository; give it as USER/NAME.")
    model = _trained(slug)
    with tempfile.TemporaryDirectory(prefix="publish-", dir=storage.temporary_folder()) as name:
        publication = Publication(model, repo, Path(name))
        _write(publication)
        yield publication


def upload(publication: Publication, *, is_private: bool = False) -> str:
    """Make the repository if need be and commit the folder to it; give the commit's address.

    Files go up before the commit that shows them, so a broken upload changes nothing and can be repeated.

    Raises:
        PublishError: The Hub refused, or cannot be reached.
    """
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError

    api = HfApi()  # the token is HF_TOKEN, or that of `hf auth login`
    try:
        api.create_repo(publication.repo, private=is_private, exist_ok=True)
        commit = api.upload_folder(
            repo_id=publication.repo,
            folder_path=publication.folder,
            commit_message=f"Publish {publication.model.slug}",
        )
    except (HfHubHTTPError, OSError, ValueError, RuntimeError) as exc:  # the client wraps what broke
        raise PublishError(_refusal(publication.repo, exc)) from exc
    return str(commit.commit_url)


def _trained(slug: str) -> ModelVersion:
    model: ModelVersion | None = ModelVersion.objects.filter(slug=slug).first()
    if model is None:
        known = ", ".join(ModelVersion.objects.values_list("slug", flat=True)[:5]) or "none yet"
        raise PublishError(f"There is no model {slug}. Known models: {known}.")
    if not model.is_trained:
        raise PublishError(f"Model {slug} is untrained: its scores would be noise. Train it first.")
    return model


def _write(publication: Publication) -> None:
    model, folder = publication.model, publication.folder
    weights_sha256 = _write_weights(model, folder / WEIGHTS_FILE)
    (folder / "config.json").write_text(_json({**model.config, "labels": model.label_order}))
    (folder / "metrics.json").write_text(_json(model.metrics))
    card = Card(
        slug=model.slug,
        repo=publication.repo,
        weights_file=WEIGHTS_FILE,
        weights_sha256=weights_sha256,
        architecture=model.architecture,
        config=model.config,
        label_order=model.label_order,
        learned_labels=model.learned_labels,
        batch=str(model.metrics.get("batch") or ""),
        batch_digest=model.batch_digest,
        metrics=model.metrics,
    )
    (folder / "README.md").write_text(markdown(card))


def _write_weights(model: ModelVersion, path: Path) -> str:
    """Refer to the stored safetensors; a `.pth` is written anew: no pickle is published. Give the sha256."""
    try:
        stored = storage.local_copy(model.weights_name)
    except OSError as exc:
        raise PublishError(f"The weights of {model.slug} are gone from the storage: {exc}.") from exc
    if stored.suffix == ".safetensors":
        path.symlink_to(stored)  # a gigabyte: read by the upload alone, its name is its hash already
        return model.weights_sha256
    from cakelens.weights import load_model, save_weights

    save_weights(load_model(stored), path, slug=model.slug, extra={"batch_digest": model.batch_digest})
    with path.open("rb") as file:
        return storage.hash_file(file)


def _refusal(repo: str, error: Exception) -> str:
    status = getattr(getattr(error, "response", None), "status_code", None)
    if status in (401, 403):
        remedy = "Give a token that may, as HF_TOKEN or by `hf auth login`."
        return f"The Hub refused to write to {repo} ({status}). {remedy}"
    reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
    return f"{repo} could not be published ({reason}). Nothing of it shows there; try again."


def _json(values: object) -> str:
    return json.dumps(values, indent=1, ensure_ascii=False) + "\n"
