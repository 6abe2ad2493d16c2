"""settings.py, .env.example, docker-compose.yml and Dockerfile say the same."""

import re
import shlex
from typing import Any

import pytest
import yaml
from django.conf import settings
from django.core.management import get_commands

from tests.house.tree import ROOT, modules, tracked_files

# Compose's own, for the database server.
COMPOSE_ONLY = {"POSTGRES_PASSWORD"}
COMPOSE_TEXT = (ROOT / "docker-compose.yml").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(COMPOSE_TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if "build" in service}
DOCKERFILE = (ROOT / "Dockerfile").read_text()


def read_by_settings() -> set[str]:
    return set(re.findall(r"""\benv\.\w+\(\s*"([A-Z0-9_]+)\"""", (ROOT / "config/settings.py").read_text()))


def listed() -> list[str]:
    return re.findall(r"^#?([A-Z0-9_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE)


def command(service: dict[str, Any]) -> list[str]:
    """Return what a service runs: its own command, or its image's."""
    images = re.split(r"^FROM .* AS ", DOCKERFILE, flags=re.MULTILINE)
    image = next(text for text in images if text.startswith(service["build"]["target"]))
    default = re.findall(r'"([^"]+)"', image.partition("CMD")[2])
    return list(service.get("command", default))


def test_env_example_lists_what_settings_read() -> None:
    assert sorted(listed()) == sorted(read_by_settings() | COMPOSE_ONLY)


def test_settings_alone_read_the_environment() -> None:
    # The library runs without settings, and follows the system's own variables.
    paths = [path for name, path in modules().items() if not name.startswith("cakelens")]
    reads = r"environ(?:\.get\(|\[)\s*[\"']([A-Z0-9_]+)[\"'](?!\]\s*=[^=])|getenv\([\"']([A-Z0-9_]+)"

    names = {"".join(found) for path in paths for found in re.findall(reads, path.read_text())}

    # torchrun, the dynamic linker and MLflow's client have variables of their own.
    assert names <= {"LD_LIBRARY_PATH", "RANK", "LOCAL_RANK", "WORLD_SIZE", "MLFLOW_TRACKING_URI"}


def test_compose_gives_our_services_only_what_settings_read() -> None:
    given = {name for service in OURS.values() for name in service["environment"]}

    assert given - read_by_settings() == set()


def test_compose_asks_only_for_what_env_example_lists() -> None:
    asked = set(re.findall(r"(?<!\$)\$\{(\w+)", COMPOSE_TEXT))

    assert asked - set(listed()) == set()


@pytest.mark.parametrize("name", OURS)
def test_compose_command_names_a_real_entry(name: str) -> None:
    match command(OURS[name]):
        case ["python", "manage.py", subcommand, *_]:
            assert subcommand in get_commands()
        case ["gunicorn", module, *_]:
            assert (ROOT / module.replace(".", "/")).with_suffix(".py").is_file()
        case ["celery", "-A", "config", "worker" | "beat", *_]:
            pass
        case other:
            pytest.fail(f"{name} runs {shlex.join(other)}, which this test does not know")


def test_every_queue_has_a_worker() -> None:
    commands = [command(service) for service in OURS.values()]
    served = {words[words.index("-Q") + 1] for words in commands if "-Q" in words}

    routed = {route["queue"] for route in settings.CELERY_TASK_ROUTES.values()}
    assert served == routed | {settings.CELERY_TASK_DEFAULT_QUEUE}


def test_every_service_that_answers_has_a_health_check() -> None:
    without = {name for name, service in SERVICES.items() if "healthcheck" not in service}

    assert without == {"migrate", "beat", "inference", "train"}


def test_torch_is_only_in_the_gpu_image() -> None:
    on_gpu = {name for name, service in OURS.items() if service["build"]["target"] == "gpu"}

    assert on_gpu == {"inference", "train"}
    assert [line for line in DOCKERFILE.splitlines() if "--extra torch" in line and "web" not in line] == []
    assert "--extra torch" not in DOCKERFILE.partition("AS web")[2].partition("FROM ")[0]


def test_every_volume_is_declared() -> None:
    used = {
        volume.partition(":")[0] for service in SERVICES.values() for volume in service.get("volumes", ())
    }

    assert used == set(COMPOSE["volumes"])


def test_image_holds_every_package() -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    sources = {path.relative_to(ROOT).parts[0] for path in tracked_files() if path.suffix in {".py", ".html"}}

    assert {name for name in sources if f"!{name}" not in ignored} == {"tests"} & sources | {
        "bench"
    } & sources
