"""Production's processes on the tests' database, and what they did to it."""

import os
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db import connection

from labeling import storage, tasks
from labeling.collecting.adding import add_links
from labeling.collecting.links import canonical_url
from labeling.models import AddedHow, CollectJob, Variant, VariantJob
from tests.collecting.drills.archive import Archive, Found, damage
from tests.collecting.drills.processes import Process, clock, worker
from tests.collecting.standin.x import Standin

LEASE_SECONDS = 4
BYTES_PER_SECOND = "100K"
SECONDS_FOR_ONE = 60

NOTED = (
    "CREATE TABLE drill_stored (variant_id bigint)",
    """CREATE FUNCTION drill_note() RETURNS trigger LANGUAGE plpgsql AS
       $$ BEGIN INSERT INTO drill_stored VALUES (NEW.id); RETURN NULL; END $$""",
    """CREATE TRIGGER drill_note AFTER UPDATE ON labeling_variant FOR EACH ROW
       WHEN (NEW.state = 'stored') EXECUTE FUNCTION drill_note()""",
)
FORGOTTEN = (
    "DROP TRIGGER drill_note ON labeling_variant",
    "DROP FUNCTION drill_note",
    "DROP TABLE drill_stored",
)


def way_to(standin: Standin) -> dict[str, str]:
    """Return the environment in which collecting reaches `standin`, slowly, and leases end soon."""
    return {
        "X_PROXY": standin.proxy,
        "X_CA_FILE": standin.ca_file,
        "X_RATE_LIMIT": BYTES_PER_SECOND,
        "JOB_LEASE_SECONDS": str(LEASE_SECONDS),
    }


class Stage:
    """A worker and the clock; what they download is noted by the database itself."""

    def __init__(self, folder: Path, standin: Standin, redis_url: str) -> None:
        database = connection.settings_dict
        here = "{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**database)
        environment = os.environ | way_to(standin)
        environment |= {"DATABASE_URL": f"postgres://{here}", "REDIS_URL": redis_url}
        environment |= {"VAR_DIR": str(folder), "MEDIA_ROOT": str(settings.MEDIA_ROOT)}
        self.log = folder / "log"
        self.worker, self.clock = worker(self.log, environment), clock(self.log, environment)

    @contextmanager
    def playing(self) -> Iterator[None]:
        _run(NOTED)
        try:
            self.clock.start()
            self.worker.start()
            yield
        finally:
            self.worker.kill()
            self.clock.kill()
            _run(FORGOTTEN)

    def wait_for_another(self) -> None:
        """Return once one more variant is stored than now; at once if all are."""
        before = Variant.objects.stored().count()
        until = time.monotonic() + SECONDS_FOR_ONE
        while self.is_busy() and Variant.objects.stored().count() == before:
            if time.monotonic() > until:
                raise AssertionError(f"Nothing is stored any more. {self._told()}")
            self._restart_what_ended()
            time.sleep(0.05)

    def _restart_what_ended(self) -> None:
        """Start again what ended by itself, as docker-compose.yml does: a broker may take a worker along."""
        for process in (self.worker, self.clock):
            if not process.is_running():
                process.start()

    def wait_for_all(self) -> None:
        while self.is_busy():
            self.wait_for_another()

    def is_busy(self) -> bool:
        return CollectJob.objects.unfinished().exists() or VariantJob.objects.unfinished().exists()

    def _told(self) -> str:
        states = [
            f"{job} {job.state} {job.attempts} {job.lease_until} {job.next_try_at} {job.failure_message}"
            for model in (CollectJob, VariantJob)
            for job in model.objects.unfinished()[:10]
        ]
        return "\n".join([*states, self.log.read_text()[-4000:]])


def _run(statements: tuple[str, ...]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def add(archive: Archive) -> None:
    add_links(map(canonical_url, archive.x_ids), user=None, how=AddedHow.COMMAND)


def kill_at_random(process: Process, stage: Stage, times: int) -> int:
    """Kill `process` as often, each time a while after something was stored; return how often it was."""
    num_killed = 0
    for _ in range(times):
        stage.wait_for_another()
        time.sleep(random.uniform(0, 1.5))
        num_killed += stage.is_busy()
        process.kill()
        process.start()
    return num_killed


def times_stored() -> set[int]:
    """Return how often variants were marked as stored: {1} if each was once."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT count(*) FROM drill_stored GROUP BY variant_id")
        return {row[0] for row in cursor.fetchall()}


def damage_done(archive: Archive) -> list[str]:
    """Return what is wrong after a drill, once the sweep has been; nothing if all is well."""
    left = sweep_as_a_day_later()
    found = [
        Found(*row) for row in Variant.objects.values_list("url", "state", "sha256", "name", "num_bytes")
    ]
    return [*damage(archive, found, Path(settings.MEDIA_ROOT)), *(f"{name} was not swept" for name in left)]


def sweep_as_a_day_later() -> list[str]:
    """Run the sweep of temporary files on aged ones; return what it left."""
    folder = storage.temporary_folder()
    for path in folder.rglob("*"):
        os.utime(path, (0, 0))
    tasks.sweep_parts()
    return [path.name for path in folder.iterdir()]
