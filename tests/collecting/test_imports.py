import subprocess
import sys

import pytest


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["links", "errors", "guard", "config", "cookies", "posts", "parts", "probe", "reasons"]
)
def test_module_loads_no_yt_dlp(name: str) -> None:
    code = f"import sys, labeling.collecting.{name}; sys.exit('yt_dlp' in sys.modules)"

    done = subprocess.run([sys.executable, "-c", code], check=False)

    assert done.returncode == 0
