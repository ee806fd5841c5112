"""Make the built-in models, step by step.

    python recipes/builtin/make.py DATA OUTPUT [--only NAME] [--to STEP]
    python recipes/builtin/make.py DATA OUTPUT --install

DATA is a folder with a folder for each corpus. OUTPUT is outside of the checkout. A step whose result is there is not
repeated, and a training that was killed resumes. Steps: ``data`` (mix.py, and a tenth of the labelled pairs held out by
premise), then for every model ``train``, ``calibrate``, ``quantize`` and ``ship``. ``--install`` copies OUTPUT/models
into the package.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from samesay.bundle import open_bundle, write_bundle
from samesay.model.presets.installed import upstream_of

HERE = Path(__file__).resolve().parent
PACKAGE = HERE.parents[1] / "src" / "samesay" / "bundle" / "models"
STEPS = ("data", "train", "calibrate", "quantize", "ship")
NOT_SHIPPED = {"card", "pair_hashes", "report"}
"""The card is written again; hashes of the training pairs do not compress, and take as much as a quarter of a model."""

_RECIPE = ("--epochs", "1", "--batch-size", "32", "--learning-rate", "1e-4", "--clip-norm", "1")


@dataclass(frozen=True)
class Model:
    """How a built-in model is made.

    Attributes:
        name: Without ``builtin:``.
        data: Its training pairs, a file in OUTPUT/data.
        train: The further words of its training.
        held_out: The pairs that it is calibrated with, and that show what it costs to store it.
        cut_from: The model that it is half the layers of, and that teaches it; MiniLM's weights where absent.
        max_changed: The largest share of predictions that may change when it is stored.
    """

    name: str
    data: str
    train: tuple[str, ...]
    held_out: str
    cut_from: str | None = None
    max_changed: str = "0.02"


MODELS = (
    Model(
        "nli",
        "labelled-train.parquet",
        ("--sides", "hypothesis,premise", *_RECIPE),
        "labelled-held-out.parquet",
    ),
    Model(
        "same",
        "same-train.parquet",
        ("--symmetric", "--scale", "0,1", *_RECIPE),
        "same-held-out.parquet",
    ),
    Model(
        "nli-fast",
        "labelled-train.parquet",
        ("--sides", "hypothesis,premise", *_RECIPE),
        "labelled-held-out.parquet",
        cut_from="nli",
    ),
)


def samesay(*words: str | Path) -> None:
    """Run one command.

    Raises:
        SystemExit: If it fails.
    """
    line = [sys.executable, "-m", "samesay", *map(str, words)]
    print("+ samesay", *map(str, words), flush=True)
    status = subprocess.run(line, check=False).returncode
    if status:
        raise SystemExit(status)


def make_data(corpora: Path, output: Path) -> None:
    """The mix, and of both tables a tenth held out by their first text."""
    if not (output / "mix.json").is_file():
        subprocess.run([sys.executable, HERE / "mix.py", corpora, output], check=True)
    for name, text in (("labelled", "premise"), ("same", "sentence1")):
        table = pq.read_table(output / f"{name}.parquet")
        held = pa.array([is_held_out(one) for one in table[text].to_pylist()])
        for part, rows in (("train", [not one.as_py() for one in held]), ("held-out", held)):
            place = output / f"{name}-{part}.parquet"
            if not place.is_file():
                pq.write_table(table.filter(rows), place)


def is_held_out(text: str) -> bool:
    """One text in ten, always the same ones."""
    return hashlib.sha256(text.encode()).digest()[0] % 10 == 0


def make(model: Model, output: Path, last: str) -> None:
    """Bring one model as far as ``last``; what is there already is kept."""
    data, work = output / "data", output / "work"
    work.mkdir(exist_ok=True)
    trained, calibrated, small = (work / f"{model.name}-{step}" for step in STEPS[1:4])
    begin: tuple[str | Path, ...] = ("--preset", "minilm")
    if model.cut_from is not None:
        teacher, start = work / f"{model.cut_from}-train", work / f"{model.name}-start"
        if not (start / "samesay.json").is_file():
            samesay("student", teacher, "--layers", "3", "--output", start)
        begin = ("--preset", start, "--teacher", teacher)
    steps = {
        "train": (
            trained,
            ("train", data / model.data, *begin, *model.train, "--output", trained, "--resume"),
        ),
        "calibrate": (
            calibrated,
            ("calibrate", trained, data / model.held_out, "--output", calibrated),
        ),
        "quantize": (
            small,
            (
                *("export", calibrated, small, "--to", "bundle", "--quantize", "compact"),
                *("--data", data / model.held_out, "--max-changed", model.max_changed),
            ),
        ),
    }
    for step, (place, line) in steps.items():
        if not (place / "samesay.json").is_file():
            samesay(*line)
        if step == last:
            return
    ship(small, output / "models" / model.name)


def ship(source: Path, target: Path) -> None:
    """A quantized model as it lies in the package: without what only its makers need."""
    bundle = open_bundle(source)
    manifest = bundle.manifest
    target.parent.mkdir(parents=True, exist_ok=True)
    with write_bundle(target, overwrite=True) as draft:
        for name, part in manifest.parts.items():
            if name in NOT_SHIPPED or not part.files:
                continue
            for relative in part.files:
                place = draft.path / relative
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(bundle.path / relative, place)
            draft.add(name, verdict=part.verdict, detail=part.detail)
        draft.finish(replace(manifest, parts={}), upstream=upstream_of(str(manifest.recipe.get("preset"))))
    size = sum(place.stat().st_size for place in target.rglob("*") if place.is_file())
    print(f"{target}: {size / 1e6:.1f} MB", flush=True)


def install(models: Path) -> None:
    """Put the shipped models into the package."""
    for folder in sorted(models.iterdir()):
        open_bundle(folder)
        shutil.copytree(folder, PACKAGE / folder.name, dirs_exist_ok=True)
        print(f"{PACKAGE / folder.name}", flush=True)


def main() -> int:
    """Make what is asked for."""
    parser = argparse.ArgumentParser(description="Make the built-in models.")
    parser.add_argument("data", type=Path, metavar="DATA", help="the folder of the corpora")
    parser.add_argument("output", type=Path, metavar="OUTPUT", help="where all goes, outside of the checkout")
    parser.add_argument("--only", choices=[one.name for one in MODELS], help="make this one alone")
    parser.add_argument("--to", choices=STEPS, default="ship", help="the last step (default: %(default)s)")
    parser.add_argument("--install", action="store_true", help="copy OUTPUT/models into the package, and end")
    given = parser.parse_args()
    output = given.output.resolve()
    if output.is_relative_to(HERE.parents[1]):
        parser.error("OUTPUT lies in the checkout: name a folder outside of it")
    if given.install:
        install(output / "models")
        return 0
    output.mkdir(parents=True, exist_ok=True)
    make_data(given.data, output / "data")
    if given.to != "data":
        for model in MODELS:
            if given.only in (None, model.name):
                make(model, output, given.to)
        if given.only is None and not (output / "models" / "embed").is_dir():
            subprocess.run([sys.executable, HERE / "embed.py", given.data, output / "embed"], check=True)
            ship(output / "embed" / "model", output / "models" / "embed")
    print(json.dumps({"models": str(output / "models")}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
