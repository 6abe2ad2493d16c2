"""The buttons of the labeling screen, and the answers they say."""

import pytest

from cakelens.labels import GENERATORS, V5_LABELS, Label
from labeling import controls
from labeling.controls import NOT_AI, UNKNOWN, judged, press, press_all, pressed_for
from labeling.models import Annotation

NOTHING: frozenset[str] = frozenset()


def test_every_label_has_a_button_of_its_name() -> None:
    words = {control.word for control in controls.CONTROLS.values()}

    assert set(V5_LABELS) <= words


def test_no_key_does_two_things() -> None:
    keys = [control.key for control in controls.CONTROLS.values()]

    assert sorted(keys) == sorted(set(keys))


def test_keys_are_where_the_left_hand_rests() -> None:
    keys = {name: control.key for name, control in controls.CONTROLS.items()}

    assert [keys[label] for label in GENERATORS] == list("1234567890qwe")
    assert [keys[name] for name in ("AI_GEN", "NOT_AI", "UNKNOWN")] == list("ynu")
    assert [keys[name] for name in ("ANIME_2D", "ANIME_3D", "VIDEO_GAME")] == list("asd")
    assert [control.key for control in controls.EVIDENCE_TOGGLES] == list("zxcvbm")


def test_yes_leaves_the_generator_unknown() -> None:
    on = press(NOTHING, Label.AI_GEN)

    assert on == {Label.AI_GEN, UNKNOWN}


def test_generator_says_that_it_is_ai() -> None:
    on = press(press(NOTHING, NOT_AI), Label.VEO)

    assert on == {Label.AI_GEN, Label.VEO}


def test_two_generators_stand_beside_each_other() -> None:
    on = press_all(NOTHING, [Label.MIDJOURNEY, Label.KLING])

    assert on == {Label.AI_GEN, Label.MIDJOURNEY, Label.KLING}


def test_pressing_a_generator_again_turns_it_off() -> None:
    on = press(press(NOTHING, Label.VEO), Label.VEO)

    assert on == {Label.AI_GEN}


@pytest.mark.parametrize("name", [Label.AI_GEN, NOT_AI])
def test_pressing_a_verdict_again_keeps_it(name: str) -> None:
    once = press(NOTHING, name)

    assert press(once, name) == once


def test_no_clears_generators_and_keeps_styles_and_evidence() -> None:
    on = press(frozenset({Label.AI_GEN, Label.VEO, Label.ANIME_2D, "author"}), NOT_AI)

    assert on == {NOT_AI, Label.ANIME_2D, "author"}


def test_nothing_is_judged_before_ai_gen_is() -> None:
    assert set(judged(frozenset({Label.ANIME_2D})).values()) == {None}


def test_not_ai_judges_every_generator_off() -> None:
    labels = judged(frozenset({NOT_AI, Label.VIDEO_GAME}))

    assert labels == dict.fromkeys(V5_LABELS, False) | {Label.VIDEO_GAME: True}


def test_unknown_generator_stays_unjudged() -> None:
    labels = judged(frozenset({Label.AI_GEN, UNKNOWN}))

    assert labels[Label.AI_GEN] is True
    assert {labels[label] for label in GENERATORS} == {None}
    assert labels[Label.ANIME_2D] is False


def test_known_generator_judges_the_others_off() -> None:
    labels = judged(frozenset({Label.AI_GEN, Label.VEO}))

    assert labels == dict.fromkeys(V5_LABELS, False) | {Label.AI_GEN: True, Label.VEO: True}


@pytest.mark.parametrize(
    "on",
    [
        {Label.AI_GEN, UNKNOWN},
        {Label.AI_GEN, Label.VEO, Label.ANIME_3D, "watermark"},
        {NOT_AI, Label.VIDEO_GAME},
    ],
)
def test_answer_presses_the_buttons_that_said_it(on: set[str]) -> None:
    fields = {label.value.lower(): value for label, value in judged(frozenset(on)).items()}
    evidence = on & {"watermark"}

    assert pressed_for(Annotation(**fields), evidence) == on
