"""Posts, end to end: unmodified yt-dlp against the stand-in, certificates verified."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from yt_dlp import YoutubeDL
from yt_dlp.extractor.twitter import TwitterIE

from labeling.collecting import errors
from labeling.collecting.links import canonical_url
from labeling.collecting.x import fetch_post
from tests.collecting.standin import statuses
from tests.collecting.standin.x import Standin

X_ONLY = {"x.com:443", "api.x.com:443", "video.twimg.com:443", "cdn.syndication.twimg.com:443"}


@pytest.fixture(autouse=True)
def _only_x(standin: Standin) -> Any:
    """Whatever a test does: no other host is connected to, and nothing is asked in plain."""
    yield
    assert standin.hosts() <= X_ONLY


def _video(standin: Standin, **more: Any) -> dict[str, Any]:
    return standin.add_video([standin.clip("landscape", size="160x90")], **more)


@pytest.mark.slow
def test_post_with_a_landscape_video_has_all_its_facts(standin: Standin) -> None:
    video = standin.add_video([standin.clip("small"), standin.clip("landscape", size="160x90")])
    x_id = standin.add_post([video], handle="fox", user_id="42")

    post = fetch_post(x_id, standin.settings())

    assert (post.x_id, post.author_handle, post.author_id) == (x_id, "fox", "42")
    assert (post.text, post.language) == ("A fox & a hound\nhttps://t.co/abc", "en")
    assert post.posted_at == datetime(2024, 10, 9, 20, 19, 24, tzinfo=UTC)
    assert (post.num_likes, post.num_reposts, post.num_replies, post.num_views) == (5, 4, 3, 1234)
    assert (post.is_sensitive, post.quoted_id, post.via) == (False, "", "graphql")
    [found] = post.videos
    assert (found.media_id, found.index, found.kind) == (video["id_str"], 0, "video")
    assert (found.duration_seconds, found.source_user_id) == (1.0, "")
    assert found.poster_url == video["media_url_https"]
    assert [(v.width, v.height, v.bit_rate_bps, v.is_hls) for v in found.variants] == [
        (64, 48, 256_000, False),
        (160, 90, 832_000, False),
    ]


def test_post_keeps_the_raw_answer_of_x(standin: Standin) -> None:
    x_id = standin.add_post([_video(standin)])

    post = fetch_post(x_id, standin.settings())

    assert post.raw == standin.site.posts[x_id]


def test_text_that_no_database_stores_is_cleaned(standin: Standin) -> None:
    x_id = standin.add_post([_video(standin)], full_text="fo\0x \ud83e")

    post = fetch_post(x_id, standin.settings())

    assert post.text == "fox ?"
    assert post.raw["legacy"]["full_text"] == "fox ?"


def test_long_post_has_its_whole_text(standin: Standin) -> None:
    note = {"note_tweet_results": {"result": {"text": "All of it &gt; the first part"}}}
    x_id = standin.add_result(lambda x_id: {**statuses.tweet(x_id, [_video(standin)]), "note_tweet": note})

    post = fetch_post(x_id, standin.settings())

    assert post.text == "All of it > the first part"


def test_post_with_limited_actions_is_unwrapped(standin: Standin) -> None:
    wrapped = {"__typename": "TweetWithVisibilityResults", "limitedActionResults": {}}
    x_id = standin.add_result(lambda x_id: {**wrapped, "tweet": statuses.tweet(x_id, [_video(standin)])})

    post = fetch_post(x_id, standin.settings())

    assert (post.author_handle, len(post.videos)) == ("author", 1)


def test_portrait_video_is_declared_as_it_is(standin: Standin) -> None:
    x_id = standin.add_post([standin.add_video([standin.clip("portrait", size="90x160")])])

    post = fetch_post(x_id, standin.settings())

    assert [(v.width, v.height) for v in post.videos[0].variants] == [(90, 160)]


def test_gif_has_one_variant_of_the_original_size(standin: Standin) -> None:
    x_id = standin.add_post([standin.add_gif(standin.clip("landscape", size="160x90"))])

    post = fetch_post(x_id, standin.settings())

    [video] = post.videos
    [variant] = video.variants
    assert video.kind == "gif"
    assert (variant.width, variant.height, variant.bit_rate_bps) == (160, 90, None)


def test_several_videos_keep_their_order_beside_photos(standin: Standin) -> None:
    first, second = _video(standin), _video(standin)
    x_id = standin.add_post([first, statuses.photo_media("9"), second])

    post = fetch_post(x_id, standin.settings())

    assert [(v.index, v.media_id) for v in post.videos] == [(0, first["id_str"]), (1, second["id_str"])]


def test_media_of_another_account_names_its_source(standin: Standin) -> None:
    x_id = standin.add_post([_video(standin, source_user_id_str="123", source_status_id_str="456")])

    post = fetch_post(x_id, standin.settings())

    assert post.videos[0].source_user_id == "123"


def test_equal_bit_rates_are_two_variants(standin: Standin) -> None:
    clips = [standin.clip("small"), standin.clip("landscape", size="160x90")]
    x_id = standin.add_post([standin.add_video(clips, bit_rates=(832_000, 832_000))])

    post = fetch_post(x_id, standin.settings())

    assert [v.bit_rate_bps for v in post.videos[0].variants] == [832_000, 832_000]
    assert len({v.url for v in post.videos[0].variants}) == 2


def test_one_address_twice_is_one_variant(standin: Standin) -> None:
    clip = standin.clip("small")
    x_id = standin.add_post([standin.add_video([clip, clip], bit_rates=(256_000, 256_000))])

    post = fetch_post(x_id, standin.settings())

    assert len(post.videos[0].variants) == 1


@pytest.mark.slow
def test_hls_beside_files_of_the_same_size_adds_no_variant(standin: Standin) -> None:
    video, hls = _video(standin), standin.add_hls_video()
    video["video_info"]["variants"] += hls["video_info"]["variants"]
    x_id = standin.add_post([video])

    post = fetch_post(x_id, standin.settings())

    assert [v.is_hls for v in post.videos[0].variants] == [False]


@pytest.mark.slow
def test_hls_of_a_size_that_no_file_has_is_a_variant(standin: Standin) -> None:
    video, hls = standin.add_video([standin.clip("small")]), standin.add_hls_video()
    video["video_info"]["variants"] += hls["video_info"]["variants"]
    x_id = standin.add_post([video])

    post = fetch_post(x_id, standin.settings())

    assert [(v.width, v.is_hls) for v in post.videos[0].variants] == [(64, False), (160, True)]


@pytest.mark.slow
def test_hls_alone_names_the_playlist_of_its_sound(standin: Standin) -> None:
    x_id = standin.add_post([standin.add_hls_video()])

    post = fetch_post(x_id, standin.settings())

    [variant] = post.videos[0].variants
    base = variant.url.partition("/video/")[0]
    assert variant.url == f"{base}/video/list.m3u8#audio={base}/audio/list.m3u8"
    assert (variant.width, variant.height, variant.bit_rate_bps) == (160, 90, 950_000)


# --- whose video it is ----------------------------------------------------------------------------------


def _quoting(standin: Standin, media: list[dict[str, Any]]) -> str:
    quoted = statuses.tweet("55", [_video(standin)], handle="other", user_id="99")
    return standin.add_result(
        lambda x_id: {
            **statuses.tweet(x_id, media, quoted_status_id_str="55", is_quote_status=True),
            "quoted_status_result": {"result": quoted},
        }
    )


def test_quoted_video_is_not_the_quoting_authors(standin: Standin) -> None:
    own = _video(standin)
    x_id = _quoting(standin, [own])

    post = fetch_post(x_id, standin.settings())

    assert [v.media_id for v in post.videos] == [own["id_str"]]
    assert post.quoted_id == "55"


def test_post_that_only_quotes_a_video_has_none(standin: Standin) -> None:
    x_id = _quoting(standin, [])

    with pytest.raises(errors.NoVideo, match=f"Post {x_id} has no video of its own"):
        fetch_post(x_id, standin.settings())


def test_quoted_video_is_left_out_through_the_second_door_too(standin: Standin) -> None:
    own = _video(standin)
    x_id = _quoting(standin, [own])
    standin.break_graphql(x_id, status=429)

    post = fetch_post(x_id, standin.settings())

    assert (post.via, post.quoted_id, len(post.videos)) == ("syndication", "55", 1)
    assert post.videos[0].variants[0].url == own["video_info"]["variants"][0]["url"]


def test_repost_is_the_original_authors(standin: Standin) -> None:
    original = statuses.tweet("55", [_video(standin)], handle="other", user_id="99")
    x_id = standin.add_post(handle="fan", user_id="11", retweeted_status_result={"result": original})

    post = fetch_post(x_id, standin.settings())

    assert (post.x_id, post.author_handle, post.author_id, len(post.videos)) == (x_id, "other", "99", 1)


def test_yt_dlp_itself_still_counts_quoted_videos(standin: Standin) -> None:
    x_id = _quoting(standin, [_video(standin)])
    params = {"proxy": standin.proxy, "nocheckcertificate": True, "quiet": True, "js_runtimes": {}}

    with YoutubeDL(params, auto_init=False) as ydl:
        ydl.add_info_extractor(TwitterIE(ydl))
        info = ydl.extract_info(canonical_url(x_id), download=False, process=False)

    # When this is one, yt-dlp#14664 is mended, and the subclass can let go of it.
    assert len(list(info["entries"])) == 2


# --- posts without a video --------------------------------------------------------------------------------


def test_photo_is_no_video(standin: Standin) -> None:
    x_id = standin.add_post([statuses.photo_media("9")])

    with pytest.raises(errors.NoVideo):
        fetch_post(x_id, standin.settings())


def test_text_is_no_video_and_needs_no_second_look(standin: Standin) -> None:
    x_id = standin.add_post()

    with pytest.raises(errors.NoVideo, match="Only posts with a video or GIF of their own"):
        fetch_post(x_id, standin.settings())

    assert standin.num_requests("syndication") == 0


def test_external_link_is_not_followed(standin: Standin) -> None:
    link = {"expanded_url": "http://169.254.169.254/latest/meta-data"}
    x_id = standin.add_post(entities={"urls": [link]})

    with pytest.raises(errors.NoVideo):
        fetch_post(x_id, standin.settings())


def test_card_of_another_site_is_not_followed(standin: Standin) -> None:
    url = {"key": "player_url", "value": {"type": "STRING", "string_value": "https://169.254.169.254/"}}
    card = {"legacy": {"name": "player", "binding_values": [url]}}
    x_id = standin.add_result(lambda x_id: {**statuses.tweet(x_id, []), "card": card})

    with pytest.raises(errors.NoVideo):
        fetch_post(x_id, standin.settings())


def test_withheld_video_says_so(standin: Standin) -> None:
    withheld = {"ext_media_availability": {"status": "Unavailable", "reason": "Dmcaed"}}
    x_id = standin.add_post([statuses.video_media("9", [], **withheld)])

    with pytest.raises(errors.Unavailable, match=f"X withholds the video of post {x_id}: Dmcaed"):
        fetch_post(x_id, standin.settings())


def test_deleted_post_is_told_by_the_second_door(standin: Standin) -> None:
    x_id = standin.new_id()

    with pytest.raises(errors.Deleted, match=rf"Post {x_id} does not exist \(any more\)"):
        fetch_post(x_id, standin.settings())


def test_post_that_only_the_second_door_shows_is_collected(standin: Standin) -> None:
    x_id = standin.add_post([_video(standin)])
    standin.break_graphql(x_id, status=200, body=b'{"data": {"tweetResult": {}}}')

    post = fetch_post(x_id, standin.settings())

    assert (post.via, post.author_handle, post.author_id) == ("syndication", "author", "77")
    assert len(post.videos[0].variants) == 1


def test_tombstone_of_the_second_door_wants_a_login(standin: Standin) -> None:
    x_id = standin.add_result(statuses.unavailable("NsfwLoggedOut"))
    standin.break_graphql(x_id, status=200, body=b'{"data": {"tweetResult": {}}}')

    with pytest.raises(errors.LoginRequired, match=r"Age-restricted adult content.*Set X_COOKIES_FILE"):
        fetch_post(x_id, standin.settings())


@pytest.mark.parametrize(
    ("result", "error"),
    [
        (statuses.unavailable("Suspended"), errors.Suspended),
        (statuses.tombstone("This Post is from a suspended account."), errors.Suspended),
        (statuses.unavailable("Protected"), errors.Protected),
        (statuses.tombstone("This account owner limits who can view their Posts."), errors.Protected),
        (statuses.tombstone("This Post was deleted by the Post author."), errors.Deleted),
        (statuses.tombstone("This Post is from an account that no longer exists."), errors.Deleted),
        (statuses.unavailable("NsfwLoggedOut"), errors.LoginRequired),
        (statuses.tombstone("Age-restricted adult content."), errors.LoginRequired),
        (statuses.tombstone("This Post violated the X Rules."), errors.Unavailable),
        (statuses.unavailable("Unspecified"), errors.Unavailable),
    ],
)
def test_post_that_x_does_not_show_says_why(
    standin: Standin, result: dict[str, Any], error: type[errors.Permanent]
) -> None:
    x_id = standin.add_result(result)

    with pytest.raises(error, match=x_id):
        fetch_post(x_id, standin.settings())


# --- cookies ----------------------------------------------------------------------------------------------


def test_sensitive_post_wants_a_login(standin: Standin) -> None:
    x_id = standin.add_sensitive_post([_video(standin)])

    with pytest.raises(errors.LoginRequired):
        fetch_post(x_id, standin.settings())


def test_sensitive_post_is_collected_with_cookies(standin: Standin, tmp_path: Path) -> None:
    x_id = standin.add_sensitive_post([_video(standin)])
    cookies = standin.write_cookies(tmp_path / "cookies.txt")

    post = fetch_post(x_id, standin.settings(cookies_file=cookies))

    assert (post.is_sensitive, len(post.videos)) == (True, 1)


def test_cookies_file_is_left_as_it_is(standin: Standin, tmp_path: Path) -> None:
    x_id = standin.add_sensitive_post([_video(standin)])
    cookies = standin.write_cookies(tmp_path / "cookies.txt")
    before = Path(cookies).read_bytes()

    fetch_post(x_id, standin.settings(cookies_file=cookies))
    fetch_post(standin.add_post([_video(standin)]), standin.settings())  # the first instance is closed here

    assert Path(cookies).read_bytes() == before


def test_cookies_that_x_refuses_are_invalid(standin: Standin, tmp_path: Path) -> None:
    x_id = standin.add_post([_video(standin)])
    cookies = standin.write_cookies(tmp_path / "cookies.txt", auth_token="signed-out")

    with pytest.raises(errors.CookiesInvalid, match=r"Could not authenticate you.*export the cookies"):
        fetch_post(x_id, standin.settings(cookies_file=cookies))


def test_changed_cookies_are_read_anew(standin: Standin, tmp_path: Path) -> None:
    x_id = standin.add_post([_video(standin)])
    settings = standin.settings(
        cookies_file=standin.write_cookies(tmp_path / "cookies.txt", auth_token="signed-out")
    )
    with pytest.raises(errors.CookiesInvalid):
        fetch_post(x_id, settings)
    standin.write_cookies(tmp_path / "cookies.txt")

    post = fetch_post(x_id, settings)

    assert post.x_id == x_id


# --- what is worth another try ------------------------------------------------------------------------------


def test_rate_limit_of_one_door_leaves_the_other(standin: Standin) -> None:
    x_id = standin.add_post([_video(standin)])
    reset = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=7)
    headers = {"x-rate-limit-reset": str(int(reset.timestamp()))}
    standin.break_graphql(x_id, status=429, headers=headers, times=1)

    post = fetch_post(x_id, standin.settings())

    assert (post.via, post.limited_until) == ("syndication", reset)
    assert len(post.videos) == 1


def test_rate_limit_everywhere_says_until_when(standin: Standin) -> None:
    x_id = standin.add_post([_video(standin)])
    reset = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=7)
    standin.break_graphql(x_id, status=429, headers={"x-rate-limit-reset": str(int(reset.timestamp()))})
    standin.break_syndication(x_id, status=429)

    with pytest.raises(errors.RateLimited, match=f"X refused post {x_id}: too many requests") as caught:
        fetch_post(x_id, standin.settings())

    assert caught.value.retry_at == reset


def test_rate_limit_of_guest_tokens_leaves_the_second_door(standin: Standin) -> None:
    x_id = standin.add_post([_video(standin)])
    standin.break_guest_token(status=429)

    post = fetch_post(x_id, standin.settings())

    assert post.via == "syndication"


def test_empty_page_means_too_many_requests(standin: Standin) -> None:
    x_id = standin.add_post([_video(standin)])
    standin.break_graphql(x_id, status=200)

    with pytest.raises(errors.RateLimited, match=f"empty page for post {x_id}") as caught:
        fetch_post(x_id, standin.settings())

    assert caught.value.retry_at is not None


def test_retired_query_id_means_that_yt_dlp_is_too_old(standin: Standin) -> None:
    x_id = standin.add_post([_video(standin)])
    standin.site.query_id = "a-newer-query-id"

    with pytest.raises(errors.ExtractorBroken, match="Update yt-dlp"):
        fetch_post(x_id, standin.settings())


@pytest.mark.parametrize(
    "body",
    [b"<html>", b'{"data": {"tweetResult": {"result": {"__typename": "Tweet", "legacy": []}}}}'],
)
def test_answer_of_another_shape_means_that_yt_dlp_is_too_old(standin: Standin, body: bytes) -> None:
    x_id = standin.add_post([_video(standin)])
    standin.break_graphql(x_id, status=200, body=body)

    with pytest.raises(errors.ExtractorBroken, match=x_id):
        fetch_post(x_id, standin.settings())


def test_server_error_is_x_s_problem(standin: Standin) -> None:
    x_id = standin.add_post([_video(standin)])
    standin.break_graphql(x_id, status=503)

    with pytest.raises(errors.ServerError, match=f"X answered 503 for post {x_id}"):
        fetch_post(x_id, standin.settings())


@pytest.mark.slow
def test_stalled_answer_is_the_network_s_problem(standin: Standin) -> None:
    x_id = standin.add_post([_video(standin)])
    standin.break_graphql(x_id, status=200, body=b"{}" * 100, stall_at=0.5)

    with pytest.raises(errors.NetworkError, match="did not answer in time"):
        fetch_post(x_id, standin.settings(socket_timeout=0.2))


def test_proxy_that_is_not_there_is_the_network_s_problem(standin: Standin) -> None:
    settings = standin.settings(proxy="http://127.0.0.1:9")

    with pytest.raises(
        errors.NetworkError, match=r"Post 1 could not be asked for: .*Check the connection and X_PROXY"
    ):
        fetch_post("1", settings)


def test_unknown_authority_is_told_with_its_remedy(standin: Standin) -> None:
    settings = standin.settings(ca_file="")

    with pytest.raises(errors.NetworkError, match="whose CA X_CA_FILE must name"):
        fetch_post("1", settings)


def test_missing_ca_file_is_named(standin: Standin) -> None:
    settings = standin.settings(ca_file="missing.pem")

    with pytest.raises(errors.NetworkError, match=r"X_CA_FILE missing\.pem is no readable PEM bundle"):
        fetch_post("1", settings)


# --- the guard ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "target", ["https://169.254.169.254/x", "http://127.0.0.1/x", "http://x.com/", "file:///x"]
)
def test_redirect_of_an_answer_to_another_host_is_blocked(standin: Standin, target: str) -> None:
    x_id = standin.add_post([_video(standin)])
    standin.break_graphql(x_id, status=302, headers={"Location": target})

    with pytest.raises(errors.BlockedHost, match="is not one of X's own"):
        fetch_post(x_id, standin.settings())


def test_playlist_elsewhere_is_blocked(standin: Standin) -> None:
    hls = statuses.hls_variant("https://169.254.169.254/master.m3u8")
    x_id = standin.add_post([statuses.video_media("9", [hls])])

    with pytest.raises(errors.BlockedHost, match=r"169\.254\.169\.254"):
        fetch_post(x_id, standin.settings())


def test_playlist_elsewhere_does_not_lose_the_files(standin: Standin) -> None:
    video = _video(standin)
    video["video_info"]["variants"].append(statuses.hls_variant("https://169.254.169.254/master.m3u8"))
    x_id = standin.add_post([video])

    post = fetch_post(x_id, standin.settings())

    assert len(post.videos[0].variants) == 1


@pytest.mark.slow
def test_playlist_that_fails_now_is_worth_another_try(standin: Standin) -> None:
    video = standin.add_hls_video()
    standin.break_url(video["video_info"]["variants"][0]["url"], status=503)
    x_id = standin.add_post([video])

    with pytest.raises(errors.ServerError):
        fetch_post(x_id, standin.settings())
