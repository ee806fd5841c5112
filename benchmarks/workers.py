"""The sides of a comparison that need environments of their own: processes that do what each line of JSON asks for."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks import measuring


class Worker:
    """A process that reads lines of JSON and answers each with one.

    It says one line when it is ready, and may say one more when its input ends; what else it prints is passed over.

    Args:
        command: What it is.
        environment: Its environment variables, where they are not this process' own.

    Attributes:
        said: What it said when it was ready.

    Raises:
        SystemExit: Here and below, if it ends before it has answered, or fails.
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
        self.said = self._answer()

    def ask(self, **wanted: Any) -> dict[str, Any]:
        """Its answer to one line."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(wanted) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def round(self) -> float:
        """The seconds that one round took, by its own clock."""
        return float(self.ask()["seconds"])

    def end(self) -> dict[str, Any]:
        """What it said at its beginning and says at its end."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        last = self._line() or {}
        if self._process.wait(timeout=600) != 0:
            raise SystemExit(f"a side of the benchmark ended with status {self._process.returncode}")
        return {**self.said, **last}

    def _answer(self) -> dict[str, Any]:
        found = self._line()
        if found is None:
            raise SystemExit(f"a side of the benchmark ended with status {self._process.wait()}")
        return found

    def _line(self) -> dict[str, Any] | None:
        assert self._process.stdout is not None
        return next((json.loads(line) for line in self._process.stdout if line.startswith("{")), None)
