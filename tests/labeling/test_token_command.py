import pytest
from django.core.management import CommandError, call_command

from labeling.models import ApiToken
from tests.factories import make_user

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]


def test_token_is_printed_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    ana = make_user("ana")

    call_command("token", "ana", "--name", "laptop")

    printed = capsys.readouterr()
    assert ApiToken.objects.user_for(printed.out.removesuffix("\n")) == ana
    assert (printed.err, ApiToken.objects.get().name) == ("", "laptop")


def test_each_call_makes_a_token_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    make_user("ana")

    for _ in range(2):
        call_command("token", "ana")

    assert len(set(capsys.readouterr().out.split())) == 2


def test_unknown_user_is_told_who_is_known() -> None:
    make_user("ben")
    make_user("ana")

    with pytest.raises(
        CommandError, match=r"There is nobody called cleo\. Known: ana, ben\. People are added in"
    ):
        call_command("token", "cleo")

    assert not ApiToken.objects.exists()


def test_without_anybody_it_says_so() -> None:
    with pytest.raises(CommandError, match="Known: nobody yet"):
        call_command("token", "ana")


def test_closed_account_gets_no_token() -> None:
    make_user("ana", is_active=False)

    with pytest.raises(CommandError, match="The account of ana is closed"):
        call_command("token", "ana")
