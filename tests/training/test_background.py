import threading
from functools import partial

import pytest

from training.learning.background import Background


def test_jobs_run_one_after_the_other() -> None:
    seen: list[int] = []
    background = Background()

    for number in range(3):
        background.start(partial(seen.append, number))
    background.wait()

    assert seen == [0, 1, 2]


def test_error_is_raised_once_and_then_forgotten() -> None:
    background = Background()
    background.start(lambda: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        background.wait()

    background.wait()


def test_check_does_not_wait() -> None:
    may_end, background = threading.Event(), Background()
    background.start(lambda: may_end.wait(10))

    background.check()

    assert not may_end.is_set()
    may_end.set()
    background.wait()
