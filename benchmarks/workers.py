"""The sides of a comparison that need environments of their own: processes that do one round when they are told to."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks import measuring


class Worker:
    """A process that does one round for each line it is written, and answers with one line of JSON.

    It says one line when it is ready, and one more when its input ends; what else it prints is passed over.

    Args:
        command: What it is.
        environment: Its environment variables, where they are not this process' own.

    Attributes:
        said: What it said when it was ready.

    Raises:
        SystemExit: Here and below, if it ends before it has answered.
    """

    def __init__(self, command: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=measuring.ROOT,
            env=environment,
        )
        self.said = self._line()

    def round(self) -> float:
        """The seconds that one round took, by its own clock."""
        assert self._process.stdin is not None
        self._process.stdin.write("go\n")
        self._process.stdin.flush()
        return float(self._line()["seconds"])

    def end(self) -> dict[str, Any]:
        """What it said at its beginning and says at its end."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        last = self._line()
        self._process.wait(timeout=600)
        return {**self.said, **last}

    def _line(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith("{"):
                return json.loads(line)
        raise SystemExit(f"a side of the benchmark ended with status {self._process.wait()}")
