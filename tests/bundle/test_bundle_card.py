"""The model card says what the manifest says, in Markdown that its facts cannot break."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from samesay.bundle import Manifest, Upstream, model_card, open_bundle
from samesay.model.huggingface.card import front_matter
from samesay.pairs import LabelSet, Sides
from tiny_models import save_tiny

FACTS = {
    "metrics": {
        "snli validation": {
            "accuracy": 0.8351,
            "macro_f1": 0.8342,
            "loss": None,
            "pairs": 9842,
            "per_class": {"entailment": {"f1": 0.9}},
            "baselines": {"majority": {"accuracy": 0.3382}},
        }
    },
    "data": {
        "source": "snli",
        "split": "train",
        "fingerprint": "5f3a",
        "counts": {"entailment": 40000, "neutral": 41000, "contradiction": 41321},
        "rows_dropped": {"no gold label": 785, "empty side": 0},
        "truncation": {"pairs": 122321, "truncated": 17},
        "notes": ["numbers 0, 1, 2 were read as names"],
    },
    "recipe": {
        "preset": "minilm",
        "epochs": 1,
        "learning_rate": 1e-4,
        "early_stopping": False,
        "curve": [1, 2],
    },
    "versions": {"keras": "3.15.1", "samesay": "0.1.0"},
    "created": "2026-02-03T04:05:06+00:00",
}


def card(tmp_path: Path, **facts: object) -> str:
    path = save_tiny(tmp_path / "snli-minilm", **facts)
    return open_bundle(path).part("card").read_text(encoding="utf-8")


def test_the_card_tells_what_a_user_must_know(tmp_path: Path) -> None:
    upstream = Upstream("all-MiniLM-L6-v2", "Apache-2.0", note="It was pretrained on SNLI among others.")
    text = card(tmp_path, **FACTS, upstream=upstream, sides=Sides("hypothesis", "premise"))
    for line in (
        "# snli-minilm",
        "| entailment | 40,000 |",
        "first the hypothesis, second the premise",
        "samesay score snli-minilm 'the hypothesis' 'the premise'",
        'samesay.load("snli-minilm")',
        "Pretrained weights: all-MiniLM-L6-v2, Apache-2.0. It was pretrained on SNLI among others.",
        "Data: snli, split train.",
        "Pairs: 122,321.",
        "Rows dropped: 785 (no gold label).",
        "`5f3a`",
        "numbers 0, 1, 2 were read as names",
        "| learning_rate | 0.0001 |",
        "| early_stopping | no |",
        "| metric | this model | majority baseline |",
        "| accuracy | 0.8351 | 0.3382 |",
        "| loss | – |  |",
        "| pairs | 9,842 |  |",
        "at most 24 tokens",
        "Of its 122,321 training pairs 17 (0.01 %) were cut.",
        "keras 3.15.1, samesay 0.1.0",
        "on 2026-02-03",
        "| `onnx` | the same model for scoring without Keras, with its tokenizer | verified |",
    ):
        assert line in text, line
    assert text.endswith("\n")
    assert not text.endswith("\n\n")


def test_a_card_of_nothing_but_labels_is_whole(tmp_path: Path) -> None:
    text = card(tmp_path)
    assert "## Metrics" not in text
    assert "## How it was trained" not in text
    assert "None" not in text


@pytest.mark.parametrize("label", ["a|b", "two\nlines", "<script>", "`code`", "  wide   "])
def test_no_label_breaks_the_table(tmp_path: Path, label: str) -> None:
    labels = LabelSet((label, "other"))
    text = card(tmp_path, answers=labels, data={"counts": {label: 3, "other": 4}}, verdict=None)
    row = next(line for line in text.splitlines() if line.endswith("| 3 |"))
    assert row.replace("\\|", "").count("|") == 3
    assert "<script>" not in text


def test_a_card_of_ones_own_is_kept(tmp_path: Path) -> None:
    from samesay.bundle import write_bundle
    from tiny_models import LABELS, SIDES

    with write_bundle(tmp_path / "model") as draft:
        for name in ("config.json", "task.json"):
            (draft.folder("keras") / name).write_text("{}", encoding="utf-8")
        draft.file("card").write_text("# Mine\n", encoding="utf-8")
        draft.finish(Manifest(task="classification", answers=LABELS, sides=SIDES, max_length=8))
    assert open_bundle(tmp_path / "model").part("card").read_text(encoding="utf-8") == "# Mine\n"


def test_the_examples_of_a_vector_models_card_work_whatever_its_folder_is_called() -> None:
    facts = Manifest(task="embedding", answers=LabelSet(()), sides=Sides(), max_length=8, dimension=4)
    card = model_card(facts, name='my "small" model')
    assert """samesay embed texts.txt --model 'my "small" model' --output vectors.npy""" in card
    [line] = [line for line in card.splitlines() if "Embedder.open" in line]
    assert ast.literal_eval(line.split("open(")[1].split(").encode")[0]) == 'my "small" model'


def test_a_published_card_names_the_licence_of_the_weights_where_it_is_known() -> None:
    assert "\nlicense: apache-2.0\n" in front_matter("Apache-2.0")
    assert "license" not in front_matter()
