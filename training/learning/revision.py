"""Which code trained: the git revision, where there is one."""

import subprocess
from functools import cache
from pathlib import Path


@cache
def revision() -> str:
    """Give the commit this code is of, with "+changes" where files differ from it; empty without git."""
    try:
        head = _git("rev-parse", "HEAD")
        return head + "+changes" if _git("status", "--porcelain", "--untracked-files=no") else head
    except (OSError, subprocess.CalledProcessError):
        return ""


def _git(*arguments: str) -> str:
    root = Path(__file__).parents[1]
    command = ["git", "-C", str(root), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
