"""A scored file that is killed with SIGKILL at ten random moments ends with the bytes of an undisturbed run."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tiny_models import save_tiny

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(3600),
    pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL"),
]

KILLS = 10
ROWS = 30_000
SCRIPT = """
import sys
from samesay.jobs.score import score_file
if __name__ == "__main__":
    model, source, output, jobs = sys.argv[1:]
    score_file(model, source, output, jobs=int(jobs), threads=1, chunk_rows=250, on_error="skip")
"""


def stand(folder: Path) -> int:
    """How many parts are done, 0 where nothing is."""
    return sum(path.read_bytes().count(b"\n") - 1 for path in folder.glob(".*/journal.jsonl"))


@pytest.mark.parametrize(("ending", "jobs"), [("csv", 1), ("jsonl.gz", 1), ("parquet", 1), ("csv", 2)])
def test_ten_kills_change_no_row(tmp_path: Path, ending: str, jobs: int) -> None:
    draw = random.Random(f"{ending} {jobs}")
    script, model, source = tmp_path / "run.py", save_tiny(tmp_path / "tiny"), tmp_path / "pairs.csv"
    script.write_text(SCRIPT, encoding="utf-8")
    words = ("a dog runs", "the cat sleeps", "no person eats outside", "a child sings")
    with source.open("w", encoding="utf-8") as stream:
        stream.write("premise,hypothesis,id\n")
        for row in range(ROWS):
            stream.write(f"{draw.choice(words)},{draw.choice(words)}{f',{row}' * (row % 977 != 0)}\n")

    def command(output: str) -> list[str]:
        return [sys.executable, *map(str, (script, model, source, tmp_path / output, jobs))]

    subprocess.run(command(f"whole.{ending}"), check=True)
    stands = [0]
    while len(stands) <= KILLS:
        with subprocess.Popen(command(f"out.{ending}")) as process:
            # Some parts on from where it stands, in the middle of whatever it does then.
            target = stands[-1] + draw.randrange(12)
            while process.poll() is None and stand(tmp_path) < target:
                time.sleep(0.005)
            time.sleep(draw.uniform(0, 0.05))
            process.kill()
        assert process.returncode == -signal.SIGKILL, "the run ended before it was killed"
        stands.append(stand(tmp_path))
    assert stands == sorted(stands), "what was done is never lost"
    assert 0 < stands[-1] < ROWS / 250
    subprocess.run(command(f"out.{ending}"), check=True)
    for suffix in ("", ".skipped.jsonl"):
        killed, whole = (Path(f"{tmp_path}/{name}.{ending}{suffix}") for name in ("out", "whole"))
        assert killed.read_bytes() == whole.read_bytes()
    assert not list(tmp_path.glob(".*"))
