"""Environments for Keras' other backends: this one, the locked one, with a single framework on top of it.

Nothing is installed twice: the new environment sees the packages of the one that runs this script, and pip adds what
the framework lacks there. They are made once, under `.envs`, which git ignores.

    python -m benchmarks.environments torch tensorflow      # 0.9 and 1.1 GB
"""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / ".envs"
FRAMEWORKS = {"torch": "torch==2.13.0", "tensorflow": "tensorflow-cpu==2.21.0"}
"""Backend to what pip is asked for; these versions go with the locked Keras."""


class NoProcessorBuild(Exception):
    """Pip would take a build with gigabytes of CUDA libraries, or finds none."""


def python_with(backend: str, *, folder: Path = FOLDER) -> Path:
    """The Python of the environment for ``backend``, which is made where it is absent.

    Raises:
        NoProcessorBuild: If pip finds no build for processors alone; nothing was downloaded then.
        subprocess.CalledProcessError: If pip fails.
    """
    environment = folder / backend
    python = environment / "bin" / "python"
    finished = environment / ".finished"
    if finished.is_file():
        return python
    venv.create(environment, with_pip=True, clear=True)
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(environment)}))
    # Behind its own packages, so that a version the framework insists on comes first.
    (packages / "over_the_lock.pth").write_text(
        f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})\n", encoding="utf-8"
    )
    wanted = FRAMEWORKS[backend]
    _require_processor_build(python, wanted)
    subprocess.run([python, "-m", "pip", "install", "--quiet", wanted], check=True)
    finished.touch()
    return python


def _require_processor_build(python: Path, wanted: str) -> None:
    """Ask pip what it would install, by the packages' metadata alone."""
    command = [str(python), "-m", "pip", "install", "--quiet", "--dry-run", "--report", "-", wanted]
    asked = subprocess.run(command, capture_output=True, text=True, check=False)
    if asked.returncode != 0:
        raise NoProcessorBuild(f"pip finds no {wanted}: {asked.stderr.strip().splitlines()[-1]}")
    names = [one["metadata"]["name"].lower() for one in json.loads(asked.stdout)["install"]]
    if any(name.startswith(("nvidia", "cuda")) for name in names):
        raise NoProcessorBuild(f"{wanted} would bring CUDA libraries")


def main() -> None:
    for backend in sys.argv[1:] or FRAMEWORKS:
        print(python_with(backend))


if __name__ == "__main__":
    main()
