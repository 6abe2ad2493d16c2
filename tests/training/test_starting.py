"""Starting a run from the batch's page."""

import pytest
from django.test import Client

from jobs import workers
from jobs.models import State
from tests.factories import make_batch, make_run, make_user
from training.config import PRESETS
from training.models import TrainingRun

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(make_user("root", role="admin"))
    return client


def test_button_queues_a_run_with_its_choices(admin: Client) -> None:
    make_batch("v5.0")

    page = admin.post(
        "/batches/v5.0/train/", {"preset": "v6", "epochs": "3", "hold_out": "KLING"}, follow=True
    )

    run = TrainingRun.objects.get()
    chosen = PRESETS["v6"].to_dict() | {"epochs": 3, "hold_out": "KLING"}
    assert (run.state, run.config) == (State.QUEUED, chosen)
    assert run.requested_by is not None
    assert f"Run {run.pk} waits for a worker on the queue train." in page.text


def test_pressed_twice_the_same_run_waits_once(admin: Client) -> None:
    make_batch("v5.0")

    for _ in range(2):
        page = admin.post("/batches/v5.0/train/", {"preset": "v6"}, follow=True)

    assert TrainingRun.objects.count() == 1
    assert "is waiting already, with the same choices" in page.text


def test_wrong_choice_is_said_and_nothing_begins(admin: Client) -> None:
    make_batch("v5.0")

    page = admin.post("/batches/v5.0/train/", {"preset": "v6", "epochs": "0"}, follow=True)

    assert not TrainingRun.objects.exists()
    assert "Epochs: Ensure this value is greater than or equal to 1." in page.text


def test_batch_that_is_not_exported_has_no_runs(admin: Client) -> None:
    assert admin.post("/batches/v9.9/train/", {"preset": "v6"}).status_code == 404


def test_labeler_may_not_train_and_sees_no_form(client: Client) -> None:
    client.force_login(make_user("ana", role="labeler"))
    make_batch("v5.0")

    answer = client.post("/batches/v5.0/train/", {"preset": "v6"})

    assert answer.status_code == 403
    assert "Train on this batch" not in client.get("/batches/v5.0/").text


def test_run_that_nobody_will_take_up_says_what_to_do(admin: Client) -> None:
    make_run(make_batch("v5.0"), state=State.QUEUED)

    page = admin.get("/batches/v5.0/").text

    assert (
        "Nobody works on the queue <code>train</code>. By hand: <code>manage.py train_waiting</code>" in page
    )
    assert "the run waits for a worker, or for <code>manage.py train_waiting</code>." in page


def test_run_that_a_worker_takes_up_only_waits(admin: Client) -> None:
    workers.beat(["train"])
    make_run(make_batch("v5.0"), state=State.QUEUED)

    page = admin.get("/batches/v5.0/").text

    assert "Waiting for a worker" in page
    assert "A worker on the queue <code>train</code> takes it up." in page
    assert "Nobody works" not in page


def test_batch_page_has_the_form_and_the_curve_of_a_run(admin: Client) -> None:
    batch = make_batch("v5.0")
    curve = {"stretch": 1, "points": [[1, 0.7], [5, 0.4]]}
    make_run(batch, num_steps=10, loss_first=0.7, loss_last=0.4, metrics={"curve": curve})

    page = admin.get("/batches/v5.0/").text

    assert "Train on this batch" in page
    assert 'd="M16.0 0.0L80.0 17.1"' in page
