"""Train the teacher: MPNet on a mix of corpora of natural language inference, in stages, each a whole model.

    python recipes/teacher/teacher.py DATA OUTPUT [--stages N] [options of samesay train]

DATA is a folder with a folder for each corpus of CORPORA (``train.parquet``: premise, hypothesis, label). OUTPUT is
outside of the checkout; everything lies there: the mix, the state of the run, a model for every stage. A killed run
goes on with the same command, at its last checkpoint.

1. 60,000 pairs, as many of each label, drawn from all corpora in like numbers as far as they reach.
2. From there all pairs, once.
3. From there all pairs once more.
"""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

LABELS = ("entailment", "neutral", "contradiction")
CORPORA = (
    "snli",
    "snli_more",
    "mnli",
    "mnli_more",
    "wanli_part",
    "semiauto_wiki",
    # Every entailment of conjnli has full overlap of words: it comes with what speaks against that shortcut.
    "conjnli",
    "syntactic_aug",
    "help_part",
    "cad_nli",
    "folio",
    # Supported and refuted claims, which are entailment and contradiction; it has no neutrals.
    "fever_2way",
)
"""What may teach a model that is passed on; sets whose labels are merged (fever_binary) are left out."""

VALIDATION = (("mnli", "validation"), ("snli_halves", "tune"))
"""Two halves of like size: captions, and ten genres of other text."""

SAMPLE = 60_000
SEED = 17
RATES = ("3e-5", "2e-5", "1e-5")
RECIPE = Path(__file__).with_name("recipe.yaml")


def read(folder: Path, split: str) -> list[tuple[str, str, str]]:
    """The pairs with a gold label, once each: premise, hypothesis, the label's name."""
    table = pq.read_table(folder / f"{split}.parquet", columns=["premise", "hypothesis", "label"])
    rows = zip(*(table[name].to_pylist() for name in ("premise", "hypothesis", "label")), strict=True)
    return [(*texts, LABELS[label]) for *texts, label in dict.fromkeys(rows) if label >= 0 and all(texts)]


def sampled(
    corpora: list[list[tuple[str, str, str]]], draw: np.random.Generator
) -> list[tuple[str, str, str]]:
    """SAMPLE pairs, as many of each label; of each corpus the same number, and all where it has fewer."""
    chosen: list[tuple[str, str, str]] = []
    for label in LABELS:
        waiting = sorted(([row for row in rows if row[2] == label] for rows in corpora), key=len)
        room = SAMPLE // len(LABELS)
        for at, rows in enumerate(waiting):
            n_rows = min(len(rows), room // (len(waiting) - at))
            chosen += [rows[index] for index in draw.permutation(len(rows))[:n_rows]]
            room -= n_rows
    return [chosen[index] for index in draw.permutation(len(chosen))]


def write(rows: list[tuple[str, str, str]], place: Path) -> None:
    """Write a table of pairs, if it is not there."""
    if not place.is_file():
        columns = dict(
            zip(("premise", "hypothesis", "label"), map(list, zip(*rows, strict=True)), strict=True)
        )
        unfinished = place.with_suffix(".unfinished")
        pq.write_table(pa.table(columns), unfinished)
        unfinished.rename(place)
        print(f"{place}: {len(rows):,} pairs", file=sys.stderr)


def mix(data: Path, output: Path) -> None:
    """Write ``sample.parquet``, ``all.parquet`` and ``validation.parquet``; the same ones every time."""
    output.mkdir(parents=True, exist_ok=True)
    corpora = [read(data / name, "train") for name in CORPORA]
    write(sampled(corpora, np.random.default_rng(SEED)), output / "sample.parquet")
    write(list(dict.fromkeys(row for rows in corpora for row in rows)), output / "all.parquet")
    write(
        [row for name, split in VALIDATION for row in read(data / name, split)], output / "validation.parquet"
    )


def train(output: Path, stage: int, further: list[str]) -> None:
    """Train one stage, or go on with it, unless its model is there."""
    model = output / f"stage-{stage}"
    manifest = model / "samesay.json"
    # A run that was interrupted by a signal leaves a usable model, which is not the end of its stage.
    if manifest.is_file() and not json.loads(manifest.read_text(encoding="utf-8"))["recipe"].get(
        "interrupted"
    ):
        return
    pairs = output / ("sample.parquet" if stage == 1 else "all.parquet")
    preset = "mpnet" if stage == 1 else str(output / f"stage-{stage - 1}")
    command = [sys.executable, "-m", "samesay", "train", str(pairs), "--config", str(RECIPE)]
    command += [
        "--preset",
        preset,
        "--output",
        str(model),
        "--validation",
        str(output / "validation.parquet"),
    ]
    command += ["--learning-rate", RATES[stage - 1], "--seed", str(SEED + stage)]
    command += [
        "--checkpoints",
        str(output / f"state-{stage}"),
        "--checkpoint-every",
        "600",
        "--resume",
        *further,
    ]
    print(" ".join(command), file=sys.stderr, flush=True)
    subprocess.run(command, check=True)


def main() -> int:
    """Run the stages that are missing."""
    parser = argparse.ArgumentParser(description="Train the teacher, or go on with it.")
    parser.add_argument("data", type=Path, metavar="DATA", help="the folder of the corpora")
    parser.add_argument(
        "output", type=Path, metavar="OUTPUT", help="where all of it goes, outside of the checkout"
    )
    parser.add_argument("--stages", type=int, default=3, choices=(1, 2, 3), help="how many are run [3]")
    arguments, further = parser.parse_known_args()
    # Whoever ends this process ends the stage that it waits for, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    mix(arguments.data, arguments.output)
    for stage in range(1, arguments.stages + 1):
        try:
            train(arguments.output, stage, further)
        except subprocess.CalledProcessError as failed:
            return failed.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())
