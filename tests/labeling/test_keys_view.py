"""A person's own keys."""

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client

from labeling import keymap
from labeling.keymap import ACTIONS
from labeling.models import Preferences, Slot
from tests import factories

pytestmark = pytest.mark.django_db

DEFAULTS = {name: action.key for name, action in ACTIONS.items()} | {"shows_sensitive": "on"}


def test_our_own_keys_do_not_collide() -> None:
    assert keymap.errors_in({name: action.key for name, action in ACTIONS.items()}) == {}


def test_changed_key_is_kept_and_used(browser: Client, ana: User) -> None:
    response = browser.post("/keys/", DEFAULTS | {"VEO": "F", "whole": "7"})

    assert response["Location"] == "/keys/"
    assert Preferences.objects.get(user=ana).keymap == {"VEO": "f", "whole": "7"}
    assert keymap.keys_of(ana)["VEO"].cap == "F"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"VEO": "k"}, "K does “VEO”, too. Choose another key for one of them."),
        ({"note": "enter"}, "Enter does “Save and go on”, too."),
        ({"skip_other": "1"}, "1 does “Cannot tell”, too."),
        ({"VEO": ""}, "Nothing cannot be a key here."),
        ({"VEO": " "}, "cannot be a key here"),
        ({"VEO": "tab"}, "tab cannot be a key here. Press a letter, a digit, a sign, or one of Enter, Space"),
        ({"VEO": "x" * 21}, "at most 20 characters"),
    ],
)
def test_key_in_the_way_is_refused_in_words(browser: Client, changes: dict[str, str], words: str) -> None:
    response = browser.post("/keys/", DEFAULTS | changes)

    assert response.status_code == 422
    assert words in response.content.decode()
    assert not Preferences.objects.exists()


def test_key_in_the_way_is_told_beside_both_that_have_it(browser: Client) -> None:
    page = browser.post("/keys/", DEFAULTS | {"next": "→"}).content.decode()

    marked = re.findall(r'name="(\w+)"[^>]*aria-invalid="true"', page)
    assert sorted(marked) == ["forward", "next"]
    assert "→ does “One frame forward”, too." in page
    assert "→ does “Save and go on”, too." in page


def test_menu_has_keys_of_its_own(browser: Client) -> None:
    assert browser.post("/keys/", DEFAULTS | {"skip_other": "y"}).status_code == 302


def test_who_wants_no_sensitive_clips_gives_back_those_held(browser: Client, ana: User) -> None:
    video = factories.make_video(post=factories.make_post(is_sensitive=True))
    factories.hold(video.slots.get(), ana)

    browser.post("/keys/", {name: key for name, key in DEFAULTS.items() if name != "shows_sensitive"})

    assert Preferences.objects.get().shows_sensitive is False
    assert Slot.objects.get().state == "free"
    assert "data-claim" not in browser.get("/label/").content.decode()


def test_keys_are_for_labelers(client: Client) -> None:
    client.force_login(factories.make_user(role=None))

    assert client.get("/keys/").status_code == 403


def test_fields_hold_what_is_printed_on_the_keys(browser: Client, ana: User) -> None:
    Preferences.objects.create(user=ana, keymap={"VEO": "pageup", "SORA": "ß"})

    page = browser.get("/keys/").content.decode()

    shown = dict(re.findall(r'name="(\w+)" value="([^"]*)"', page))
    assert [shown[name] for name in ("back", "VEO", "SORA", "note")] == ["←", "PgUp", "ß", "/"]


def test_what_is_printed_on_a_key_is_taken_for_it(browser: Client, ana: User) -> None:
    caps = {name: keymap.Key(key).cap for name, key in DEFAULTS.items() if name != "shows_sensitive"}

    browser.post("/keys/", caps | {"back": "↓", "slower": "←", "VEO": "PgUp", "shows_sensitive": "on"})

    own = Preferences.objects.get(user=ana).keymap
    assert own == {"back": "arrowdown", "slower": "arrowleft", "VEO": "pageup"}


def test_changed_keys_are_printed_on_the_screen(browser: Client, ana: User) -> None:
    factories.make_video()
    Preferences.objects.create(user=ana, keymap={"undo": "home"})

    page = browser.get("/label/").content.decode()

    assert 'data-key="home" aria-keyshortcuts="Home" aria-label="Undo"' in page
