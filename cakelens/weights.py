"""Weights on disk and on the Hub.

We write safetensors whose metadata holds the config, the label order and the normalisation, and read
those and the published `.pth`, never executing what a pickle asks for.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from torch import Tensor

from cakelens.config import V5, ModelConfig
from cakelens.errors import CakeLensError
from cakelens.files import written_whole
from cakelens.labels import V5_LABELS, check_label_order
from cakelens.model import Model

HUB_REPO = "fangpenlin/cakelens-v5"
HUB_FILE = "cakelens-model-5.0.pth"
HUB_WEIGHTS = "model.safetensors"  # the name under which our own models are published
_FORMAT = "1"


class WeightsError(CakeLensError):
    """Weights that cannot be used. The message names the file and the reason."""


def save_weights(
    model: Model, path: Path | str, *, slug: str = "", extra: Mapping[str, str] | None = None
) -> None:
    """Write `model` as safetensors, whole or not at all.

    `extra` adds metadata of the caller's own, such as a batch's digest.
    """
    from safetensors.torch import save_file

    path = Path(path)
    metadata = {**(extra or {}), **_metadata(model.config, slug)}
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in model.state_dict().items()}
    with written_whole(path) as temporary:
        save_file(tensors, temporary, metadata=metadata)


def load_model(path: Path | str) -> Model:
    """Build the model that `path` describes, with its weights, on the CPU and ready to judge.

    A `.pth` or `.pt` says nothing about its architecture and is taken for a v5.

    Raises:
        WeightsError: Not weights, of another shape, or of another label order.
    """
    path = Path(path)
    with torch.device("meta"):
        model = Model(read_config(path) or V5)
    load_into(model, path)
    return model.eval()


def load_into(model: Model, path: Path | str) -> None:
    """Give `model` the weights in `path`; on an error it keeps those it had.

    Raises:
        WeightsError: As `load_model`.
    """
    path = Path(path)
    config = read_config(path)
    if config is not None and config != model.config:
        raise WeightsError(f"{path}: is for another model ({config.architecture}, window {config.window})")
    state = _read_state(path)
    _check_shapes(path, state, model.state_dict())
    device = model.head.relu3.weight.device
    # On the CPU the file's memory becomes the model's: no second gigabyte.
    model.load_state_dict(state, assign=device.type in ("cpu", "meta"))


def read_metadata(path: Path | str) -> dict[str, str]:
    """Give the metadata written by `save_weights`; empty for a `.pth`."""
    path = Path(path)
    if not _is_safetensors(path):
        return {}
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            return dict(file.metadata() or {})
    except (SafetensorError, OSError) as exc:
        raise WeightsError(f"{path}: is not a whole safetensors file ({exc})") from exc


def read_config(path: Path | str) -> ModelConfig | None:
    """Give the config stored beside the weights, after checking the label order; None if there is none.

    Raises:
        WeightsError: Written by a newer version, or for labels in another order.
    """
    path = Path(path)
    metadata = read_metadata(path)
    if "cakelens_config" not in metadata:
        return None
    try:
        check_label_order(json.loads(metadata["cakelens_labels"]))
        return ModelConfig.from_dict(json.loads(metadata["cakelens_config"]))
    except (ValueError, TypeError, KeyError) as exc:
        raise WeightsError(f"{path}: {exc}") from exc


def download_v5() -> Path:
    """Fetch the published weights from the Hub, or from its cache.

    Raises:
        WeightsError: The Hub cannot be reached and the cache does not hold them.
    """
    return download(HUB_REPO, HUB_FILE)


def load_from_hub(repo: str, filename: str = HUB_WEIGHTS) -> Model:
    """Build the model that a Hub repository holds, as `publish_model` lays it out.

    Raises:
        WeightsError: As `load_model`; or the Hub cannot be reached and the cache does not hold it.
    """
    return load_model(download(repo, filename))


def download(repo: str, filename: str) -> Path:
    """Fetch one file of a Hub repository into the Hub's cache, with a progress bar on a terminal.

    Raises:
        WeightsError: As `download_v5`.
    """
    try:
        from huggingface_hub import hf_hub_download
    except ImportError as exc:
        raise WeightsError("huggingface-hub is not installed; run `pip install cakelens[torch]`") from exc
    try:
        return Path(hf_hub_download(repo_id=repo, filename=filename))
    except Exception as exc:  # the Hub raises httpx, requests, OSError and its own, by version
        reason = str(exc).strip().splitlines()[0] if str(exc).strip() else type(exc).__name__
        raise WeightsError(
            f"{repo}: {filename} could not be downloaded ({reason}); give a local file with --model-path"
        ) from exc


def _metadata(config: ModelConfig, slug: str) -> dict[str, str]:
    return {
        "format": "pt",
        "cakelens_format": _FORMAT,
        "cakelens_slug": slug,
        "cakelens_config": json.dumps(config.to_dict()),
        "cakelens_labels": json.dumps(list(V5_LABELS)),
        "cakelens_mean": json.dumps(list(config.mean)),
        "cakelens_std": json.dumps(list(config.std)),
    }


def _is_safetensors(path: Path) -> bool:
    """Look at the file itself: a pickle or zip begins otherwise than a header's length and `{`."""
    try:
        with path.open("rb") as file:
            start = file.read(9)
    except OSError as exc:
        raise WeightsError(f"{path}: {exc.strerror or exc}") from exc
    return path.suffix == ".safetensors" or (len(start) == 9 and start[8:] == b"{")


def _read_state(path: Path) -> dict[str, Tensor]:
    if _is_safetensors(path):
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        try:
            return load_file(path)
        except (SafetensorError, OSError) as exc:
            raise WeightsError(f"{path}: is not a whole safetensors file ({exc})") from exc
    return _tensors(path, _read_pickle(path))


def _read_pickle(path: Path) -> Any:
    try:
        return torch.load(path, map_location="cpu", weights_only=True, mmap=_is_zip(path))
    except UnpicklingError as exc:
        raise WeightsError(f"{path}: is a pickle that is not plain weights; it was not executed") from exc
    except (RuntimeError, ValueError, EOFError, KeyError, OSError) as exc:
        raise WeightsError(f"{path}: is not a checkpoint") from exc


def _is_zip(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == b"PK"


def _tensors(path: Path, checkpoint: Any) -> dict[str, Tensor]:
    state = checkpoint.get("model_state_dict", checkpoint) if isinstance(checkpoint, dict) else None
    if not isinstance(state, dict) or not state or not all(isinstance(v, Tensor) for v in state.values()):
        raise WeightsError(f"{path}: is not a checkpoint (no `model_state_dict` of tensors in it)")
    return state


def _check_shapes(path: Path, state: Mapping[str, Tensor], expected: Mapping[str, Tensor]) -> None:
    missing = sorted(set(expected) - set(state))
    if missing:
        raise WeightsError(
            f"{path}: is a checkpoint of another model ({len(missing)} weights missing: {missing[0]}…)"
        )
    unknown = sorted(set(state) - set(expected))
    if unknown:
        raise WeightsError(f"{path}: is a checkpoint of another model (unknown weight {unknown[0]})")
    for name, tensor in expected.items():
        if state[name].shape != tensor.shape:
            shapes = f"{tuple(state[name].shape)}, expected {tuple(tensor.shape)}"
            raise WeightsError(f"{path}: is a checkpoint of another shape ({name} is {shapes})")
