from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from training.batches.media import check_media
from training.batches.rows import ManifestRow

MakeRow = Callable[..., ManifestRow]


def test_whole_missing_cut_and_altered_files(tmp_path: Path, make_row: MakeRow) -> None:
    content = b"a video"
    facts = {"num_bytes": len(content), "sha256": sha256(content).hexdigest()}
    rows = [
        make_row(n, variant={"name": name, **facts}) for n, name in enumerate(("whole", "gone", "cut", "bad"))
    ]
    for name, stored in (("whole", content), ("cut", b"a vi"), ("bad", b"A video")):
        (tmp_path / name).write_bytes(stored)

    problems = list(check_media(rows, tmp_path))

    assert problems == [
        None,
        f"{tmp_path}/gone (missing)",
        f"{tmp_path}/cut (has 4 bytes, not 7)",
        f"{tmp_path}/bad (altered)",
    ]
