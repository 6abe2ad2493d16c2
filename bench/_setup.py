"""What benchmarks share: a real PostgreSQL from its wheel, and the name of the machine."""

import os
import platform
import secrets
from pathlib import Path


def django_on_postgres(folder: Path) -> None:
    """Start PostgreSQL in `folder`, point Django's settings at it and migrate. It ends with this process."""
    import psycopg

    from tests import servers

    url = servers.start_postgres(folder / "postgres")
    with psycopg.connect(url.rpartition("/")[0] + "/postgres", autocommit=True) as connection:
        connection.execute("CREATE DATABASE cakelens")
    os.environ.update(
        DATABASE_URL=url,
        VAR_DIR=str(folder / "var"),
        REDIS_URL="",
        SECRET_KEY=secrets.token_urlsafe(50),
        ALLOWED_HOSTS="testserver",
        DJANGO_SETTINGS_MODULE="config.settings",
    )
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)


def machine() -> str:
    """Name the machine the figures come from."""
    model = platform.processor() or "unknown processor"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{model}, {os.cpu_count()} cores, {memory:.0f} GiB, Python {platform.python_version()}"
