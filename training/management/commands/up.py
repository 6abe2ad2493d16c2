"""`manage.py up`: in the last app of the import chain, because it starts what all of them do."""

import secrets
from contextlib import AbstractContextManager, closing, nullcontext
from pathlib import Path
from socket import socket
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from config import embedded
from jobs import children
from jobs.sweep import forget_rings, sweep
from labeling import roles
from labeling.models import Video
from training.models import TrainingRun

TRAINING_NICENESS = 15
"""Below inference: somebody waits for a suggestion."""
PASSWORD_FILE = "admin-password"  # noqa: S105


class Command(BaseCommand):
    help = "Serve the whole app from one process: pages, workers, clock; inference and training in children."
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default=settings.HOST)
        parser.add_argument("--port", type=int, default=settings.PORT)

    def handle(self, *args: Any, host: str, port: int, **options: Any) -> None:
        if not settings.IS_EMBEDDED:
            raise CommandError(
                "REDIS_URL is set: run gunicorn and `celery worker` instead (docs/operations.md)."
            )
        try:
            with closing(embedded.listen(host, port)) as listener, embedded.alone(settings.VAR_DIR):
                self.serve(listener, host, port)
        except (embedded.PortTaken, embedded.AlreadyUp) as exc:
            raise CommandError(str(exc)) from exc
        self.stdout.write("\nStopped. Nothing is lost: unfinished work goes on at the next start.")

    def serve(self, listener: socket, host: str, port: int) -> None:
        call_command("migrate", verbosity=0)
        self.greet(host, port)
        from config.wsgi import application

        forget_rings()
        with embedded.worker(), embedded.clock(), embedded.inference(), training():
            sweep()
            embedded.serve(listener, application)

    def greet(self, host: str, port: int) -> None:
        login = ensure_admin(settings.VAR_DIR)
        num_ready = Video.objects.ready().count()
        self.stdout.write(f"\n  CakeLens   http://{host}:{port}/\n  Log in as  {login}")
        self.stdout.write(f"  Data       {settings.VAR_DIR} ({num_ready:,} videos)\n  Stop       Ctrl-C\n")


def training() -> AbstractContextManager[None]:
    """Have runs trained beside the pages. Without torch they wait for a machine that has it."""
    if not children.has_torch():
        return nullcontext()
    return children.while_due(TrainingRun, "train_waiting", niceness=TRAINING_NICENESS)


def ensure_admin(var_dir: Path) -> str:
    """Create the first admin with a password of its own; return how to log in, in words."""
    users = get_user_model().objects
    path = var_dir / PASSWORD_FILE
    if not users.filter(is_superuser=True).exists():
        password = secrets.token_urlsafe(9)
        admin = users.create_superuser("admin", password=password)
        admin.groups.add(Group.objects.get(name=roles.ADMIN))
        path.touch(mode=0o600)
        path.write_text(f"{password}\n")
        return f"admin, password {password}  (kept in {path})"
    return (
        f"admin, password in {path}" if path.exists() else "an admin you made (manage.py changepassword NAME)"
    )
