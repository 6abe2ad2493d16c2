#!/usr/bin/env python
"""Django's command line."""

import os
import runpy
import sys
from pathlib import Path

# By path: `import config` would load Celery, and then once more after the restart.
FFMPEG = runpy.run_path(str(Path(__file__).with_name("config") / "ffmpeg.py"))


def main() -> None:
    FFMPEG["use_libraries"]()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as exc:
        sys.exit(str(exc))


if __name__ == "__main__":
    main()
