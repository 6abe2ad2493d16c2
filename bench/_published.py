"""The published package `cakelens-v5`, in a folder of its own: its import name is ours."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from config.ffmpeg import link_libraries

REQUIREMENT = (
    "cakelens-v5==0.1.2 --hash=sha256:5fc988a36bd4ae0f7fdd14fc59d6bbb0d7d097de2d660681fba60dfd5ef22bfe\n"
)
FOLDER = Path(sys.prefix) / "published-cakelens-v5-0.1.2"


def published_folder() -> Path:
    """Install the package without its dependencies, once; torch is this environment's.

    Raises:
        subprocess.CalledProcessError: The package index cannot be reached, or the hash differs.
    """
    if not FOLDER.exists():
        with tempfile.TemporaryDirectory(dir=FOLDER.parent) as name:
            requirements = Path(name) / "requirements.txt"
            requirements.write_text(REQUIREMENT)
            options = ["--no-deps", "--require-hashes", "--disable-pip-version-check", "--quiet"]
            target = ["--target", f"{name}/package", "-r", str(requirements)]
            subprocess.run([sys.executable, "-m", "pip", "install", *options, *target], check=True)
            _move(Path(name) / "package")
    return FOLDER


def environment(side: str) -> dict[str, str]:
    """Give the environment in which `import cakelens` is the published package, or ours."""
    folder = published_folder() if side == "published" else Path(__file__).parents[1]
    libraries = os.pathsep.join(filter(None, [str(link_libraries()), os.environ.get("LD_LIBRARY_PATH")]))
    return {**os.environ, "PYTHONPATH": str(folder), "LD_LIBRARY_PATH": libraries}


def _move(package: Path) -> None:
    """Put the package in its place, unless another process was first."""
    try:
        package.rename(FOLDER)
    except OSError:
        if not FOLDER.exists():
            raise
