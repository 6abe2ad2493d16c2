"""A number, and behind it the words that fit it: commands say `1 file`, not `1 files`. Loads no Django."""


def counted(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"


def skipped(num_withdrawn: int) -> str:
    """Say that videos of a batch are left out."""
    return counted(
        num_withdrawn,
        "video was withdrawn since: it is skipped.",
        "videos were withdrawn since: they are skipped.",
    )
