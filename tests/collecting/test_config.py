import pytest

from labeling.collecting.config import parse_rate


@pytest.mark.parametrize(
    ("text", "bytes_per_second"),
    [("", None), ("1000", 1000), ("500K", 512_000), ("2M", 2_097_152), ("1.5 MiB/s", 1_572_864)],
)
def test_rate_is_read_in_bytes_per_second(text: str, bytes_per_second: int | None) -> None:
    rate = parse_rate(text)

    assert rate == bytes_per_second


@pytest.mark.parametrize("text", ["fast", "0", "-1", "2 T"])
def test_rate_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="X_RATE_LIMIT must be bytes per second like 500K or 2M"):
        parse_rate(text)
