"""Every encoder family through the whole product: trained, saved, opened, equal to what KerasHub itself answers."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from samesay.data import ReadOptions
from samesay.export.keras_answer import KerasAnswer
from samesay.jobs.train import train
from samesay.pair_model import PairModel
from samesay.pairs import Pair, Sides
from samesay.recipes.run import Run
from samesay.scoring import Scorer
from tiny_families import save_family
from tiny_tokenizers import LINES, TOKENIZERS

# KerasHub leaves the file of a SentencePiece model to the garbage collector.
pytestmark = pytest.mark.filterwarnings(
    "ignore:unclosed file.*vocabulary.spm:ResourceWarning",
    "ignore:Exception ignored in.*vocabulary.spm:pytest.PytestUnraisableExceptionWarning",
)
MAX_LENGTH = 32
FAMILIES = tuple(family for family in TOKENIZERS if family != "bert_zh")  # which is bert over other words


@pytest.fixture(scope="module", params=FAMILIES)
def saved(request: pytest.FixtureRequest, pairs_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A tiny model of the family: saved by KerasHub, trained and saved by the product."""
    folder = tmp_path_factory.mktemp(request.param)
    save_family(request.param, folder / "preset", max_length=MAX_LENGTH)
    return train(
        Run(
            data=f"{pairs_file}[:32]",
            preset=folder / "preset",
            output=folder / "model",
            reading=ReadOptions(sides=Sides("hypothesis", "premise")),
        ),
        {"epochs": 1, "batch_size": 16, "learning_rate": 1e-3},
    )


def test_the_onnx_part_is_verified_and_decides_as_keras(saved):
    assert saved.onnx.status == "verified", saved.onnx
    pairs = [Pair(first, second) for first, second in pairwise(LINES)]
    expected = PairModel.load(saved.path).predictor.logits(pairs)
    # A head that saw two steps tells little: what it tells is the measure.
    spread = float(np.ptp(expected, axis=0).min())
    assert spread > 1e-4
    np.testing.assert_allclose(Scorer.open(saved.path).logits(pairs), expected, atol=0.01 * spread)


def test_a_hugging_face_folder_and_back_changes_no_answer(saved, tmp_path):
    model = PairModel.load(saved.path)
    folder = Path(model.export(tmp_path / "folder").path)
    imported = PairModel.from_preset(folder)
    assert (imported.head, imported.labels, imported.sides) == ("kept", model.labels, model.sides)
    pairs = [Pair(first, second) for first, second in pairwise(LINES)]
    np.testing.assert_allclose(imported.predictor.logits(pairs), model.predictor.logits(pairs), atol=1e-5)


def test_a_hugging_face_folder_names_special_tokens_as_its_vocabulary_does(saved, tmp_path):
    """A name that it lacks becomes a new token there, whose id lies behind the last embedding."""
    model = PairModel.load(saved.path)
    folder = Path(model.export(tmp_path / "folder").path)
    named = json.loads((folder / "special_tokens_map.json").read_text(encoding="utf-8"))
    tokenizer = model.task.preprocessor.tokenizer
    kept = set(tokenizer.get_vocabulary())
    assert set(named.values()) - {"[MASK]", "<mask>"} <= kept
    assert named["pad_token"] == tokenizer.id_to_token(tokenizer.pad_token_id)


def test_special_tokens_in_a_text_are_text(saved):
    encoder = Scorer.open(saved.path).encoder
    special = set(encoder.encode([""], [""]).token_ids.tolist())
    frame = len(encoder.encode([""], [""]).token_ids)
    for text in ("[SEP]", "</s>", "<s>", "[CLS]", "<pad>", "[PAD]", "<mask>", "[MASK]"):
        ids = encoder.encode([f"a {text} b"], ["c"]).token_ids.tolist()
        assert sum(one in special for one in ids) == frame, (text, ids)


def test_a_saved_model_answers_as_kerashub_answers_to_the_same_texts(saved):
    model = PairModel.load(saved.path)
    head = model.task.output_dense.kernel
    head.assign(np.random.default_rng(1).standard_normal(head.shape))
    # Short pairs, pairs that are cut, an empty side: all in the one width that is compiled.
    pairs = [
        Pair(first, second) for first, second in zip(LINES, (*LINES[3:], "", LINES[0], "a"), strict=True)
    ]
    theirs = KerasAnswer(model.task)(pairs)
    ours = model.predictor.logits(pairs)
    np.testing.assert_allclose(ours, theirs, atol=1e-4)
    assert np.ptp(theirs, axis=0).min() > 0.002  # the texts matter
    # Alone a pair gets what it got among others.
    np.testing.assert_allclose(model.predictor.logits(pairs[4:5]), ours[4:5], atol=1e-5)
