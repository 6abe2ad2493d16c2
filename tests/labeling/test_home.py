"""The start page, the theme, and pages of refusal."""

import re

import pytest
from django.test import Client

from tests import factories

pytestmark = pytest.mark.django_db


def test_home_asks_to_log_in(client: Client) -> None:
    assert client.get("/")["Location"] == "/login/?next=/"


def test_home_without_a_video_says_how_to_begin(client: Client) -> None:
    client.force_login(factories.make_user())

    page = client.get("/").content.decode()

    assert "Nothing has been collected yet" in page
    for command in ("make demo", "manage.py import_videos DIR", "manage.py collect URL…"):
        assert command in page


def test_home_goes_to_labeling(client: Client) -> None:
    factories.make_video()
    client.force_login(factories.make_user())

    assert client.get("/")["Location"] == "/label/"


def test_home_of_someone_who_may_not_label_is_the_batches_and_says_why(client: Client) -> None:
    factories.make_video()
    client.force_login(factories.make_user(role=None))

    response = client.get("/", follow=True)

    assert response.redirect_chain == [("/batches/", 302)]
    assert "lacks the right to label videos. An admin can give it" in response.content.decode()


def test_nav_shows_only_what_a_person_may_open(client: Client) -> None:
    client.force_login(factories.make_user(role=None))

    assert 'href="/label/"' not in client.get("/").content.decode()


@pytest.mark.parametrize(
    ("path", "title"), [("/posts/", "Posts"), ("/collect/", "Posts"), ("/videos/", "Videos")]
)
def test_nav_marks_where_one_is(client: Client, path: str, title: str) -> None:
    client.force_login(factories.make_superuser())

    page = client.get(path).content.decode()

    assert re.findall(r'aria-current="page">([^<]*)</a>', page.split("</nav>")[0]) == [title]


def test_theme_is_drawn_by_the_server(client: Client) -> None:
    client.force_login(factories.make_user())

    response = client.post("/account/theme/", {"theme": "light", "next": "/label/"})

    assert response["Location"] == "/label/"
    assert 'data-theme="light"' in client.get("/label/").content.decode()


def test_labeling_is_dark_until_somebody_chooses(client: Client) -> None:
    client.force_login(factories.make_user())

    assert 'data-theme="dark"' in client.get("/label/").content.decode()
    assert 'data-theme="system"' in client.get("/").content.decode()


@pytest.mark.parametrize(
    "where", ["https://elsewhere.example/", "//elsewhere.example", "javascript:alert(1)"]
)
def test_theme_sends_nobody_elsewhere(client: Client, where: str) -> None:
    response = client.post("/account/theme/", {"theme": "dark", "next": where})

    assert response["Location"] == "/"


def test_unknown_theme_is_not_kept(client: Client) -> None:
    response = client.post("/account/theme/", {"theme": "<b>"})

    assert "theme" not in response.cookies


def test_unknown_page_says_so_in_words(client: Client) -> None:
    response = client.get("/nowhere/")

    assert response.status_code == 404
    assert "leads nowhere" in response.content.decode()


def test_form_without_its_token_says_what_to_do() -> None:
    response = Client(enforce_csrf_checks=True).post("/account/theme/", {"theme": "dark"})

    assert response.status_code == 403
    assert "This form is out of date" in response.content.decode()


def test_fault_is_told_in_words(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    client.force_login(factories.make_user())
    client.raise_request_exception = False
    monkeypatch.setattr("labeling.queue.claim", lambda *args, **kwargs: 1 / 0)

    response = client.get("/label/")

    assert response.status_code == 500
    assert "Something broke here" in response.content.decode()


def test_policy_allows_no_inline_code(client: Client) -> None:
    policy = client.get("/login/")["Content-Security-Policy"]

    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_password_can_be_changed(client: Client) -> None:
    user = factories.make_user(password="correct horse battery")
    client.force_login(user)
    new = {"new_password1": "a longer sentence", "new_password2": "a longer sentence"}

    response = client.post("/account/password/", {"old_password": "correct horse battery", **new})

    user.refresh_from_db()
    assert response["Location"] == "/"
    assert user.check_password("a longer sentence")
