import threading
from collections.abc import Iterator

import pytest

from cakelens.prefetch import prefetched


def test_items_come_in_order() -> None:
    items = range(20)

    assert list(prefetched(items, ahead=2)) == list(items)


def test_the_maker_waits_for_room() -> None:
    made: list[int] = []

    def maker() -> Iterator[int]:
        for number in range(100):
            made.append(number)
            yield number

    consumer = prefetched(maker(), ahead=2)
    next(consumer)
    consumer.close()  # type: ignore[attr-defined]

    assert len(made) <= 4  # one taken, two in the queue, one waiting


def test_an_error_comes_after_what_was_made_before_it() -> None:
    def maker() -> Iterator[int]:
        yield 1
        raise ValueError("broke off")

    consumer = prefetched(maker(), ahead=2)

    assert next(consumer) == 1
    with pytest.raises(ValueError, match="broke off"):
        next(consumer)


def test_leaving_early_ends_the_thread() -> None:
    consumer = prefetched(iter(range(1000)), ahead=1)
    next(consumer)

    consumer.close()  # type: ignore[attr-defined]

    assert "prefetch" not in {thread.name for thread in threading.enumerate()}
