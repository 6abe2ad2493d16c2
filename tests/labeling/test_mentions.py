"""Generators named in a post."""

import pytest

from labeling.mentions import marked


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Made with Veo 3 in ten minutes", "Veo 3"),
        ("KLING is wild", "KLING"),
        ("sora2?", "sora2"),
        ("runwayml, gen-3", "runwayml"),
        ("luma dream machine", "dream machine"),
        ("#aivideo", "#aivideo"),
    ],
)
def test_named_generator_is_marked(text: str, name: str) -> None:
    assert f"<mark>{name}</mark>" in marked(text)


@pytest.mark.parametrize("text", ["an X-ray", "we wan to", "he has soravision", "a pika in the hills", ""])
def test_common_word_is_not_marked(text: str) -> None:
    assert marked(text) == text


def test_html_of_a_post_stays_text() -> None:
    assert marked("<script>veo</script>") == "&lt;script&gt;<mark>veo</mark>&lt;/script&gt;"
