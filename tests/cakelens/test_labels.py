import pytest

from cakelens.labels import GENERATORS, STYLES, V5_LABELS, Label, check_label_order


def test_labels_stand_in_v5_order() -> None:
    names = [label.value for label in V5_LABELS]

    assert names == [
        "AI_GEN",
        "ANIME_2D",
        "ANIME_3D",
        "VIDEO_GAME",
        "KLING",
        "HIGGSFIELD",
        "WAN",
        "MIDJOURNEY",
        "HAILUO",
        "RAY",
        "VEO",
        "RUNWAY",
        "SORA",
        "CHATGPT",
        "PIKA",
        "HUNYUAN",
        "VIDU",
    ]


def test_labels_fall_into_three_kinds() -> None:
    kinds = [label.kind for label in V5_LABELS]

    assert kinds == ["ai_gen"] + ["style"] * 3 + ["generator"] * 13
    assert len(STYLES) == 3
    assert len(GENERATORS) == 13


@pytest.mark.parametrize("label", V5_LABELS)
def test_definition_is_a_sentence(label: Label) -> None:
    definition = label.definition

    assert definition.endswith(".")
    assert len(definition) > 20


def test_label_order_that_differs_is_refused() -> None:
    swapped = [*V5_LABELS[:4], V5_LABELS[5], V5_LABELS[4], *V5_LABELS[6:]]

    with pytest.raises(ValueError, match="label 4 is 'HIGGSFIELD', expected 'KLING'"):
        check_label_order(swapped)


def test_label_order_that_is_short_is_refused() -> None:
    with pytest.raises(ValueError, match="has 16 labels, expected 17"):
        check_label_order(V5_LABELS[:-1])
