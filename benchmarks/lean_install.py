"""What it costs to only use a trained model: the size of the install, and the wait for an answer.

Builds an environment of its own with the package and no extras, versions from ``requirements.lock``, compiled to
bytecode as pip does. Measured: installed size; ``samesay --help``; ``samesay score MODEL "first" "second"`` from a
cold start, the median of five processes each (files are in the system's cache, the first time is shown, too); and
that neither of them imports Keras or a backend, also where these are installed.

    python -m benchmarks.lean_install --model runs/minilm_snli/full/model      # about 2 minutes
"""

from __future__ import annotations

import json
import os
import re
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import measuring

HEAVY = ("keras", "keras_hub", "jax", "jaxlib", "tensorflow", "torch")
FIRST, SECOND = "Somebody is playing an instrument.", "A woman in a red coat plays the violin in the rain."
MEGABYTES = 300
HELP_SECONDS = 0.3
ANSWER_SECONDS = 1.2

_PINNED = re.compile(r"^(?P<pin>[A-Za-z0-9._-]+==[^\s;\\]+\s*(;[^\\]*)?)")

# Runs a command line in its process and says which modules it brought in.
_WITH_MODULES = """
import json, sys
sys.argv = ["samesay", *sys.argv[1:]]
from samesay.cli.main import main
try:
    main()
except SystemExit as stop:
    status = stop.code or 0
else:
    status = 0
top = sorted({name.split(".")[0] for name in sys.modules})
print(json.dumps({"status": status, "modules": top}), file=sys.stderr)
"""


def main(arguments: list[str] | None = None) -> int:
    parser = measuring.arguments(__doc__)
    default = measuring.RUNS / "minilm_snli" / "full" / "model"
    parser.add_argument("--model", type=Path, default=default, help="a saved model (default: %(default)s)")
    parser.add_argument(
        "--times", type=int, default=5, help="processes for each median (default: %(default)s)"
    )
    given = parser.parse_args(arguments)
    model = given.model.resolve()
    if not (model / "samesay.json").is_file():
        raise SystemExit(f"There is no saved model at {model}: give one with --model.")
    where = measuring.surroundings()
    with tempfile.TemporaryDirectory() as temporary:
        environment = Path(temporary) / "lean"
        packages = _install(environment)
        lean = environment / "bin" / "python"
        command = environment / "bin" / "samesay"
        size = _megabytes(environment)
        by_package = _by_package(environment)
        help_seconds = _times([str(command), "--help"], given.times)
        answer = [str(command), "score", str(model), FIRST, SECOND]
        answer_seconds = _times(answer, given.times)
        said = subprocess.run(
            [*answer, "--json"], capture_output=True, text=True, check=True, cwd=temporary, env=_environment()
        ).stdout
        imported = {
            f"{words[0].lstrip('-')}, {place}": _heavy(python, words)
            for place, python in (("lean", lean), ("everything installed", Path(sys.executable)))
            for words in (["--help"], ["score", str(model), FIRST, SECOND])
        }
    figures: dict[str, Any] = {
        "packages": packages,
        "installed_mb": round(size, 1),
        "largest_mb": by_package,
        "help_seconds": help_seconds,
        "first_answer_seconds": answer_seconds,
        "model_mb": round(_megabytes(model), 1),
        "onnx_mb": round(_megabytes(model / "onnx"), 1),
        "answer": json.loads(said),
        "heavy_modules_imported": imported,
    }
    measuring.print_table(
        ["", "median", "least", "most", "first", "of the processor"],
        [
            [
                words,
                *(times[key] for key in ("median", "least", "most", "first")),
                times["processor"]["median"],
            ]
            for words, times in (("samesay --help, s", help_seconds), ("first answer, s", answer_seconds))
        ],
    )
    print(f"\n{size:.0f} MB in {len(packages)} packages; the largest: {by_package}")
    return measuring.publish(
        "lean_install",
        figures,
        [
            measuring.below("installed without extras, MB", MEGABYTES, round(size, 1)),
            measuring.below("samesay --help, seconds", HELP_SECONDS, help_seconds["median"], timing=True),
            measuring.below(
                "first answer from cold, seconds", ANSWER_SECONDS, answer_seconds["median"], timing=True
            ),
            measuring.exactly(
                "Keras, JAX, TensorFlow, torch imported by --help and score",
                "none",
                ", ".join(sorted({name for names in imported.values() for name in names})) or "none",
            ),
        ],
        results=given.results,
        where=where,
    )


def _install(environment: Path) -> list[str]:
    """Make the environment; returns what was installed, with versions."""
    uv = Path(sys.executable).with_name("uv")
    tool = str(uv) if uv.is_file() else "uv"
    pins = environment.with_name("pins.txt")
    # The lock's hashes are of published files; the package itself comes from here and has none.
    lock = (measuring.ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    pins.write_text("".join(f"{match['pin'].strip()}\n" for line in lock if (match := _PINNED.match(line))))
    subprocess.run([tool, "venv", "--quiet", "--python", sys.executable, str(environment)], check=True)
    python = ["--python", str(environment / "bin" / "python")]
    subprocess.run(
        [
            tool,
            "pip",
            "install",
            "--quiet",
            "--compile-bytecode",
            *python,
            "--constraint",
            str(pins),
            str(measuring.ROOT),
        ],
        check=True,
    )
    listed = subprocess.run(
        [tool, "pip", "freeze", *python], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    # The package's own line names the folder that it was built from.
    return [line.split(" @ ")[0] for line in listed]


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONSTARTUP")}


def _times(command: list[str], times: int) -> dict[str, Any]:
    """Seconds on the clock, and of the processor, which a busy machine stretches less."""
    clock: list[float] = []
    processor: list[float] = []
    for _ in range(times + 1):
        before = _processor_seconds()
        clock.append(
            measuring.timed(
                lambda: subprocess.run(
                    command,
                    check=True,
                    stdout=subprocess.DEVNULL,
                    cwd=Path(command[0]).parent,
                    env=_environment(),
                )
            )
        )
        processor.append(_processor_seconds() - before)
    return {
        **measuring.spread(clock[1:]),
        "first": round(clock[0], 4),
        "processor": measuring.spread(processor[1:]),
    }


def _processor_seconds() -> float:
    """Of all processes started here that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _heavy(python: Path, words: list[str]) -> list[str]:
    done = subprocess.run(
        [str(python), "-c", _WITH_MODULES, *words],
        capture_output=True,
        text=True,
        check=True,
        env=_environment(),
    )
    said = json.loads(done.stderr.splitlines()[-1])
    if said["status"] != 0:
        raise SystemExit(f"samesay {' '.join(words)} ended with {said['status']}:\n{done.stderr}")
    return [name for name in said["modules"] if name in HEAVY]


def _megabytes(folder: Path) -> float:
    return (
        sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
        / 1e6
    )


def _by_package(environment: Path) -> dict[str, float]:
    """The five largest folders of what was installed, in MB."""
    packages = next(environment.glob("lib/python*/site-packages"))
    sizes = {path.name: round(_megabytes(path), 1) for path in packages.iterdir() if path.is_dir()}
    return dict(sorted(sizes.items(), key=lambda item: -item[1])[:5])


if __name__ == "__main__":
    sys.exit(main())
