"""What a reason shows, and what a press in its line changes."""

import pytest

from cakelens.labels import Label
from labeling import aims
from labeling.models import Evidence

ON = frozenset({Label.AI_GEN, Label.KLING, Label.VEO, "author", "artefacts"})
NARROWED = {"artefacts": frozenset({Label.AI_GEN})}


def test_reason_shows_everything_that_is_claimed() -> None:
    assert aims.shown(ON, None) == [Label.AI_GEN, Label.KLING, Label.VEO]


def test_narrowed_reason_shows_only_what_it_is_aimed_at() -> None:
    assert aims.shown(ON, frozenset({Label.AI_GEN, Label.VEO})) == [Label.AI_GEN, Label.VEO]


def test_reason_aimed_at_a_generator_that_is_off_shows_ai_gen() -> None:
    assert aims.shown(ON - {Label.VEO}, frozenset({Label.AI_GEN, Label.VEO})) == [Label.AI_GEN]


def test_reason_on_a_clip_that_is_not_ai_speaks_for_that() -> None:
    assert aims.shown(frozenset({"NOT_AI", "author"}), None) == [Label.AI_GEN]


def test_press_takes_a_generator_off() -> None:
    after = aims.toggled(ON, {}, "author", Label.KLING)

    assert aims.shown(ON, after["author"]) == [Label.AI_GEN, Label.VEO]


def test_last_press_that_completes_it_is_everything_again() -> None:
    once = aims.toggled(ON, {}, "author", Label.KLING)

    assert aims.toggled(ON, once, "author", Label.KLING)["author"] == frozenset()


def test_proofs_name_the_reasons_of_each_claim() -> None:
    assert aims.proofs(ON, NARROWED) == {
        Label.AI_GEN: ["author", "artefacts"],
        Label.KLING: ["author"],
        Label.VEO: ["author"],
    }


def test_line_holds_a_chip_for_each_generator_that_is_on() -> None:
    author, *_, artefacts, _other = aims.ties(ON, NARROWED)

    assert [(chip.label, chip.is_on) for chip in author.chips] == [(Label.KLING, True), (Label.VEO, True)]
    assert [chip.is_on for chip in artefacts.chips] == [False, False]
    assert (author.aim, artefacts.aim) == ("", "AI_GEN")


@pytest.mark.parametrize(
    ("labels", "aim"),
    [
        (["AI_GEN", "KLING", "VEO"], None),
        (["KLING", "VEO"], None),
        (["AI_GEN"], {"AI_GEN"}),
        (["VEO"], {"AI_GEN", "VEO"}),
    ],
)
def test_aim_of_an_earlier_answer_is_found_again(labels: list[str], aim: set[str] | None) -> None:
    found = aims.aims_of(ON, [Evidence(kind="author", labels=labels)])

    assert found.get("author") == aim


def test_two_items_of_one_kind_are_one_reason() -> None:
    items = [Evidence(kind="author", labels=["KLING"]), Evidence(kind="author", labels=["VEO"])]

    assert aims.aims_of(ON, items) == {}
