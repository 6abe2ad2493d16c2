"""Do one thing at a time on a thread, and hear of its failure."""

import threading
from collections.abc import Callable


class Background:
    """Runs jobs one after the other beside the caller, who hears of an error at the next call.

    The thread is a daemon: a program that must end at once does not wait for it.
    """

    def __init__(self) -> None:
        self._thread: threading.Thread | None = None
        self._error: BaseException | None = None

    def start(self, job: Callable[[], object]) -> None:
        """Wait for the job before, then begin this one."""
        self.wait()
        self._thread = threading.Thread(target=self._run, args=(job,), name="background", daemon=True)
        self._thread.start()

    def check(self) -> None:
        """Raise what a finished job raised; do not wait for one that runs."""
        if self._thread is not None and not self._thread.is_alive():
            self.wait()

    def wait(self) -> None:
        """Let the job finish, and raise what it raised."""
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        error, self._error = self._error, None
        if error is not None:
            raise error

    def _run(self, job: Callable[[], object]) -> None:
        try:
            job()
        except BaseException as error:  # noqa: BLE001  # crosses the thread: the caller raises it
            self._error = error
