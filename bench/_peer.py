"""A process that answers one line of JSON with one line of JSON: what a measured side runs in."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self


class Peer:
    """A script beside this file, kept alive with what it loaded; a context manager."""

    def __init__(self, script: str, options: Mapping[str, Any], environment: Mapping[str, str]) -> None:
        path = Path(__file__).with_name(script)
        self._process = subprocess.Popen(
            [sys.executable, "-P", str(path), json.dumps(options)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        self.greeting = self._read()

    def exchange(self, question: Mapping[str, Any]) -> dict[str, Any]:
        """Send one object and wait for the answer.

        Raises:
            RuntimeError: The process ended.
        """
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        return self._read()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate(timeout=60)  # closes its input: it ends by itself

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("a measured process ended early; its traceback is above")
        answer: dict[str, Any] = json.loads(line)
        return answer
