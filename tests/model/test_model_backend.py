"""How Keras is imported: in a command without what SameSay does not use of it, and whole for everybody else."""

from __future__ import annotations

import subprocess
import sys

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
