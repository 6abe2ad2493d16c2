"""What this machine's processor can do."""

from functools import cache
from pathlib import Path


@cache
def cpu_flags(path: Path = Path("/proc/cpuinfo")) -> frozenset[str]:
    """List the processor's features as Linux names them; empty where they cannot be read."""
    try:
        lines = path.read_text().splitlines()
    except OSError:
        return frozenset()
    fields = (line.partition(":") for line in lines)
    named = (flags for key, _, flags in fields if key.strip() in ("flags", "Features"))
    return frozenset(flag for flags in named for flag in flags.split())
