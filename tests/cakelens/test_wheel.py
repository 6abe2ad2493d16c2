import configparser
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_wheel_holds_the_library_and_its_commands_alone(tmp_path: Path) -> None:
    options = ["--no-deps", "--no-build-isolation", "--disable-pip-version-check", "--quiet"]

    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", str(ROOT), *options, "-w", str(tmp_path)],
        check=True,
    )

    [path] = tmp_path.glob("cakelens-*.whl")
    with zipfile.ZipFile(path) as wheel:
        names = wheel.namelist()
        metadata = {
            name.rpartition("/")[2]: wheel.read(name).decode() for name in names if "dist-info" in name
        }
    commands = configparser.ConfigParser()
    commands.read_string(metadata["entry_points.txt"])
    assert {name.partition("/")[0].partition("-")[0] for name in names} == {"cakelens"}
    assert "cakelens/py.typed" in names
    assert set(commands["console_scripts"]) == {"cakelens", "cakelens-v5"}
    assert "django" not in metadata["METADATA"].partition("\n\n")[0].lower()
