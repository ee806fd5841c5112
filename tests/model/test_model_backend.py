"""How Keras is imported: in a command without what SameSay does not use of it, and whole for everybody else."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

UNUSED = ("pandas", "sklearn", "matplotlib")
AFTER = f"""
import sys
from samesay.model.runtime.backend import keras
keras()
print([name for name in {UNUSED!r} if name in sys.modules])
import matplotlib.figure, pandas, sklearn
print(keras().ops.convert_to_numpy(keras().ops.ones(3)).sum())
"""
A_COMMAND = """
from samesay.cli.main import main
try:
    main(["--help"])
except SystemExit:
    print()
"""


@pytest.mark.parametrize(("before", "imported"), [("import samesay", list(UNUSED)), (A_COMMAND, [])])
def test_a_command_imports_keras_without_what_it_does_not_use(before: str, imported: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", before + AFTER], capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout.splitlines()[-2:] == [str(imported), "3.0"], "and it all can be imported afterwards"


UNTOUCHED = """
import os, sys
before = dict(os.environ), list(sys.meta_path)
import samesay
assert (dict(os.environ), sys.meta_path) == before
assert not {"numpy", "keras", "onnxruntime"} & set(sys.modules)
"""


def test_importing_the_package_changes_nothing_in_the_process() -> None:
    subprocess.run([sys.executable, "-c", UNTOUCHED], check=True, timeout=60)


@pytest.mark.parametrize(
    ("variable", "code", "backend"),
    [
        (None, "import samesay.training.optimizers", "jax"),
        (None, "from samesay.model.classifier import PairClassifier", "jax"),
        ("jax", "import keras, samesay.keras", "jax"),
    ],
)
def test_keras_runs_on_jax_whichever_module_of_ours_imports_it(
    variable: str | None, code: str, backend: str, tmp_path: Path
) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "KERAS_BACKEND"}
    # Keras writes TensorFlow into its settings unasked.
    (tmp_path / "keras.json").write_text('{"backend": "tensorflow"}', encoding="utf-8")
    environment |= {"KERAS_HOME": str(tmp_path)} | ({"KERAS_BACKEND": variable} if variable else {})
    check = "from samesay.model.runtime.backend import chosen_backend, keras\n"
    check += "print(chosen_backend(), keras().backend.backend())"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{check}"],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
        env=environment,
    )
    assert done.stdout.split() == [backend, backend]
