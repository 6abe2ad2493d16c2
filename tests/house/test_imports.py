"""Imports point one way: training → inference → labeling → cakelens.labels; all may use jobs."""

import graphlib
import subprocess
import sys
from functools import cache

import pytest

from tests.house.tree import PACKAGES, ROOT, imports, modules

# What each package may import of the house, itself aside. `config` wires everything together, and commands
# are where it is started from.
ALLOWED = {
    "cakelens": (),
    "jobs": (),
    "labeling": ("jobs", "cakelens.labels"),
    "inference": ("jobs", "labeling", "cakelens"),
    "training": ("jobs", "labeling", "inference", "cakelens"),
}
TORCH_FREE = (
    "cakelens",
    "cakelens.config",
    "cakelens.errors",
    "cakelens.files",
    "cakelens.framesets",
    "cakelens.labels",
)
# Beside the torch side of training: what runs a model, and the command that fetches its weights.
RUNNERS = (
    "inference.runner",
    "inference.management.commands.add_model",
    "training.evaluate",
    "training.learning.judging",
    "training.evaluating.evaluations",
    "training.evaluating.ladder",
    "training.learning.logs",
    "inference.publishing",
)
# What a DataLoader worker or a GPU box loads, beside the modules that import torch.
PLAIN_TRAINING = (
    "training.evaluating.baseline",
    "training.config",
    "training.evaluate",
    "training.batches.manifest",
)
HEAVY = ("torch", "torchvision", "torchcodec", "sklearn", "yt_dlp", "imagehash", "scipy")


@cache
def torch_side() -> tuple[str, ...]:
    """Return the modules of training that import torch when they are loaded."""
    training = {module: path for module, path in modules().items() if is_within(module, ("training",))}
    return tuple(module for module, path in training.items() if "torch" in imports(path, when_loaded=True))


def is_within(name: str, parents: tuple[str, ...]) -> bool:
    return any(name == parent or name.startswith(f"{parent}.") for parent in parents)


@pytest.mark.parametrize("package", ALLOWED)
def test_imports_point_one_way(package: str) -> None:
    wrong = [
        f"{module} imports {name}"
        for module, path in modules().items()
        if is_within(module, (package,))
        for name in imports(path)
        if is_within(name, PACKAGES) and not is_within(name, (package, *ALLOWED[package]))
        if not (name.startswith("config.") and ".management.commands." in module)
    ]

    assert wrong == []


def test_only_the_torch_side_reaches_into_the_library() -> None:
    wrong = [
        f"{module} imports {name}"
        for module, path in modules().items()
        if not is_within(module, ("cakelens", *RUNNERS, *torch_side()))
        for name in imports(path)
        if is_within(name, ("cakelens",)) and name not in TORCH_FREE
    ]

    assert wrong == []


def test_no_import_goes_in_a_circle() -> None:
    graph = {
        module: {name for name in imports(path, when_loaded=True) if name in modules() and name != module}
        for module, path in modules().items()
    }

    order = list(graphlib.TopologicalSorter(graph).static_order())  # CycleError names the circle

    assert set(order) == set(modules())


def loaded_after(code: str, names: tuple[str, ...]) -> str:
    """Run `code` in a fresh interpreter and return which of `names` it loaded, one a line."""
    report = f"import sys; print(*sorted(sys.modules.keys() & {set(names)!r}), sep='\\n')"
    command = [sys.executable, "-c", f"{code}\n{report}"]
    process = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert process.returncode == 0, process.stderr
    return process.stdout.strip()


@pytest.mark.slow
def test_web_process_loads_neither_torch_nor_yt_dlp() -> None:
    code = "import config.wsgi; from django.urls import get_resolver; get_resolver().url_patterns"

    assert loaded_after(code, HEAVY) == ""


@pytest.mark.slow
def test_celery_worker_loads_neither_torch_nor_yt_dlp() -> None:
    code = "from config.celery import app; app.loader.import_default_modules()"

    assert loaded_after(code, HEAVY) == ""


@pytest.mark.slow
def test_torch_free_modules_load_neither_torch_nor_django() -> None:
    code = "\n".join(
        f"import {name}" for name in (*TORCH_FREE, "training.config", "training.batches.manifest")
    )

    assert loaded_after(code, (*HEAVY, "django")) == ""


@pytest.mark.slow
def test_what_trains_loads_no_django() -> None:
    code = "\n".join(f"import {name}" for name in (*torch_side(), *PLAIN_TRAINING))

    assert loaded_after(code, ("django",)) == ""
