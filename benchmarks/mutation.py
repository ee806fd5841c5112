"""Would a test notice a wrong number? mutmut changes one thing at a time in the modules whose numbers people rely on.

The tree is copied, so that nothing here is touched; every mutant runs only tests that reach the changed function. A
mutant that changes nothing but the words of an error is counted apart: its class, its place and what it names are
tested elsewhere, its every comma is not. A mutant under which the tests hang counts as killed.

    make mutants                                       # every group, about an hour on two cores
    python -m benchmarks.mutation metrics slices       # some of them; those again: --again
"""

from __future__ import annotations

import argparse
import ast
import json
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from samesay import errors

ROOT = Path(__file__).resolve().parents[1]


_ALIVE = ("survived", "not reached", "not run")

# What mutmut 3.8 asks of a test, and pytest 9.2 calls otherwise.
_NODE_IDS = "\n\npytest.Item._nodeid = property(lambda item: item.nodeid)\n"


@dataclass(frozen=True)
class Group:
    """Modules below ``src/samesay``, and the quick files of ``tests`` that speak of them."""

    modules: tuple[str, ...]
    tests: tuple[str, ...]
    left_out: tuple[str, ...] = ()
    """Tests that start Keras: its threads do not live through a fork."""


GROUPS = {
    "metrics": Group(("evaluation/metrics.py",), ("evaluation/test_evaluation_metrics.py",)),
    "decision": Group(("decision.py",), ("evaluation/test_evaluation_decision.py",)),
    "calibration": Group(("evaluation/calibration.py",), ("evaluation/test_evaluation_calibration.py",)),
    "intervals": Group(("evaluation/intervals.py",), ("evaluation/test_evaluation_intervals.py",)),
    "fitting": Group(("evaluation/fitting.py",), ("evaluation/test_evaluation_fitting.py",)),
    "labels": Group(
        (
            "data/labels/column.py",
            "data/labels/schemes.py",
            "data/labels/spellings.py",
            "data/labels/scores.py",
        ),
        (
            "data/test_data_labels.py",
            "data/test_data_label_schemes.py",
            "data/test_data_spellings.py",
            "data/test_data_scores.py",
        ),
    ),
    "columns": Group(("data/columns.py",), ("data/test_data_columns.py",)),
    "slices": Group(("data/splits.py",), ("data/test_data_slices.py",)),
    "packing": Group(("encoding/packing.py",), ("encoding/test_encoding_packing.py",), left_out=("keras",)),
    "widths": Group(("encoding/widths.py",), ("encoding/test_encoding_widths.py",)),
}


def mutate(name: str, *, children: int, kept: Path, again: bool) -> dict[str, Counter[str]]:
    """Run one group in a copy of the tree: module to how many of its mutants met which end."""
    group = GROUPS[name]
    with tempfile.TemporaryDirectory(prefix="samesay-mutants-") as folder:
        copy = Path(folder)
        for part in ("src", "tests"):
            shutil.copytree(ROOT / part, copy / part, ignore=shutil.ignore_patterns("__pycache__"))
        settings = {
            "source_paths": [f"src/samesay/{module}" for module in group.modules],
            "also_copy": ["src", "tests"],
            "pytest_add_cli_args_test_selection": [f"tests/{test}" for test in group.tests],
            "pytest_add_cli_args": ["-m", "not slow", "-p", "no:cacheprovider"]
            + [word for left in group.left_out for word in ("-k", f"not {left}")],
            "timeout_constant": 5.0,
            "timeout_multiplier": 5.0,
        }
        (copy / "pyproject.toml").write_text(
            (ROOT / "pyproject.toml").read_text(encoding="utf-8")
            + "\n[tool.mutmut]\n"
            + "".join(f"{key} = {json.dumps(value)}\n" for key, value in settings.items()),
            encoding="utf-8",
        )
        with (copy / "tests" / "conftest.py").open("a", encoding="utf-8") as conftest:
            conftest.write(_NODE_IDS)
        before = {module: _read(kept, module) if again else {} for module in group.modules}
        alive = [key for ends in before.values() for key, end in ends.items() if end in _ALIVE]
        command = [Path(sys.executable).with_name("mutmut"), "run", "--max-children", str(children), *alive]
        with (copy / "log").open("w") as log:
            ran = subprocess.run(command, cwd=copy, stdout=log, stderr=subprocess.STDOUT, check=False)
        if ran.returncode:
            raise SystemExit((copy / "log").read_text(encoding="utf-8", errors="replace")[-3000:])
        return {module: _ends_of(copy, module, before[module], kept) for module in group.modules}


def _read(kept: Path, module: str) -> dict[str, str]:
    return json.loads(_beside(kept, module, "json").read_text(encoding="utf-8"))


def _beside(kept: Path, module: str, ending: str) -> Path:
    return kept / f"{module.replace('/', '.')}.{ending}"


def _ends_of(copy: Path, module: str, before: dict[str, str], kept: Path) -> Counter[str]:
    """How each mutant of a module ended; ``kept`` gets the ends as JSON, and what changed in those that live."""
    mutated = copy / "mutants" / "src" / "samesay" / module
    meta = json.loads(mutated.with_name(mutated.name + ".meta").read_text(encoding="utf-8"))
    functions = {
        node.name: node
        for node in ast.walk(ast.parse(mutated.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef)
    }
    ends, alive = {}, []
    for key, code in meta["exit_code_by_key"].items():
        mutant = functions[key.rpartition(".")[2]]
        original = functions[mutant.name.rpartition("__mutmut_")[0] + "__mutmut_orig"]
        if code is None:
            ends[key] = before.get(key, "not run")
        else:
            end = {0: "survived", 33: "not reached", 5: "not reached"}.get(code, "killed")
            ends[key] = f"words {end}" if _without_words(original) == _without_words(mutant) else end
        if ends[key] in _ALIVE:
            alive.append(f"{key}: {ends[key]}\n{_difference(original, mutant)}\n")
    kept.mkdir(parents=True, exist_ok=True)
    _beside(kept, module, "json").write_text(json.dumps(ends, indent=1), encoding="utf-8")
    _beside(kept, module, "diff").write_text("\n".join(alive), encoding="utf-8")
    return Counter(ends.values())


class _Wordless(ast.NodeTransformer):
    """Errors keep their class and lose what they say."""

    def __init__(self) -> None:
        self._errors = {
            name for name, one in vars(errors).items() if isinstance(one, type) and issubclass(one, Exception)
        }

    def visit_Call(self, node: ast.Call) -> ast.AST:
        made = (
            node.func.value if isinstance(node.func, ast.Attribute) else node.func
        )  # Error(...) or Error.of(...)
        if isinstance(made, ast.Name) and made.id in self._errors:
            return node.func
        return self.generic_visit(node)


def _without_words(function: ast.FunctionDef) -> str:
    """The function but for its name and the words of its errors."""
    bare = ast.parse(ast.unparse(function)).body[0]
    assert isinstance(bare, ast.FunctionDef)
    bare.name = "_"
    return ast.dump(_Wordless().visit(bare))


def _difference(original: ast.FunctionDef, mutant: ast.FunctionDef) -> str:
    """The lines that changed, cut down to the neighbourhood of the change."""
    before, after = (ast.unparse(one).replace(one.name, "_", 1) for one in (original, mutant))
    start = _alike(before, after)
    end = _alike(before[start:][::-1], after[start:][::-1])
    return "\n".join(
        f"  {mark} {text[max(0, start - 70) : len(text) - end + 50]!r}"
        for mark, text in (("-", before), ("+", after))
    )


def _alike(one: str, other: str) -> int:
    """How many characters two texts begin with alike."""
    return next(
        (at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "groups", nargs="*", metavar="GROUP", help=f"of {', '.join(GROUPS)}; all where none is named"
    )
    parser.add_argument("--children", type=int, default=2, help="mutants at a time")
    parser.add_argument(
        "--kept", type=Path, default=ROOT / "runs" / "mutation", help="where the survivors are written"
    )
    parser.add_argument(
        "--again", action="store_true", help="only those that lived the last time, after tests were added"
    )
    options = parser.parse_args()
    print("| module | mutants | killed | survived | not reached | killed, % | words of errors (killed) |")
    print("|---|---|---|---|---|---|---|")
    for name in options.groups or GROUPS:
        for module, ends in mutate(
            name, children=options.children, kept=options.kept, again=options.again
        ).items():
            killed, survived, unreached = (ends[end] for end in ("killed", "survived", "not reached"))
            of_words = sum(count for end, count in ends.items() if end.startswith("words"))
            total = ends.total() - of_words
            print(
                f"| {module} | {total} | {killed} | {survived} | {unreached} | {100 * killed / max(total, 1):.1f} "
                f"| {of_words} ({ends['words killed']}) |",
                flush=True,
            )


if __name__ == "__main__":
    main()
