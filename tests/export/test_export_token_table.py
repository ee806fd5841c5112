"""A table of one vector a token: the saved model that ``Embedder`` opens."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import samesay
from commands import outcome
from samesay.embedder import save_token_table
from samesay.encoding import PairEncoder
from samesay.errors import BundleDamaged, TargetExists
from samesay.export.token_table import TokenTable
from tiny_models import tiny_encoder

TEXTS = ["a man is sleeping.", "", "nobody is outside, the street is empty.", "a man is sleeping."]
DIMENSION = 8


def random_rows(encoder: PairEncoder) -> np.ndarray:
    return np.random.default_rng(3).normal(size=(encoder.vocabulary_size, DIMENSION))


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    encoder = tiny_encoder()
    table = TokenTable.of(random_rows(encoder))
    return save_token_table(table, encoder, tmp_path / "table", recipe={"made": "for a test"})


def test_vectors_are_the_normalised_sums_of_the_tokens_rows(saved: Path) -> None:
    encoder = tiny_encoder()
    rows = random_rows(encoder)
    found = samesay.Embedder.open(saved).encode(TEXTS)
    assert found.dtype == np.float32
    assert found.shape == (len(TEXTS), DIMENSION)
    for text, vector in zip(TEXTS, found, strict=True):
        (part,) = encoder.encode_texts([text])
        total = rows[part.token_ids].sum(axis=0)
        # One part in 127 of the largest number of a row is what eight bits tell apart.
        np.testing.assert_allclose(vector, total / np.linalg.norm(total), atol=0.02)
    np.testing.assert_array_equal(found[0], found[3])


def test_a_text_alone_has_the_vector_that_it_has_beside_longer_ones(saved: Path) -> None:
    embedder = samesay.Embedder.open(saved)
    together = embedder.encode([TEXTS[0], "a dog " * 30])
    np.testing.assert_allclose(embedder.encode([TEXTS[0]])[0], together[0], atol=1e-6)


def test_numbers_lie_in_the_file_in_eight_bits_and_rows_of_zeros_stay_zeros() -> None:
    rows = np.array([[0.0, 0.0], [1.0, -0.5], [1e-3, 2e-3]])
    table = TokenTable.of(rows)
    assert table.numbers.dtype == np.int8
    half_a_step = np.sqrt(np.square(rows).mean(axis=1, keepdims=True)) / 16
    assert (np.abs(table.numbers * table.scales[:, None] - rows) <= 1.001 * half_a_step).all()
    assert not table.numbers[0].any()
    # A row with one large number has room for it.
    far = TokenTable.of(np.eye(1, 2_000, dtype=np.float32))
    assert far.numbers.max() == 127


def test_it_is_inspected_saved_again_and_embedded_with_like_any_other(
    saved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    again = samesay.Embedder.open(saved).save(tmp_path / "again")
    texts = tmp_path / "texts.csv"
    texts.write_text("title\na man is sleeping.\nnobody is outside\n", encoding="utf-8")
    output = tmp_path / "vectors.npy"
    embed = ("embed", texts, "--column", "title", "--model", again, "--output", output)
    assert outcome(capsys, *embed)[0] == 0
    expected = samesay.Embedder.open(saved).encode(["a man is sleeping.", "nobody is outside"])
    np.testing.assert_array_equal(np.load(output), expected)
    status, described, _ = outcome(capsys, "inspect", again, "--json")
    assert status == 0
    assert json.loads(described)["dimension"] == DIMENSION


def test_a_table_without_a_row_for_every_token_is_refused_and_nothing_is_left(tmp_path: Path) -> None:
    encoder = tiny_encoder()
    table = TokenTable.of(random_rows(encoder)[:-1])
    with pytest.raises(BundleDamaged):
        save_token_table(table, encoder, tmp_path / "table", recipe={})
    assert not (tmp_path / "table").exists()


def test_a_model_that_is_there_is_replaced_only_if_asked_to(saved: Path) -> None:
    encoder = tiny_encoder()
    table = TokenTable.of(-random_rows(encoder))
    before = samesay.Embedder.open(saved).encode(TEXTS)
    with pytest.raises(TargetExists):
        save_token_table(table, encoder, saved, recipe={})
    save_token_table(table, encoder, saved, recipe={}, overwrite=True)
    np.testing.assert_allclose(samesay.Embedder.open(saved).encode(TEXTS), -before, atol=1e-5)
