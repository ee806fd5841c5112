"""Why the twins of the byte-pair and unigram tokenizers are as they are; needs neither Keras nor TensorFlow.

Byte pairs: KerasHub without TensorFlow merges a text whole, since it hands its splitting expression to ``tokenizers``
as a literal string. How often is that another spelling than RoBERTa's own, which splits first? Unigram: how often does
``tokenizers.models.Unigram``, which the core has anyway, spell a text otherwise than SentencePiece, and how fast is
either? Vocabularies are trained here, on the sentences themselves, so figures are of these and not of published ones::

    python benchmarks/tokenizer_twins.py --data ../shared/data --output benchmarks/results

Prints and writes one JSON; sentences are counted and never written down.
"""

from __future__ import annotations

import argparse
import datetime
import io
import itertools
import json
import os
import platform
import sys
import time
from importlib.metadata import version
from pathlib import Path

import pyarrow.parquet as parquet
import sentencepiece
from sentencepiece import sentencepiece_model_pb2
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests" / "encoding")]

from hostile_texts import HOSTILE_TEXTS, random_texts  # noqa: E402

from samesay.encoding.bytepair import BytePair  # noqa: E402
from samesay.encoding.packing import Ragged  # noqa: E402
from samesay.encoding.sentence_piece import SentencePiece  # noqa: E402


def rows(ragged: Ragged) -> list[list[int]]:
    ids, ends = ragged.ids.tolist(), ragged.offsets.tolist()
    return [ids[begin:end] for begin, end in itertools.pairwise(ends)]


def unequal(one: list[list[int]], other: list[list[int]]) -> int:
    return sum(a != b for a, b in zip(one, other, strict=True))


def byte_pairs(training: list[str], groups: dict[str, list[str]], size: int) -> dict[str, object]:
    split = Tokenizer(models.BPE())
    split.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    split.train_from_iterator(
        training,
        trainers.BpeTrainer(vocab_size=size, initial_alphabet=alphabet, show_progress=False),
    )
    model = json.loads(split.to_str())["model"]
    ours = BytePair(
        sorted(model["vocab"], key=model["vocab"].get),
        [" ".join(pair) for pair in model["merges"]],
        add_prefix_space=False,
    )
    return {
        name: {
            "texts": len(texts),
            "whole_and_split_differ": unequal(
                rows(ours.encode(texts)), [each.ids for each in split.encode_batch(texts)]
            ),
        }
        for name, texts in groups.items()
    }


def unigram(training: list[str], groups: dict[str, list[str]], size: int) -> dict[str, object]:
    written = io.BytesIO()
    sentencepiece.SentencePieceTrainer.Train(
        sentence_iterator=iter(training), model_writer=written, vocab_size=size, num_threads=1, minloglevel=2
    )
    ours = SentencePiece(written.getvalue())
    proto = sentencepiece_model_pb2.ModelProto.FromString(written.getvalue())
    rust = Tokenizer(models.Unigram([(piece.piece, piece.score) for piece in proto.pieces], 0, False))
    rust.normalizer = normalizers.Sequence(
        [
            normalizers.Precompiled(proto.normalizer_spec.precompiled_charsmap),
            normalizers.Strip(),
            normalizers.Replace("  ", " "),
        ]
    )
    rust.pre_tokenizer = pre_tokenizers.Metaspace(replacement="\u2581", prepend_scheme="always")
    result = {}
    for name, texts in groups.items():
        began = time.process_time()
        expected = rows(ours.encode(texts))
        between = time.process_time()
        found = [each.ids for each in rust.encode_batch_fast(texts)]
        ended = time.process_time()
        result[name] = {
            "texts": len(texts),
            "rust_and_sentencepiece_differ": unequal(found, expected),
            "sentencepiece_texts_per_cpu_second": round(len(texts) / (between - began)),
            "rust_texts_per_cpu_second": round(len(texts) / (ended - between)),
        }
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of real sentence pairs (Parquet)")
    parser.add_argument("--sentences", type=int, default=20_000)
    parser.add_argument("--pieces", type=int, default=8_000)
    parser.add_argument("--output", type=Path, help="folder for the dated JSON")
    arguments = parser.parse_args()
    groups = {"hostile texts": list(HOSTILE_TEXTS), "random texts": random_texts(2_000)}
    for name in ("snli", "mnli"):
        table = parquet.read_table(next((arguments.data / name).glob("train*")), columns=["premise"])
        groups[name] = list(dict.fromkeys(filter(None, table["premise"].to_pylist())))[: arguments.sentences]
    training = [*groups["snli"], *groups["mnli"]]
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    report = {
        "benchmark": "tokenizer_twins",
        "date": today,
        "python": platform.python_version(),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "versions": {name: version(name) for name in ("tokenizers", "sentencepiece")},
        "pieces": arguments.pieces,
        "byte_pairs": byte_pairs(training, groups, arguments.pieces),
        "unigram": unigram(training, groups, arguments.pieces),
    }
    print(json.dumps(report))
    if arguments.output:
        path = arguments.output / f"tokenizer_twins-{today}.json"
        path.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
