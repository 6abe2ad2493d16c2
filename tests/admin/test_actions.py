"""What an admin does by hand: settings with history, jobs tried again, claims taken back, tokens revoked."""

from contextlib import ExitStack
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.messages import get_messages
from django.db import transaction
from django.db.models import Model
from django.forms.models import model_to_dict
from django.test import Client
from django.urls import reverse

from inference.models import ModelVersion
from jobs.models import State
from labeling import answering, queue
from labeling.admin import PreferencesAdmin, VideoAdmin
from labeling.models import (
    ApiToken,
    CollectJob,
    GoldAnswer,
    Guideline,
    LabelDefinition,
    Post,
    Preferences,
    SiteSettings,
    Slot,
    Video,
)
from tests.factories import (
    claim_of,
    hold,
    make_answer,
    make_job,
    make_model,
    make_post,
    make_superuser,
    make_user,
    make_video,
)
from tests.races import meanwhile

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]


@pytest.fixture
def root(client: Client) -> Client:
    client.force_login(make_superuser())
    return client


def address(model: type[Model], page: str, *args: object) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def do(client: Client, action: str, *rows: Model, **more: str) -> str:
    """Choose `action` for rows of one kind; return what the admin was told."""
    data: dict[str, Any] = {"action": action, "_selected_action": [row.pk for row in rows]} | more
    response = client.post(address(type(rows[0]), "changelist"), data)
    return " ".join(str(message) for message in get_messages(response.wsgi_request))


def test_settings_keep_who_changed_them(root: Client) -> None:
    shown = model_to_dict(SiteSettings.current())
    values = {name: value for name, value in shown.items() if value is not None}
    values |= {"overlap_percent": 20, "ranking": "random"}

    response = root.post(address(SiteSettings, "change", 1), values)

    newest = SiteSettings.history.latest()
    assert response.status_code == 302
    assert (newest.overlap_percent, newest.ranking) == (20, "random")
    assert newest.history_user == User.objects.get(username="root")
    assert "20" in root.get(address(SiteSettings, "history", 1)).content.decode()


def test_settings_cannot_be_added_twice_or_deleted(root: Client) -> None:
    SiteSettings.current()

    assert root.get(address(SiteSettings, "add")).status_code == 403
    assert root.get(address(SiteSettings, "delete", 1)).status_code == 403


def test_settings_out_of_bounds_are_refused(root: Client) -> None:
    SiteSettings.current()

    response = root.post(address(SiteSettings, "change", 1), {"overlap_percent": 101})

    assert "less than or equal to 100" in response.content.decode()
    assert SiteSettings.current().overlap_percent == 0


def test_failed_jobs_are_tried_again(root: Client) -> None:
    failed, done = make_job(state=State.FAILED), make_job(state=State.DONE)

    told = do(root, "try_again", failed, done)

    failed.refresh_from_db()
    assert failed.state == State.QUEUED
    assert failed.enqueued_at is not None
    assert told == "1 of 2 jobs are queued again; others had not failed."


def test_jobs_are_stopped(root: Client) -> None:
    job = make_job()

    assert do(root, "stop", job) == "1 jobs were asked to stop."
    assert CollectJob.objects.get().state == State.CANCELLED


def test_failed_post_is_collected_again(root: Client) -> None:
    job = make_job(state=State.FAILED, post=make_post(failure_kind="network"))

    assert do(root, "collect_again", job.post) == "1 requests and downloads are queued again."
    assert Post.objects.get().failure_kind == ""


def test_video_is_taken_back_from_who_holds_it(root: Client) -> None:
    slot = hold(make_video().slots.get(), make_user())

    assert do(root, "take_back", slot) == "1 videos are free again."
    assert Slot.objects.free().get() == slot


def test_token_is_revoked(root: Client) -> None:
    text = ApiToken.objects.issue(make_user())

    do(root, "revoke", ApiToken.objects.get())

    assert ApiToken.objects.user_for(text) is None


def test_model_is_promoted(root: Client) -> None:
    model, video = make_model("v6"), make_video()

    told = do(root, "promote", model)

    assert told == "v6 suggests now; 1 videos wait for its judgement."
    assert ModelVersion.objects.suggesting().get() == model
    assert model.predict_jobs.get().video == video


def test_untrained_model_is_not_promoted(root: Client) -> None:
    told = do(root, "promote", make_model("v6", is_trained=False))

    assert "v6 is untrained" in told
    assert not ModelVersion.objects.suggesting().exists()


def test_two_models_are_not_promoted_at_once(root: Client) -> None:
    assert "Choose one model" in do(root, "promote", make_model("a"), make_model("b"))


def test_action_needs_its_right(client: Client) -> None:
    client.force_login(make_user("ana", is_staff=True))
    job = make_job(state=State.FAILED)

    do(client, "try_again", job)

    job.refresh_from_db()
    assert job.state == State.FAILED


def test_video_may_be_moved_in_the_queue_and_nothing_else(root: Client) -> None:
    video = make_video(split="validation")

    root.post(address(Video, "change", video.pk), {"priority": 5, "quarantine": "", "split": "train"})

    video.refresh_from_db()
    assert (video.priority, video.split, video.picked_by) == (5, "validation", "by hand")
    assert video.slots.get().priority == 5


def test_quarantine_by_hand_keeps_a_video_out_and_its_reasons_in_the_history(root: Client) -> None:
    video = make_video()
    page = address(Video, "change", video.pk)

    root.post(page, {"priority": video.priority, "quarantine": "The other side has it."})
    kept_out = Video.objects.exclude(quarantine="").get()
    root.post(page, {"priority": video.priority, "quarantine": ""})

    history = root.get(address(Video, "history", video.pk)).text
    assert (kept_out, kept_out.quarantine) == (video, "The other side has it.")
    assert "Quarantine: &#x27;&#x27; became &#x27;The other side has it.&#x27;" in history
    assert "Quarantine: &#x27;The other side has it.&#x27; became &#x27;&#x27;" in history


def test_video_settled_while_an_admin_moves_it_stays_settled(
    root: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    video, ana = make_video(), make_user("ana")
    [slot] = queue.claim(ana)
    read = VideoAdmin.get_object

    def read_before_the_answer(*args: Any) -> Any:
        found = read(*args)
        answering.submit(ana, claim_of(slot), make_answer(ai_gen=False))
        return found

    monkeypatch.setattr(VideoAdmin, "get_object", read_before_the_answer)
    root.post(address(Video, "change", video.pk), {"priority": 5, "quarantine": ""})

    video.refresh_from_db()
    assert video.priority == 5
    assert video.settlement is not None


def test_keys_changed_while_an_admin_changes_a_preference_stay(
    root: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    preferences = Preferences.objects.create(user=make_user("ana"))
    read = PreferencesAdmin.get_object

    def read_before_the_keys(*args: Any) -> Any:
        found = read(*args)
        Preferences.objects.update(keymap={"undo": "u"})
        return found

    monkeypatch.setattr(PreferencesAdmin, "get_object", read_before_the_keys)
    sent = {"user": preferences.user_id, "keymap": "{}", "initial-keymap": "{}"}
    root.post(address(Preferences, "change", preferences.pk), sent)

    preferences.refresh_from_db()
    assert (preferences.keymap, preferences.shows_sensitive) == ({"undo": "u"}, False)


def test_test_videos_keep_their_random_order(root: Client) -> None:
    video = make_video(split="test", is_blind=True, priority=0.5)

    root.post(address(Video, "change", video.pk), {"priority": 5, "quarantine": ""})

    video.refresh_from_db()
    assert (video.priority, video.slots.get().priority) == (0.5, 0.5)


def test_gold_answer_names_who_added_it(root: Client) -> None:
    video = make_video()

    response = root.post(address(GoldAnswer, "add"), {"video": video.pk, "ai_gen": "true", "sora": "true"})

    assert response.status_code == 302
    assert GoldAnswer.objects.get().added_by == User.objects.get(username="root")


def test_gold_answer_that_breaks_a_rule_is_refused_in_words(root: Client) -> None:
    response = root.post(
        address(GoldAnswer, "add"), {"video": make_video().pk, "ai_gen": "false", "sora": "true"}
    )

    assert response.status_code == 200
    assert "generator_requires_ai_gen" in response.content.decode()
    assert not GoldAnswer.objects.exists()


def test_guideline_is_added_and_never_changed(root: Client) -> None:
    root.post(address(Guideline, "add"), {"version": 2, "text": "Look at the hands."})
    guideline = Guideline.objects.get()

    response = root.post(address(Guideline, "change", guideline.pk), {"version": 2, "text": "changed"})

    assert guideline.created_by == User.objects.get(username="root")
    assert response.status_code == 403


def test_changed_definition_is_a_new_version_of_the_guideline(root: Client) -> None:
    Guideline.objects.create(version=3, text="Look at the hands.")

    root.post(address(LabelDefinition, "add"), {"label": "SORA", "text": "Made with Sora."})
    definition = LabelDefinition.objects.get()
    change = address(LabelDefinition, "change", definition.pk)
    for text in ("Made with Sora.", "Made with Sora, any version."):  # the first changes nothing
        root.post(change, {"label": "SORA", "text": text})
    do(root, "delete_selected", definition, post="yes")

    assert not LabelDefinition.objects.exists()
    assert Guideline.version_in_force() == 6
    newest = Guideline.objects.get(version=6)
    assert (newest.text, str(newest.created_by)) == ("Look at the hands.", "root")


def test_first_definition_is_another_version_than_none(root: Client) -> None:
    root.post(address(LabelDefinition, "add"), {"label": "SORA", "text": "Made with Sora."})

    assert (Guideline.version_in_force(), Guideline.objects.get().text) == (2, "")


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_definitions_changed_at_once_are_versions_one_after_another() -> None:
    root = make_superuser()
    Guideline.objects.create(version=3, text="Look at the hands.")

    reword = transaction.atomic(Guideline.reworded)
    with ExitStack() as stack:
        with transaction.atomic():
            Guideline.reworded(by=root)
            second = stack.enter_context(meanwhile(lambda: reword(by=root)))
        second.result()

    assert list(Guideline.objects.values_list("version", flat=True)) == [5, 4, 3]
