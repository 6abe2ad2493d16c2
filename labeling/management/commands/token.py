from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser

from labeling.models import ApiToken


class Command(BaseCommand):
    help = "Make a bearer token for a person and print it. It is shown this once and kept nowhere."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("user", metavar="USER", help="Whose rights the token has: a username.")
        parser.add_argument(
            "--name", default="", help="What it is for, to tell it apart later: a machine, a script."
        )

    def handle(self, *args: Any, user: str, name: str, **options: Any) -> None:
        people = get_user_model()._default_manager
        owner = people.filter(username=user).first()
        if owner is None:
            known = ", ".join(people.order_by("username").values_list("username", flat=True)[:5])
            raise CommandError(
                f"There is nobody called {user}. Known: {known or 'nobody yet'}. "
                "People are added in the admin, under /admin/auth/user/."
            )
        if not owner.is_active:
            raise CommandError(f"The account of {user} is closed: a token would open nothing. Open it first.")
        self.stdout.write(ApiToken.objects.issue(owner, name))
