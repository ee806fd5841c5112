"""Make ``builtin:embed``: a table of one vector a token, learned from MiniLM's vectors of whole texts.

    python recipes/builtin/embed.py DATA OUTPUT

DATA is the folder of the corpora, OUTPUT one outside of the checkout. It needs the wheel of MiniLM and, for its vectors
of some 70,000 texts, ten minutes of two cores; they are kept in OUTPUT and taken up again where it was interrupted. The
same data give the same table on the same machine. What is made:

- ``texts.json``, ``teacher/*.npy``: what it learns from, and MiniLM's vectors of it;
- ``tokens.npy``: MiniLM's vectors of single tokens; ``table.npy``: the learned table, wider and
  not yet in int8;
- ``model``: the saved model, which ``samesay.Embedder.open`` opens.

No text that the model is measured on is learned from: see ``mix.Measured``, and ``questions_held_out`` below.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from mix import CORPORA, SAME_CORPORA, Measured, plain, read
from numpy.typing import NDArray
from scipy import sparse

import samesay
from samesay.embedder import save_token_table
from samesay.encoding import DenseBatch, PairEncoder
from samesay.export.token_table import TokenTable
from samesay.model.presets.installed import upstream_of
from samesay.scoring.scorer import read_onnx_part
from samesay.scoring.session import VECTORS, Graph

TEACHER = "minilm"
TEACHER_DIMENSION = 384
SEED = 19
DIMENSION = 192
"""Numbers of a vector: more find no more (decision 39)."""

LEARNED = 256
"""How many are learned, the most telling first, so that fewer can be measured without learning again."""

SMOOTHING = 1e-3
PRICE = 1.0
STEPS = 40
MOST_OF_A_CORPUS = 6_000
MOST_LETTERS = 400
HELD_OUT = 0.4
"""The share of the medical questions that is measured on."""

_CHUNK = 2048


def questions_held_out(data: Path) -> tuple[list[tuple[str, str]], set[str]]:
    """The pairs of medical questions that are measured on, which ask the same, and all their texts in plain words.

    A text that asks the same as another one is on the same side of the split.
    """
    above: dict[str, str] = {}

    def top(text: str) -> str:
        while above.setdefault(text, text) != text:
            text = above[text]
        return text

    pairs = [(first, second) for first, second, same in read(data, "rqe_medical") if same == 1]
    for first, second in pairs:
        above[top(plain(first))] = top(plain(second))

    def held(text: str) -> bool:
        digest = hashlib.sha256(f"{SEED} {top(plain(text))}".encode()).digest()
        return int.from_bytes(digest[:4], "big") / 2**32 < HELD_OUT

    kept = [pair for pair in pairs if held(pair[0])]
    return kept, {plain(text) for pair in kept for text in pair}


def texts_to_learn_from(data: Path) -> list[str]:
    """Texts of all corpora that may teach, each once, as many at most of each corpus, in random order."""
    measured = Measured(data)
    out = measured.texts | questions_held_out(data)[1]
    draw = np.random.default_rng(SEED)
    chosen: list[str] = []
    for name in (*CORPORA, *SAME_CORPORA):
        found: dict[str, str] = {}
        for first, second, _ in read(data, name):
            for text in (first, second):
                if len(text) <= MOST_LETTERS and plain(text) not in out:
                    found.setdefault(plain(text), text)
        out |= found.keys()
        texts = list(found.values())
        chosen += [texts[at] for at in draw.permutation(len(texts))[:MOST_OF_A_CORPUS]]
    return [chosen[at] for at in draw.permutation(len(chosen))]


def teacher_vectors(texts: list[str], folder: Path) -> NDArray[np.float32]:
    """MiniLM's vectors, (n_texts, 384), from ``folder`` where they are there."""
    folder.mkdir(parents=True, exist_ok=True)
    teacher = None
    parts = []
    for begin in range(0, len(texts), _CHUNK):
        place = folder / f"{begin:06}.npy"
        if not place.is_file():
            teacher = teacher or samesay.Embedder.open(TEACHER)
            unfinished = place.with_suffix(".unfinished")
            with unfinished.open("wb") as file:
                np.save(file, teacher.encode(texts[begin : begin + _CHUNK]).astype(np.float16))
            unfinished.rename(place)
            print(f"{begin + _CHUNK:,} of {len(texts):,} texts", flush=True)
        parts.append(np.load(place))
    return np.concatenate(parts).astype(np.float32)


def teacher_graph() -> tuple[Path, PairEncoder]:
    """The file of MiniLM's graph, and its tokenizer."""
    _, graph_file, encoder = read_onnx_part(samesay.Embedder.open(TEACHER).path, verify=True)
    return graph_file, encoder


def token_vectors(graph_file: Path, encoder: PairEncoder, place: Path) -> NDArray[np.float32]:
    """MiniLM's vectors of every token alone, (vocabulary, 384), from ``place`` where they are there.

    Those of special and unused tokens are zeros.
    """
    if not place.is_file():
        size = encoder.vocabulary_size
        graph = Graph(graph_file, n_labels=TEACHER_DIMENSION, vocabulary_size=size, output=VECTORS)
        ids = encoder.tokenizer.ids
        start, end = (np.int32(ids[name]) for name in (encoder.start_token, encoder.separator_token))
        parts = []
        for begin in range(0, size, _CHUNK):
            token = np.arange(begin, min(begin + _CHUNK, size), dtype=np.int32)
            rows = np.stack([np.full_like(token, start), token, np.full_like(token, end)], axis=1)
            parts.append(graph.run(DenseBatch(rows, np.zeros_like(rows), np.ones(rows.shape, np.bool_))))
        np.save(place, np.concatenate(parts))
    vectors = np.load(place)
    vectors[[token.startswith("[") and token.endswith("]") for token in encoder.tokenizer.vocabulary]] = 0
    return vectors


def token_counts(encoder: PairEncoder, texts: Sequence[str]) -> sparse.csr_matrix:
    """How often each token is in each text, (n_texts, vocabulary), special ones included."""
    parts = []
    for part in encoder.encode_texts(list(texts)):
        ones = np.ones(len(part.token_ids), np.float32)
        shape = (len(part.offsets) - 1, encoder.vocabulary_size)
        parts.append(sparse.csr_matrix((ones, part.token_ids, part.offsets), shape=shape))
    stacked = sparse.vstack(parts).tocsr()
    stacked.sum_duplicates()
    return stacked


def weighed(vectors: NDArray[np.float32], counts: sparse.csr_matrix) -> NDArray[np.float32]:
    """Vectors times what a token tells: a / (a + its share of all tokens), as Arora et al. 2017 weigh words."""
    share = np.asarray((counts > 0).sum(axis=0), np.float32).ravel()
    share /= share.sum()
    return vectors * (SMOOTHING / (SMOOTHING + share))[:, None]


def main_directions(vectors: NDArray[np.float32], dimension: int) -> NDArray[np.float32]:
    """The directions that texts' vectors go most in, (384, dimension), at right angles: cosines nearly stay."""
    return np.linalg.eigh(vectors.T @ vectors)[1][:, ::-1][:, :dimension]


def linear_map(
    vectors: NDArray[np.float32], rows: sparse.csr_matrix, aim: NDArray[np.float32]
) -> NDArray[np.float32]:
    """``vectors`` times the matrix by which texts' sums come nearest to ``aim``."""
    sums = rows @ vectors
    square = sums.T @ sums + 1e-2 * np.eye(vectors.shape[1], dtype=np.float32)
    return (vectors @ np.linalg.solve(square, sums.T @ aim)).astype(np.float32)


def corrected(
    table: NDArray[np.float32], rows: sparse.csr_matrix, aim: NDArray[np.float32]
) -> NDArray[np.float32]:
    """The table by which texts' sums come nearest to ``aim``, with a price on leaving the table that there is.

    Ridge regression by conjugate gradients, all columns at once; a token that no text has stays as it is.
    """
    turned = rows.T.tocsr()
    change = np.zeros_like(table)
    left = turned @ (aim - rows @ table)
    step, size = left.copy(), (left * left).sum(axis=0)
    for _ in range(STEPS):
        moved = turned @ (rows @ step) + PRICE * step
        far = size / np.maximum((step * moved).sum(axis=0), 1e-20)
        change += far * step
        left -= far * moved
        before, size = size, (left * left).sum(axis=0)
        step = left + size / np.maximum(before, 1e-20) * step
    return table + change


def learned_table(
    tokens: NDArray[np.float32],
    counts: sparse.csr_matrix,
    teacher: NDArray[np.float32],
) -> NDArray[np.float32]:
    """A vector for each token, whose sums point where MiniLM's vectors of the texts do."""
    aim = teacher @ main_directions(teacher, LEARNED)
    # Long texts give the more words away, and the less of each: by the root they count alike.
    lengths = np.asarray(counts.sum(axis=1)).ravel()
    rows = (sparse.diags((1 / np.sqrt(lengths)).astype(np.float32)) @ counts).tocsr()
    return corrected(linear_map(weighed(tokens, counts), rows, aim), rows, aim)


def main() -> int:
    """Make the model."""
    parser = argparse.ArgumentParser(description="Make builtin:embed.")
    parser.add_argument("data", type=Path, metavar="DATA", help="the folder of the corpora")
    parser.add_argument("output", type=Path, metavar="OUTPUT", help="where all goes, outside of the checkout")
    given = parser.parse_args()
    given.output.mkdir(parents=True, exist_ok=True)
    texts = texts_to_learn_from(given.data)
    written = json.dumps(texts, ensure_ascii=False, indent=0)
    (given.output / "texts.json").write_text(written, encoding="utf-8")
    teacher = teacher_vectors(texts, given.output / "teacher")
    graph_file, encoder = teacher_graph()
    tokens = token_vectors(graph_file, encoder, given.output / "tokens.npy")
    table = learned_table(tokens, token_counts(encoder, texts), teacher)
    np.save(given.output / "table.npy", table)
    recipe = {
        "made_by": "recipes/builtin/embed.py",
        "teacher": TEACHER,
        "texts": len(texts),
        "texts_sha256": hashlib.sha256(written.encode()).hexdigest(),
        "seed": SEED,
        "smoothing": SMOOTHING,
        "price": PRICE,
        "steps": STEPS,
    }
    table = table[:, :DIMENSION]
    place = save_token_table(
        TokenTable.of(table),
        encoder,
        given.output / "model",
        recipe=recipe,
        upstream=upstream_of(TEACHER),
        overwrite=True,
    )
    size = sum(file.stat().st_size for file in place.rglob("*") if file.is_file())
    print(f"{place}: {table.shape[0]:,} tokens of {table.shape[1]} numbers, {size / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
