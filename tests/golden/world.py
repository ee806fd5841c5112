"""A small world of files and models, the same every time, and the commands whose answers are frozen on it."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path

from samesay.pairs import LabelSet, Scale, Sides
from tiny_bert import save_tiny_preset
from tiny_models import WORDS, save_tiny, tiny_graph

NOUNS = [word for word in WORDS if word in ("dog", "cat", "man", "woman", "child")]
VERBS = [word for word in WORDS if word in ("runs", "sleeps", "eats", "plays", "sings")]


def build(folder: Path) -> None:
    """Write the data files and the saved models that the commands of ``COMMANDS`` name."""
    rows = list(_pairs(120))
    _write_csv(folder / "pairs.csv", ("premise", "hypothesis", "label", "genre"), rows)
    _write_csv(folder / "unlabelled.csv", ("id", "premise", "hypothesis"), _unlabelled(rows))
    with gzip.open(folder / "pairs.jsonl.gz", "wt", encoding="utf-8") as file:
        for first, second, label, genre in rows:
            file.write(
                json.dumps({"premise": first, "hypothesis": second, "label": label, "genre": genre}) + "\n"
            )
    (folder / "splits").mkdir()
    _write_csv(
        folder / "splits" / "train.csv", ("premise", "hypothesis", "label"), [row[:3] for row in rows[:60]]
    )
    _write_csv(
        folder / "splits" / "test.csv", ("premise", "hypothesis", "label"), [row[:3] for row in rows[50:]]
    )
    _write_csv(folder / "sts.csv", ("sentence1", "sentence2", "score"), _similarity(rows))
    _write_csv(
        folder / "questions.csv",
        ("question1", "question2", "is_duplicate"),
        [(first, second, int(label == "entailment")) for first, second, label, _ in rows],
    )
    _write_csv(
        folder / "broken.csv",
        ("premise", "hypothesis"),
        [("a dog runs", "a cat runs"), ("a dog",), ("a", "b")],
    )
    texts = sorted({text for first, second, *_ in rows for text in (first, second)})
    (folder / "texts.txt").write_text("\n".join(texts) + "\n", encoding="utf-8")

    save_tiny(folder / "nli", metrics={"pairs.csv": {"accuracy": 0.5}})
    save_tiny(folder / "other", graph=tiny_graph(scale=1.0))
    save_tiny(
        folder / "same",
        graph=tiny_graph(n_labels=2),
        answers=LabelSet(("different", "same")),
        sides=Sides("question1", "question2"),
    )
    save_tiny(
        folder / "similarity",
        graph=tiny_graph(n_labels=1),
        task="similarity",
        answers=Scale(0, 5),
        sides=Sides("sentence1", "sentence2"),
    )
    save_tiny_preset(folder / "preset")


def _pairs(count: int):
    for index in range(count):
        noun, verb = NOUNS[index % 5], VERBS[(index // 5) % 5]
        label = ("entailment", "neutral", "contradiction")[index % 3]
        second = {
            "entailment": f"an animal {verb}" if noun in ("dog", "cat") else f"a person {verb}",
            "neutral": f"the {noun} is outside",
            "contradiction": f"the {noun} is not inside , {VERBS[(index + 2) % 5]}",
        }[label]
        yield f"a {noun} {verb}", second, "" if index == 17 else label, ("indoors", "outdoors")[index % 2]


def _unlabelled(rows):
    return [(f"id-{index}", first, second) for index, (first, second, *_) in enumerate(rows[:12])]


def _similarity(rows):
    return [
        (first, second, round((index * 7 % 51) / 10, 1)) for index, (first, second, *_) in enumerate(rows)
    ]


def _write_csv(path: Path, header, rows) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])


# name: (arguments, files whose content is frozen too). Paths are relative to the world's folder.
COMMANDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "data-show-csv": ("data show pairs.csv --json", ()),
    "data-show-gzip": ("data show pairs.jsonl.gz[:20] --json", ()),
    "data-show-splits": ("data show splits --json", ()),
    "data-show-similarity": ("data show sts.csv --json", ()),
    "data-show-questions": ("data show questions.csv --json", ()),
    "data-show-where": (
        "data show pairs.csv --where genre=indoors --rename-labels neutral=unknown --json",
        (),
    ),
    "data-generate": ("data generate --pairs 30 --output made.csv --json", ("made.csv",)),
    "inspect": ("inspect nli --json", ()),
    "score-pair": ("score nli PREMISE HYPOTHESIS --json", ()),
    "score-pair-similarity": ("score similarity PREMISE HYPOTHESIS --json", ()),
    "score-csv": ("score nli --input pairs.csv --output scored.csv --json", ("scored.csv",)),
    "score-tsv": ("score nli --input unlabelled.csv --output scored.tsv --json", ("scored.tsv",)),
    "score-jsonl": (
        "score same --input questions.csv --output scored.jsonl --symmetric --json",
        ("scored.jsonl",),
    ),
    "score-parquet": ("score nli --input unlabelled.csv --output scored.parquet --json", ("scored.parquet",)),
    "score-similarity": (
        "score similarity --input sts.csv --output sts-out.csv --json",
        ("sts-out.csv",),
    ),
    "score-skip": (
        "score nli --input broken.csv --output skipped.csv --on-error skip --json",
        ("skipped.csv", "skipped.csv.skipped.jsonl"),
    ),
    "evaluate": ("evaluate nli pairs.csv --json", ()),
    "evaluate-baselines": ("evaluate nli splits --baselines splits:train --json", ()),
    "evaluate-similarity": ("evaluate similarity sts.csv --json", ()),
    "evaluate-report": (
        "evaluate nli pairs.csv --report report --slice genre --json",
        ("report/report.json",),
    ),
    "evaluate-report-similarity": (
        "evaluate similarity sts.csv --report report-similarity --json",
        ("report-similarity/report.json",),
    ),
    "calibrate": ("calibrate nli pairs.csv --output calibrated --json", ("calibrated/samesay.json",)),
    "score-calibrated": ("score calibrated PREMISE HYPOTHESIS --json", ()),
    "audit": ("audit splits --json", ()),
    "check": ("check nli --capability negation --capability numbers --json", ()),
    "compare": ("compare nli other baseline:majority --data pairs.csv --baselines splits:train --json", ()),
    "compare-similarity": ("compare similarity baseline:word-overlap --data sts.csv --json", ()),
    "rank": ("rank nli --query QUERY --input texts.txt --top 5 --json", ()),
    "duplicates": ("duplicates same texts.txt --output pairs-out.csv --json", ("pairs-out.csv",)),
    "config": ("config --json", ()),
    "train": (
        "train splits --preset preset --output trained --epochs 1 --learning-rate 0.001 --hold-out 0 --json",
        ("trained/samesay.json", "trained/recipe.yaml"),
    ),
    "train-similarity": (
        "train sts.csv --preset preset --output sts-model --validation sts.csv[:20] --epochs 1 --json",
        ("sts-model/samesay.json", "sts-model/recipe.yaml"),
    ),
    "score-trained": (
        "score trained --input unlabelled.csv --output by-trained.csv --json",
        ("by-trained.csv",),
    ),
    "verify": ("verify trained pairs.csv --json", ()),
    "export-huggingface": ("export trained trained-hf --json", ("trained-hf/config.json",)),
    "import": ("import trained-hf --output imported --json", ("imported/samesay.json",)),
    "export-onnx": ("export trained trained-onnx --to onnx --json", ()),
    "student": ("student trained --layers 1 --output half --json", ()),
    "error-model": ("score nowhere PREMISE HYPOTHESIS --json", ()),
    "error-source": ("data show nowhere.csv --json", ()),
    "error-row": ("data show broken.csv --json", ()),
    "error-usage": ("score nli --input pairs.csv --output scored.csv --batch-tokens 0", ()),
    "error-exists": ("data generate --pairs 10 --output pairs.csv --json", ()),
    "error-labels": ("evaluate same pairs.csv --json", ()),
}
WORDED = {"PREMISE": "a dog runs", "HYPOTHESIS": "an animal runs", "QUERY": "a person sings"}
