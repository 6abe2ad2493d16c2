"""FFmpeg for torchcodec without a system package: the libraries that the `av` wheel carries.

torchcodec asks the loader for `libavcodec.so.62`; the wheel holds `libavcodec-<hash>.so.62.28.102`. One
folder of links under both names, on LD_LIBRARY_PATH before Python starts, makes them meet. Standard library
only: manage.py runs this before anything else.
"""

import os
import re
import sys
import uuid
from importlib.util import find_spec
from pathlib import Path

FOLDER = Path(sys.prefix) / "lib" / "ffmpeg"


def link_libraries(folder: Path = FOLDER) -> Path:
    """Make `folder` hold links to FFmpeg's libraries under the names torchcodec asks for.

    Links are replaced one by one, atomically: two processes may start at once.

    Raises:
        FileNotFoundError: `av` is not installed, or not from a wheel that carries FFmpeg.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for library in _libraries():
        for name in {library.name, _asked_name(library.name)}:
            _link(folder / name, library)
    return folder


def use_libraries() -> None:
    """Start this process anew with FFmpeg's libraries on its path, if torchcodec is here and lacks them.

    The loader reads LD_LIBRARY_PATH only when a program starts. Costs one start of the interpreter; call it
    before anything is imported.
    """
    paths = os.environ.get("LD_LIBRARY_PATH", "").split(os.pathsep)
    if str(FOLDER) in paths or find_spec("torchcodec") is None or find_spec("av") is None:
        return
    os.environ["LD_LIBRARY_PATH"] = os.pathsep.join([str(link_libraries()), *filter(None, paths)])
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606


def _libraries() -> list[Path]:
    spec = find_spec("av")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("av is not installed. Run `make demo`, which installs it.")
    folder = Path(spec.origin).parents[1] / "av.libs"
    libraries = sorted(folder.glob("lib*.so*"))
    if not libraries:
        raise FileNotFoundError(f"{folder} holds no FFmpeg. Install av from its wheel, not from source.")
    return libraries


def _asked_name(name: str) -> str:
    """Turn `libavcodec-5e6b81c2.so.62.28.102` into `libavcodec.so.62`.

    FFmpeg's own libraries only: the wheel's libdrm or libasound must not shadow the system's in a browser.
    """
    return re.sub(r"^(lib(?:av|sw)\w+)-[0-9a-f]{8}(\.so\.\d+).*", r"\1\2", name)


def _link(link: Path, target: Path) -> None:
    if link.is_symlink() and link.readlink() == target:
        return
    temporary = link.with_name(f".{uuid.uuid4().hex}")
    temporary.symlink_to(target)
    temporary.replace(link)


if __name__ == "__main__":
    sys.stdout.write(f"{link_libraries()}\n")
