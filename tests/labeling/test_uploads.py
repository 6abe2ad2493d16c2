"""A CSV of links or clips, with what they are said to be."""

import pytest

from cakelens.labels import Label
from labeling.collecting.importer import make_ready
from labeling.collecting.labels_csv import BadCsv
from labeling.collecting.uploading import add_rows
from labeling.collecting.uploads import Row, read
from labeling.models import Annotation, CollectJob, Evidence, Post, Settlement
from tests.factories import make_post, make_user, make_variant, make_video

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]

LINK = "https://x.com/maker/status/1234567890"
OTHER = "https://x.com/maker/status/1234567891"


def take(text: str, *, is_all_or_none: bool = False) -> list[tuple[str, str]]:
    """Upload `text` as ana; return the state and what is said of each row."""
    user = make_user("ana")
    added = add_rows(read(text.encode()), user=user, is_all_or_none=is_all_or_none)
    return [(link.state.value, link.reason or link.note) for link in added]


def stored(x_id: str, *, num_videos: int = 1) -> Post:
    """Collect a post whose videos were stored a moment ago."""
    post, _ = Post.objects.get_or_create(x_id=x_id)
    for index in range(num_videos):
        video = make_video(post=post, index=index, is_ready=False)
        make_variant(video)
        make_ready(video)
    return post


@pytest.mark.parametrize(
    "header", ["url,ai_gen", "URL,AI_GEN", "url,label:AI_GEN", "url,label: Ai_Gen", "url;ai_gen"]
)
def test_label_is_known_in_any_case(header: str) -> None:
    text = f"{header}\n{LINK},1\n"

    [row] = read((text.replace(",", ";") if ";" in header else text).encode())

    assert (row.url, row.labels) == (LINK, {Label.AI_GEN: True})


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"url,label:CLIPCHAMP\n", "Line 1: column label:CLIPCHAMP is not a label"),
        (b"link,ai_gen\n", "no column `url` and none called `file`; the columns are: link, ai_gen"),
        (b"url,KLING,kling\n", "Line 1: columns KLING and kling are the same. Keep one."),
        (b"url,file,URL\n", "Line 1: columns url and url are the same. Keep one."),
        (b"url\n", "no row under the header"),
        (b"", "no column `url`"),
        (b"url\nhttps://x.com/\xff\n", r"Line 2 is not UTF-8 \(byte 18\)"),
        ("url\n".encode("utf-16"), "Line 1 is not UTF-8"),
    ],
)
def test_file_of_which_nothing_can_be_made_is_refused(content: bytes, reason: str) -> None:
    with pytest.raises(BadCsv, match=reason):
        read(content)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (f"{LINK},maybe,", "ai_gen is 'maybe'. Write 1 or 0"),
        (f"{LINK},1,hearsay", "hearsay is no kind of evidence"),
        (f"{LINK},1,author,extra", "has more values than there are columns"),
        (f"{LINK},1,author\0", "'evidence' holds a NUL character"),
        (",1,", "There is neither a url nor a file."),
    ],
)
def test_bad_row_says_what_is_wrong(row: str, reason: str) -> None:
    found = read(f"url,ai_gen,evidence\n{row}\n{OTHER},1,\n".encode())

    assert reason in found[0].error
    assert [(r.at, r.error) for r in found[1:]] == [(3, "")]


def test_rows_of_links_are_collected_with_what_else_they_say() -> None:
    answers = take(f"url,campaign,author\n{LINK},spring,@maker\n")

    post = Post.objects.get(x_id="1234567890")
    assert answers == [("new", "")]
    assert post.metadata == {"campaign": "spring", "author": "@maker"}
    assert (post.added_how, CollectJob.objects.get().post) == ("csv", post)


def test_good_rows_are_taken_beside_bad_ones() -> None:
    answers = take(f"url\nhttps://example.com/1\n{LINK}\n")

    assert [state for state, _ in answers] == ["refused", "new"]
    assert "“example.com” is not X." in answers[0][1]


def test_none_is_taken_where_all_or_none_are_wanted() -> None:
    answers = take(f"url\nhttps://example.com/1\n{LINK}\n", is_all_or_none=True)

    assert [state for state, _ in answers] == ["refused", "refused"]
    assert answers[1][1] == "Not taken: other rows are wrong."
    assert Post.objects.count() == 0


def test_labels_count_once_the_only_video_is_stored() -> None:
    take(f"url,ai_gen,sora\n{LINK},1,1\n")

    post = stored("1234567890")

    settlement = Settlement.objects.get(video__post=post)
    assert (settlement.method, settlement.positive_labels()) == ("imported", [Label.AI_GEN, Label.SORA])
    assert settlement.anime_2d is None


def test_labels_of_a_post_with_several_videos_wait_for_people() -> None:
    take(f"url,ai_gen\n{LINK},1\n")
    post = Post.objects.get()
    videos = [make_video(post=post, index=index, is_ready=False) for index in range(2)]

    for video in videos:
        make_variant(video)
        make_ready(video)

    assert Settlement.objects.count() == 0


def test_evidence_is_the_uploaders_answer() -> None:
    take(f"url,sora,evidence,quote\n{LINK},1,author;watermark,Made with Sora\n")

    stored("1234567890")

    annotation = Annotation.objects.get()
    assert (annotation.labeler.username, annotation.picked_by) == ("ana", "csv")
    assert list(Settlement.objects.get().annotations.all()) == [annotation]
    assert [(e.kind, e.labels, e.quote) for e in Evidence.objects.order_by("pk")] == [
        ("author", ["AI_GEN", "SORA"], "Made with Sora"),
        ("watermark", ["AI_GEN", "SORA"], ""),
    ]


def test_labels_count_at_once_for_a_post_that_is_there() -> None:
    make_video(post=make_post("1234567890"))

    answers = take(f"url,ai_gen\n{LINK},0\n")

    assert answers == [("known", "Its labels count now.")]
    assert Settlement.objects.get().ai_gen is False


def test_labels_never_replace_what_counts() -> None:
    make_video(post=make_post("1234567890"))
    user = make_user("ana")
    add_rows([Row(2, LINK, url=LINK, labels={Label.AI_GEN: True})], user=user, is_all_or_none=False)

    [link] = add_rows([Row(2, LINK, url=LINK, labels={Label.AI_GEN: False})], user=user, is_all_or_none=False)

    assert "left out" in link.note
    assert [s.ai_gen for s in Settlement.objects.all()] == [True]


def test_row_of_a_file_is_for_the_clip_that_was_imported() -> None:
    post = make_post("import:1", source="import", metadata={"file": "a.mp4"})
    make_video(post=post)

    answers = take("file,ai_gen\na.mp4,1\nb.mp4,1\n")

    assert answers[0] == ("known", "Its labels count now.")
    assert answers[1][0] == "refused"
    assert "No imported clip is called b.mp4." in answers[1][1]


def test_two_links_to_one_post_are_one_post() -> None:
    answers = take(f"url\n{LINK}\nx.com/i/status/1234567890\n{LINK}\n")

    assert [state for state, _ in answers] == ["new", "known", "refused"]
    assert answers[2][1] == "It is there twice. Keep one row."
    assert Post.objects.count() == 1


def test_labels_of_what_was_withdrawn_are_left_out() -> None:
    post = make_post("1234567890", collected_at=None)
    make_video(post=post, is_withdrawn=True)

    [(state, said)] = take(f"url,ai_gen,evidence,quote\n{LINK},1,author,My dog\n")

    post.refresh_from_db()
    assert (state, said) == ("known", "Its labels were left out: it was withdrawn.")
    assert post.brought == {}
