"""Are SameSay's token ids those of KerasHub's TensorFlow tokenizer, and if not, where not?

SameSay trains and scores without TensorFlow, and is held to KerasHub's TensorFlow-free tokenizer id for id by
``tests/encoding``. A model that was trained elsewhere, on KerasHub's TensorFlow path, has seen the ids of
that path. This script measures how far the three are apart: on real sentences, on the hostile texts of the
tests, on random texts, and on every character of Unicode.

It needs an environment of its own, of 3 GB, because TensorFlow is not among SameSay's dependencies::

    python -m venv /tmp/tensorflow-venv
    /tmp/tensorflow-venv/bin/pip install keras-hub==0.32.0 tensorflow-text tokenizers pyarrow onnxruntime
    PYTHONPATH=src /tmp/tensorflow-venv/bin/python benchmarks/tokenizer_parity_tensorflow.py \
        --vocabulary VOCAB.TXT --data ../shared/data --output benchmarks/results

``VOCAB.TXT`` is uncased BERT's, as in the folder of the MiniLM weights. Prints a table and one line of JSON;
with ``--output`` writes the JSON there too. Real sentences are counted and never written down.
"""

from __future__ import annotations

import argparse
import datetime
import itertools
import json
import os
import platform
import subprocess
import sys
import time
import unicodedata
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "encoding"))

import keras_hub  # noqa: E402
import numpy as np  # noqa: E402
import pyarrow.parquet as parquet  # noqa: E402
from hostile_texts import HOSTILE_TEXTS, SPECIALS_AS_TEXT, characters, random_texts  # noqa: E402

from samesay.encoding.wordpiece import WordPiece  # noqa: E402

SPECIAL_TOKENS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
CHUNK = 20_000
Ids = list[list[int]]


class Paths:
    """The three tokenizers for one vocabulary and one set of rules."""

    def __init__(self, vocabulary: list[str], rules: dict[str, bool]) -> None:
        self._theirs = keras_hub.models.BertTokenizer(vocabulary, split_on_cjk=True, **rules)
        self._ours = WordPiece(vocabulary, **rules)

    def ours(self, texts: list[str]) -> Ids:
        """SameSay's ids."""
        ragged = self._ours.encode(texts)
        return [row.tolist() for row in np.split(ragged.ids, ragged.offsets[1:-1])]

    def python(self, texts: list[str]) -> Ids:
        """KerasHub's ids without TensorFlow."""
        return [list(map(int, row)) for row in self._theirs._tokenize_python(texts)]

    def tensorflow(self, texts: list[str]) -> Ids:
        """KerasHub's ids by TensorFlow."""
        rows = self._theirs._tokenize_tf(texts)
        return rows.to_list() if hasattr(rows, "to_list") else [list(map(int, row)) for row in rows]


def real_sentences(data: Path, count: int) -> list[str]:
    """``count`` different sentences, evenly over the tables under ``data``."""
    columns: list[list[str]] = []
    for folder, names in (
        ("snli", ("premise", "hypothesis")),
        ("mnli", ("premise", "hypothesis")),
        ("stsb", ("sentence1", "sentence2")),
        ("sick", ("premise", "hypothesis")),
    ):
        table = parquet.read_table(next((data / folder).glob("train*")))
        columns.extend(table[name].to_pylist() for name in names)
    mixed = itertools.chain.from_iterable(itertools.zip_longest(*columns))
    return list(itertools.islice(dict.fromkeys(text for text in mixed if text is not None), count))


def letter_vocabulary() -> list[str]:
    """A vocabulary that spells nearly everything, so that unknown tokens hide no difference."""
    letters = {chr(code) for code in range(0x21, 0x3000)}
    letters |= {form for text in HOSTILE_TEXTS for form in (*text, *text.casefold(), *text.upper())}
    # FastWordpiece refuses vocabularies with white space, controls and the like in them.
    spelled = [each for each in sorted(letters - {"[", "]"}) if unicodedata.category(each)[0] not in "ZC"]
    return [*SPECIAL_TOKENS, "[", "]", *spelled, *(f"##{letter}" for letter in spelled), "..."]


def chunks(texts: list[str]) -> Iterator[list[str]]:
    for begin in range(0, len(texts), CHUNK):
        yield texts[begin : begin + CHUNK]


def compare(paths: Paths, texts: list[str]) -> dict[str, object]:
    """How many texts differ, which, and how long each path took."""
    differing = {"ours_python": [], "ours_tensorflow": [], "python_tensorflow": []}
    seconds = {"ours": 0.0, "python": 0.0, "tensorflow": 0.0}
    for chunk in chunks(texts):
        ids: dict[str, Ids] = {}
        for name in seconds:
            began = time.perf_counter()
            ids[name] = getattr(paths, name)(chunk)
            seconds[name] += time.perf_counter() - began
        for pair, found in differing.items():
            one, other = pair.split("_")
            found.extend(text for text, a, b in zip(chunk, ids[one], ids[other], strict=True) if a != b)
    return {"texts": len(texts), "differing": differing, "seconds": seconds}


def described(characters_: set[str]) -> dict[str, str]:
    """Characters by category as ranges of code points."""
    by_category: dict[str, list[int]] = {}
    for character in sorted(characters_):
        by_category.setdefault(unicodedata.category(character), []).append(ord(character))
    return {category: _ranges(codes) for category, codes in sorted(by_category.items())}


def _ranges(codes: list[int]) -> str:
    spans: list[list[int]] = []
    for code in codes:
        if spans and spans[-1][1] == code - 1:
            spans[-1][1] = code
        else:
            spans.append([code, code])
    return " ".join(f"{low:04X}" if low == high else f"{low:04X}-{high:04X}" for low, high in spans)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--vocabulary", type=Path, required=True, help="uncased BERT's vocab.txt")
    parser.add_argument("--data", type=Path, required=True, help="folder of real sentence pairs (Parquet)")
    parser.add_argument("--sentences", type=int, default=100_000)
    parser.add_argument("--every", type=int, default=1, help="compare every n-th character of Unicode")
    parser.add_argument("--output", type=Path, help="folder for the dated JSON")
    arguments = parser.parse_args()

    bert = [line.rstrip() for line in arguments.vocabulary.read_text(encoding="utf-8").split("\n")[:-1]]
    letters = letter_vocabulary()
    uncased = {"lowercase": True, "strip_accents": False}
    cases = (
        ("real sentences", bert, "BERT", uncased, real_sentences(arguments.data, arguments.sentences)),
        ("special tokens as text", bert, "BERT", uncased, list(SPECIALS_AS_TEXT)),
        ("hostile texts", bert, "BERT", uncased, list(HOSTILE_TEXTS)),
        ("hostile texts", letters, "letters", uncased, list(HOSTILE_TEXTS)),
        ("hostile, accents off", letters, "letters", {"lowercase": True, "strip_accents": True}, list(HOSTILE_TEXTS)),
        ("hostile, case kept", letters, "letters", {"lowercase": False, "strip_accents": False}, list(HOSTILE_TEXTS)),
        ("random texts", bert, "BERT", uncased, random_texts(5_000)),
        ("characters", bert, "BERT", uncased, characters(range(0, 0x110000, arguments.every))),
        ("characters", letters, "letters", uncased, characters(range(0, 0x110000, arguments.every))),
        ("characters, accents off", letters, "letters", {"lowercase": True, "strip_accents": True},
         characters(range(0, 0x110000, arguments.every))),
        ("characters, case kept", letters, "letters", {"lowercase": False, "strip_accents": False},
         characters(range(0, 0x110000, arguments.every))),
    )  # fmt: skip
    print(
        f"{'texts':26} {'vocabulary':10} {'number':>8} {'ours≠python':>12} {'ours≠tf':>8} {'python≠tf':>10}"
    )
    results = []
    for name, vocabulary, vocabulary_name, rules, texts in cases:
        found = compare(Paths(vocabulary, rules), texts)
        differing = found["differing"]
        counts = {pair: len(which) for pair, which in differing.items()}
        print(
            f"{name:26} {vocabulary_name:10} {len(texts):8} {counts['ours_python']:12} "
            f"{counts['ours_tensorflow']:8} {counts['python_tensorflow']:10}",
            flush=True,
        )
        result = {
            "texts": name,
            "vocabulary": vocabulary_name,
            "lowercase": rules.lowercase,
            "strip_accents": rules.strip_accents,
            "number": len(texts),
            "differing": counts,
            "seconds": {path: round(took, 2) for path, took in found["seconds"].items()},
        }
        unequal = differing["ours_tensorflow"]
        if name.startswith("characters"):
            result["characters_differing"] = described({text[0] for text in unequal})
        elif name == "real sentences":
            result["characters_in_differing"] = described(
                {c for text in unequal for c in text if not c.isascii()}
            )
        elif name.startswith(("hostile", "special")):
            result["texts_differing"] = [ascii(text)[1:81] for text in unequal]
        results.append(result)

    commit = subprocess.run(
        ["git", "-C", str(ROOT), "rev-parse", "HEAD"], capture_output=True, text=True, check=False
    )
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    report = {
        "benchmark": "tokenizer_parity_tensorflow",
        "date": today,
        "commit": commit.stdout.strip(),
        "python": platform.python_version(),
        "unicode_of_python": unicodedata.unidata_version,
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "versions": {
            name: version(name)
            for name in (
                "keras-hub",
                "keras",
                "tensorflow",
                "tensorflow-text",
                "tokenizers",
                "regex",
                "numpy",
            )
        },
        "results": results,
    }
    print(json.dumps(report))
    if arguments.output:
        path = arguments.output / f"tokenizer_parity_tensorflow-{today}.json"
        path.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
