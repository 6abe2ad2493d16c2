import pytest

from labeling.collecting.errors import NotAPostLink
from labeling.collecting.links import canonical_post_id, canonical_url

ID = "1729876543210987654"


@pytest.mark.parametrize(
    "text",
    [
        f"https://x.com/name/status/{ID}",
        f"https://X.com/name/status/{ID}",
        f"HTTPS://X.COM/name/STATUS/{ID}",
        f"http://twitter.com/name/status/{ID}",
        f"https://www.x.com/name/status/{ID}",
        f"https://mobile.twitter.com/name/status/{ID}",
        f"https://m.twitter.com/name/status/{ID}",
        f"https://x.com/i/status/{ID}",
        f"https://x.com/i/web/status/{ID}",
        f"https://twitter.com/statuses/{ID}",
        f"https://twitter.com/name/statuses/{ID}",
        f"https://twitter.com/#!/name/status/{ID}",
        f"https://twitter.com/i/videos/tweet/{ID}",
        f"https://x.com/name/status/{ID}/video/2",
        f"https://x.com/name/status/{ID}/photo/1",
        f"https://x.com/name/status/{ID}?s=20&t=abc",
        f"https://x.com/name/status/{ID}/?s=20",
        f"https://x.com/name/status/{ID}#m",
        f"https://x.com:443/name/status/{ID}",
        f"x.com/name/status/{ID}",
        f"x.com:443/name/status/{ID}",
        f"//x.com/name/status/{ID}",
        f"https://fxtwitter.com/name/status/{ID}",
        f"https://vxtwitter.com/name/status/{ID}",
        f"https://fixupx.com/name/status/{ID}",
        f"https://d.fixupx.com/name/status/{ID}",
        f"  https://x.com/name/status/{ID}\t\n",
        f"\ufeffhttps://x.com/name/status/{ID}\u200b",
        f"<https://x.com/name/status/{ID}>,",
        f"(https://x.com/name/status/{ID}).",
        f"https://x.com/name/status/000{ID}",
        ID,
    ],
)
def test_every_form_of_a_link_has_one_id(text: str) -> None:
    found = canonical_post_id(text)

    assert found == ID


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "The line is empty"),
        (" \t ", "The line is empty"),
        ("x" * 10_000, "is 10,000 characters long"),
        ("hello", "“hello” is no link"),
        ("see x.com/name/status/1", "holds a space"),
        ("https://example.com/name/status/1", "“example.com” is not X"),
        ("https://x.com.example.com/name/status/1", "is not X"),
        ("https://notx.com/name/status/1", "is not X"),
        ("https://x.com@example.com/name/status/1", "is not X"),
        ("https://name@x.com/name/status/1", "is not X"),
        ("https://x.com\\@example.com/name/status/1", "backslash"),
        ("https://t.co/abcdef", "hides where it leads"),
        ("https://x.com/name", "not a post"),
        ("https://x.com/name/status/", "not a post"),
        ("https://x.com/name/status/12ab", "not a post"),
        ("https://x.com/name/status/٣٤٥", "not a post"),
        ("https://x.com/name/status/0", "not a post"),
        ("https://x.com/search?q=/name/status/1", "not a post"),
        ("https://x.com/i/spaces/1abc", "live broadcast or a Space"),
        ("https://x.com/i/broadcasts/1abc", "live broadcast or a Space"),
        ("https://x.com/name/status/9999999999999999999", "is no id of a post"),
        ("javascript:alert(1)", "is a javascript: link"),
        ("file:///etc/passwd", "is a file: link"),
        ("data:text/html,x.com/name/status/1", "is a data: link"),
        ("https://[x.com/name/status/1", "is no link"),
    ],
)
def test_anything_else_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(NotAPostLink, match=reason):
        canonical_post_id(text)


def test_refusal_names_the_remedy_and_a_kind() -> None:
    with pytest.raises(NotAPostLink) as caught:
        canonical_post_id("https://example.com")

    assert caught.value.kind == "not_a_post_link"
    assert str(caught.value).endswith("Paste a link like https://x.com/name/status/1234567890.")


def test_canonical_url_leads_back_to_the_id() -> None:
    url = canonical_url(ID)

    assert url == f"https://x.com/i/status/{ID}"
    assert canonical_post_id(url) == ID
