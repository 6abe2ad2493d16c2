"""`kill -9` while posts download: nothing lost, nothing stored twice, nothing damaged, nothing left lying."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.collecting.drills.archive import publish
from tests.collecting.drills.processes import Redis
from tests.collecting.drills.stage import Stage, add, damage_done, kill_at_random, times_stored
from tests.collecting.standin.x import Standin
from tests.servers import free_port

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

DRILLS = [
    pytest.param(12, 2, marks=[pytest.mark.slow], id="short"),
    pytest.param(200, 10, marks=[pytest.mark.nightly, pytest.mark.timeout(1800)], id="full"),
]


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Redis]:
    redis = Redis(tmp_path, free_port())
    redis.start()
    yield redis
    redis.kill()


@pytest.mark.parametrize(("num_posts", "num_kills"), DRILLS)
def test_killed_worker_loses_nothing(
    tmp_path: Path, standin: Standin, redis_url: str, num_posts: int, num_kills: int
) -> None:
    archive, stage = publish(standin, num_posts), Stage(tmp_path, standin, redis_url)
    add(archive)

    with stage.playing():
        num_killed = kill_at_random(stage.worker, stage, num_kills)
        stage.wait_for_all()
        times = times_stored()

    assert num_killed == num_kills
    assert times == {1}
    assert damage_done(archive) == []


@pytest.mark.parametrize(("num_posts", "num_kills"), DRILLS)
def test_redis_that_forgets_loses_nothing(
    tmp_path: Path, standin: Standin, redis: Redis, num_posts: int, num_kills: int
) -> None:
    archive, stage = publish(standin, num_posts), Stage(tmp_path, standin, redis.url)
    add(archive)

    with stage.playing():
        num_killed = kill_at_random(redis, stage, num_kills)
        stage.wait_for_all()
        times = times_stored()

    assert num_killed == num_kills
    assert times == {1}
    assert damage_done(archive) == []
