"""Run the stand-in by hand: `python -m tests.collecting.standin [NUM_POSTS]`.

Prints the settings that lead to it and the links of its posts, as lines to paste, and serves until Ctrl-C.
"""

import contextlib
import sys
import tempfile
import threading
from pathlib import Path

from tests.collecting.standin.x import Standin


def main() -> None:
    num_posts = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    with tempfile.TemporaryDirectory() as folder, Standin(Path(folder)) as standin:
        clips = [
            standin.clip(f"{width}", size=f"{width}x{width * 9 // 32 * 2}", seconds=4) for width in (320, 640)
        ]
        sys.stdout.write(f"X_PROXY={standin.proxy}\nX_CA_FILE={standin.ca_file}\n")
        for _ in range(num_posts):
            sys.stdout.write(f"https://x.com/author/status/{standin.add_post([standin.add_video(clips)])}\n")
        sys.stdout.flush()
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()


if __name__ == "__main__":
    main()
