"""Make the built-in models, step by step.

    python recipes/builtin/make.py DATA OUTPUT [--only NAME] [--to STEP]
    python recipes/builtin/make.py DATA OUTPUT --install

DATA is a folder with a folder for each corpus. OUTPUT is outside of the checkout. A step whose result is there is not
repeated, and a training that was killed resumes. Steps: ``data`` (mix.py, stages.py), then for every model ``train``,
``quantize`` and ``ship``. ``--install`` copies OUTPUT/models into the package.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from stages import make_stages

from samesay.bundle import Bundle, Manifest, open_bundle, write_bundle
from samesay.model.presets.installed import upstream_of

HERE = Path(__file__).resolve().parent
PACKAGE = HERE.parents[1] / "src" / "samesay" / "bundle" / "models"
STEPS = ("data", "train", "quantize", "ship")
NOT_SHIPPED = {"card", "recipe", "pair_hashes", "report"}
"""The card is written again; the recipe names folders; hashes of pairs take as much as a quarter of a model."""

LICENCES = (
    "Licences of what it learned from: SNLI, SemiAuto, HELP, FOLIO, FEVER and STS-B CC BY-SA; MultiNLI OANC and CC; "
    "WANLI and the medical questions CC BY; ConjNLI and syntactic augmentation MIT; counterfactual NLI and generated "
    "pairs Apache-2.0"
)
_COMMON = ("--batch-size", "32", "--clip-norm", "1")
_ONCE = ("--sides", "hypothesis,premise", "--epochs", "1", *_COMMON)


@dataclass(frozen=True)
class Stage:
    """A training: its pairs, a file in OUTPUT/data, and its further words."""

    data: str
    words: tuple[str, ...]


@dataclass(frozen=True)
class Model:
    """How a built-in model is made.

    Attributes:
        name: Without ``builtin:``.
        stages: Its trainings, each from the model before.
        begin: What the first one begins with: weights, or a stage of another model (``nli-1``).
        layers: How many of that model's layers stay; it is then the teacher, too. All where absent.
        max_changed: The largest share of answers that may change when it is stored. Scores change with every rounding.
    """

    name: str
    stages: tuple[Stage, ...]
    begin: str = "minilm"
    layers: int | None = None
    max_changed: str = "0.03"


MODELS = (
    Model(
        "nli",
        (
            Stage("labelled.parquet", (*_ONCE, "--learning-rate", "1e-4")),
            Stage("stage-2.parquet", (*_ONCE, "--learning-rate", "5e-5")),
            Stage("stage-3.parquet", (*_ONCE, "--learning-rate", "5e-5")),
        ),
    ),
    Model(
        "same",
        (
            Stage(
                "same-train.parquet",
                (
                    *(
                        "--new-head",
                        "--symmetric",
                        "--sides",
                        "first,second",
                        "--columns",
                        "score=similarity",
                    ),
                    *("--scale", "0,1", "--epochs", "3", "--learning-rate", "5e-5", *_COMMON),
                ),
            ),
        ),
        begin="nli-1",
        max_changed="0.25",
    ),
    Model("nli-fast", (Stage("fast.parquet", (*_ONCE, "--learning-rate", "2e-4")),), begin="nli-1", layers=3),
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


def make(model: Model, output: Path, last: str) -> None:
    """Bring one model as far as ``last``; what is there already is kept."""
    data, work = output / "data", output / "work"
    work.mkdir(exist_ok=True)
    source: str | Path = model.begin if model.begin == "minilm" else work / model.begin
    taught: tuple[str | Path, ...] = ()
    if model.layers is not None:
        taught, start = ("--teacher", source), work / f"{model.name}-0"
        if not is_there(start):
            samesay("student", source, "--layers", str(model.layers), "--output", start)
        source = start
    for number, stage in enumerate(model.stages, start=1):
        trained = work / f"{model.name}-{number}"
        if not is_there(trained):
            words = (
                "--preset",
                source,
                *taught,
                *stage.words,
                "--hold-out",
                "0",
                "--output",
                trained,
                "--resume",
            )
            samesay("train", data / stage.data, *words)
        source = trained
    if last == "train":
        return
    small = work / f"{model.name}-small"
    if not is_there(small):
        # The pairs by which weights are rounded are training pairs: what is measured on is not looked at.
        words = ("--to", "bundle", "--quantize", "compact", "--max-changed", model.max_changed)
        samesay("export", source, small, *words, "--data", f"{data / model.stages[-1].data}[:1500]")
    if last == "ship":
        ship(model, small, output / "models" / model.name)


def is_there(folder: Path) -> bool:
    """Whether a model was saved there."""
    return (folder / "samesay.json").is_file()


def ship(model: Model, source: Path, target: Path) -> None:
    """A quantized model as it lies in the package: without what only its makers need."""
    bundle = open_bundle(source)
    made = bundle.manifest
    words = {
        f"stage {number}": " ".join((one.data, *one.words))
        for number, one in enumerate(model.stages, start=1)
    }
    begin = "minilm" if model.begin == "minilm" else f"{model.begin}, which began with minilm"
    manifest = replace(
        made,
        parts={},
        recipe={
            "made_by": "recipes/builtin/make.py",
            "begins_with": begin,
            "layers": model.layers or 6,
            **words,
            "seed": 0,
        },
        data={
            "source": "recipes/builtin/mix.py and stages.py",
            "truncation": made.data["truncation"],
            "notes": [LICENCES],
        },
        metrics=measured(model.name),
    )
    copy(bundle, manifest, target)


def ship_vectors(source: Path, target: Path) -> None:
    """The model of sentence vectors as it lies in the package."""
    bundle = open_bundle(source)
    copy(bundle, replace(bundle.manifest, parts={}), target)


def copy(bundle: Bundle, manifest: Manifest, target: Path) -> None:
    """The parts of ``bundle`` that are shipped, with this manifest and a card."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with write_bundle(target, overwrite=True) as draft:
        for name, part in bundle.manifest.parts.items():
            if name in NOT_SHIPPED or not part.files:
                continue
            for relative in part.files:
                place = draft.path / relative
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(bundle.path / relative, place)
            draft.add(name, verdict=part.verdict, detail=part.detail)
        draft.finish(manifest, upstream=upstream_of("minilm"))
    size = sum(place.stat().st_size for place in target.rglob("*") if place.is_file())
    print(f"{target}: {size / 1e6:.1f} MB", flush=True)


def measured(name: str) -> dict[str, Any]:
    """What the newest result of ``benchmarks.builtin`` says of a model; nothing where there is none."""
    results = sorted((HERE.parents[1] / "benchmarks" / "results").glob("builtin-*.json"))
    figures = json.loads(results[-1].read_text(encoding="utf-8"))["figures"] if results else {}
    found = figures.get({"nli-fast": "fast"}.get(name, name), {})
    if name == "same" and found:
        return {
            "stsb/validation": {"spearman": found["stsb"]["model"]["whole"]},
            "examples/support_questions.csv": {"average_precision": found["questions"]["average_precision"]},
        }
    sets = {f"{one}/validation": found[one] for one in ("snli", "mnli", "cad_nli") if one in found}
    if "handwritten" in found:
        hand = found["handwritten"]
        sets["handwritten"] = {key: hand[key] for key in ("pairs", "accuracy", "ece")}
        sets["samesay check, share passed"] = found["check"]
    return sets


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
    if not (output / "data" / "mix.json").is_file():
        subprocess.run([sys.executable, HERE / "mix.py", given.data, output / "data"], check=True)
    make_stages(given.data, output / "data")
    if given.to != "data":
        for model in MODELS:
            if given.only in (None, model.name):
                make(model, output, given.to)
        if given.only is None and not (output / "models" / "embed").is_dir():
            subprocess.run([sys.executable, HERE / "embed.py", given.data, output / "embed"], check=True)
            ship_vectors(output / "embed" / "model", output / "models" / "embed")
    print(json.dumps({"models": str(output / "models")}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
