"""The process in which inputs are tried: one trial a line on standard input, one answer a line on standard output.

It is watched from outside (``fuzz.watch``), since what hangs, dies or eats the memory cannot say so itself.
"""

from __future__ import annotations

import contextlib
import faulthandler
import io
import json
import os
import shutil
import signal
import sys
import warnings
from pathlib import Path
from random import Random
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ["KERAS_BACKEND"] = "jax"
os.environ["HF_HUB_OFFLINE"] = "1"

from fuzz.mutation import CANARY
from fuzz.specimens import BY_NAME, LOAD, Command

_KEPT = 400


def main(home: Path) -> None:
    """Answer trials until there are no more; what is tried lies in ``home``, and what is valid beside it."""
    faulthandler.enable()
    faulthandler.register(signal.SIGUSR1)
    warnings.simplefilter("ignore")
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print is no answer
    os.chdir(home)
    for line in sys.stdin:
        name, seed = line.split()
        answers.write(json.dumps(_trial(name, int(seed), home)) + "\n")
        answers.flush()


def _trial(name: str, seed: int, home: Path) -> dict[str, Any]:
    """Seed 0 is the valid specimen itself."""
    specimen = BY_NAME[name]
    random = Random(f"{name}:{seed}")
    place = home / "tried" / name
    out = home / "out"
    for used in (place.parent, out):
        shutil.rmtree(used, ignore_errors=True)
        used.mkdir()
    valid = _valid(name, home)
    (shutil.copytree if valid.is_dir() else shutil.copy)(valid, place)
    if seed:
        specimen.change(random, place)
        if specimen.mend and random.random() < 0.8:
            specimen.mend(place)
    words = {"it": place, "out": out, "model": _valid("bundle", home), "pairs": _valid("pairs.csv", home)}
    commands = specimen.commands if not seed else (random.choice(specimen.commands),)
    answer: dict[str, Any] = {}
    for command in commands:
        status, said = _run(tuple(word.format(**words) for word in command))
        answer = {
            "command": " ".join(command),
            "status": status,
            "said": said[:_KEPT],
            "wrong": _wrong(status, said, out, home),
        }
        if not seed and status:
            answer["wrong"] = f"a valid {name} ends with {status}: {said[-_KEPT:]}"
        if answer["wrong"]:
            break
    return answer


def _valid(name: str, home: Path) -> Path:
    place = home / "valid" / name
    if not place.exists():
        place.parent.mkdir(exist_ok=True)
        BY_NAME[name].build(place)
    return place


def _run(command: Command) -> tuple[int, str]:
    from samesay.cli.failures import report_failure
    from samesay.cli.main import main as samesay

    out, err = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.StringIO()
    status: Any = 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            if command[0] == LOAD:
                import samesay as package

                package.load(command[1])
            else:
                samesay(list(command))
        except SystemExit as end:
            status = end.code
        except BaseException as error:  # what a program of the user's would meet
            status = report_failure(error, [], debug=False)
    return (status if isinstance(status, int) else 1), err.getvalue()


def _wrong(status: int, said: str, out: Path, home: Path) -> str | None:
    from samesay.errors import SameSayError

    left = sorted(path.name for path in out.iterdir())
    if (home / CANARY).exists():
        (home / CANARY).unlink()
        return "something of the input was run"
    if status not in _statuses(SameSayError) - {1, 70, 130}:
        return f"status {status}"
    if "Traceback" in said:
        return "a traceback"
    if any(ord(letter) < 32 and letter != "\n" for letter in said):
        return "a control character in a message"
    if len(said) > 60_000:
        return f"a message of {len(said):,} letters"
    if status and any(not name.startswith(".") for name in left):
        return f"an output is there although it failed: {left}"
    if not status and any(name.startswith(".") for name in left):
        return f"a draft is left beside the output: {left}"
    return None


def _statuses(kind: type) -> set[int]:
    return {0, kind.exit_code}.union(*map(_statuses, kind.__subclasses__()))  # pyright: ignore[reportAttributeAccessIssue]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
