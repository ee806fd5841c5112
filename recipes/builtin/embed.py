"""Make ``builtin:embed``: a table of one vector a token, learned from MiniLM's vectors of whole texts.

    python recipes/builtin/embed.py DATA OUTPUT

DATA is the folder of the corpora, OUTPUT one outside of the checkout. It needs the wheel of MiniLM and, for its vectors
of some 70,000 texts, ten minutes of two cores; they are kept in OUTPUT and taken up again where it was interrupted. The
same data give the same table on the same machine. What is made:

- ``texts.json``, ``teacher/*.npy``: what it learns from, and MiniLM's vectors of it;
- ``model``: the saved model, which ``samesay.Embedder.open`` opens.

No text that the model is measured on is learned from: see ``mix.Measured``, and ``questions_held_out`` below.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from pathlib import Path

import numpy as np
from mix import CORPORA, SAME_CORPORA, Measured, plain, read
from numpy.typing import NDArray

import samesay

SEED = 19
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
            teacher = teacher or samesay.Embedder.open("minilm")
            unfinished = place.with_suffix(".unfinished")
            with unfinished.open("wb") as file:
                np.save(file, teacher.encode(texts[begin : begin + _CHUNK]).astype(np.float16))
            unfinished.rename(place)
            print(f"{begin + _CHUNK:,} of {len(texts):,} texts", flush=True)
        parts.append(np.load(place))
    return np.concatenate(parts).astype(np.float32)
