"""What the fuzz target starts from: valid inputs, and the commands that read them. A new kind of input is one line."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from fuzz.mutation import mend_manifest, mutate

Command = tuple[str, ...]
LOAD = "load"
"""In place of a command: ``samesay.load`` of Python."""


@dataclass(frozen=True)
class Specimen:
    """A kind of input.

    Attributes:
        name: Of the file or folder, whose suffix says what it is.
        build: Writes a valid one to the path it is given.
        commands: What reads it; ``{it}`` is its path, ``{out}`` a new folder, ``{model}`` and ``{pairs}`` valid ones.
        share: How often it is tried, beside the others.
        mend: What makes a changed one look right again, done to most of them.
        change: How it is changed.
    """

    name: str
    build: Callable[[Path], Any]
    commands: tuple[Command, ...]
    share: int = 4
    mend: Callable[[Path], None] | None = None
    change: Callable[[Random, Path], None] = mutate


_PAIRS = [
    ("a man runs in the park", "a person runs", "entailment", "1", "x"),
    ("a dog sleeps", 'the "dog", they say, eats', "contradiction", "2", ""),
    ("two women are outside\nand sing", "women sing", "neutral", "3", "y"),
    ("a cat plays", "a cat sleeps", "-", "4", "é"),
] * 4
_NAMES = ("premise", "hypothesis", "label", "id", "note")


def _delimited(path: Path) -> None:
    tab = ".tsv" in path.name
    rows = [[text.replace("\n", " ") if tab else text for text in row] for row in _PAIRS]
    lines: list[str] = []
    writer = csv.writer(_Lines(lines), delimiter="\t" if tab else ",", lineterminator="\n")
    writer.writerows([_NAMES, *rows])
    _write(path, "".join(lines))


class _Lines:
    def __init__(self, lines: list[str]) -> None:
        self.write = lines.append


def _json_lines(path: Path) -> None:
    rows = [
        dict(zip(_NAMES, row, strict=True)) | {"more": {"a": [1, 2.5, None]}, "grade": 0.5} for row in _PAIRS
    ]
    _write(path, "".join(json.dumps(row) + "\n" for row in rows))


def _write(path: Path, text: str) -> None:
    content = text.encode("utf-8")
    path.write_bytes(gzip.compress(content, mtime=0) if path.suffix == ".gz" else content)


def _parquet(path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = dict(zip(_NAMES, map(list, zip(*_PAIRS, strict=True)), strict=True))
    pq.write_table(
        pa.table(
            columns | {"more": [[1, 2], None] * 8, "time": pa.array([0] * 16, pa.timestamp("us", "UTC"))}
        ),
        path,
    )


def _odd_parquet(random: Random, path: Path) -> None:
    """A table of odd types and values, written whole, and half of the time broken, too."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    n = random.choice((0, 1, 16, 5_000))
    texts = pa.array(["a man runs"] * n)
    odd = {
        "timestamp": lambda: pa.array(
            [random.choice((0, 2**62, -(2**62), None))] * n,
            pa.timestamp(
                random.choice(["s", "ms", "us", "ns"]),
                random.choice((None, "UTC", "Mars/Olympus", "+99:99", "")),
            ),
        ),
        "date32": lambda: pa.array([random.choice((0, 2**31 - 1, -(2**31)))] * n, pa.int32()).cast(
            pa.date32()
        ),
        "date64": lambda: pa.array([random.choice((0, 2**62, 1))] * n, pa.int64()).cast(pa.date64()),
        "time64": lambda: pa.array([random.choice((0, 2**62, -1))] * n, pa.int64()).cast(pa.time64("us")),
        "duration": lambda: pa.array(
            [random.choice((0, 2**62, -(2**62)))] * n, pa.duration(random.choice(("s", "us", "ns")))
        ),
        "decimal": lambda: pa.array([None] * n, pa.decimal256(76, random.choice((0, 38, 76)))),
        "float16": lambda: pa.array([None] * n, pa.float16()),
        "bytes": lambda: pa.array([random.choice((b"\xff\xfe", b"", b"a"))] * n, pa.binary()),
        "struct": lambda: pa.array(
            [{"a": {"b": [2**62]}}] * n, pa.struct([("a", pa.struct([("b", pa.list_(pa.duration("s")))]))])
        ),
        "map": lambda: pa.array([[("a", 1), ("a", 2)]] * n, pa.map_(pa.string(), pa.int64())),
        "dictionary": lambda: pa.array(["x" * random.choice((1, 20_000))] * n).dictionary_encode(),
        "null": lambda: pa.nulls(n),
        "long list": lambda: pa.array([[0] * 2_000] * n, pa.list_(pa.int8())),
        "uint64": lambda: pa.array([2**64 - 1] * n, pa.uint64()),
        "not utf-8": lambda: pa.array([b"\xff\xfea"] * n, pa.binary()).view(pa.string()),
    }
    names = random.sample(sorted(odd), random.randrange(1, 4))
    columns = {
        "premise": texts,
        "hypothesis": texts,
        "label": pa.array(["x", "y"] * (n // 2) + ["x"] * (n % 2)),
    }
    columns[random.choice(("premise", "hypothesis", "label", "other", "other", "other"))] = odd[names[0]]()
    columns |= {name: odd[name]() for name in names[1:]}
    table = pa.table(columns)
    if random.random() < 0.3:
        features = random.choice(
            (
                '{"info": {"features": {"label": {"_type": "ClassLabel", "names": [1, null]}}}}',
                "[" * 50_000,
                "{",
                "null",
                '{"info": 3}',
            )
        )
        table = table.replace_schema_metadata({"huggingface": features})
    try:
        pq.write_table(
            table,
            path,
            compression=random.choice(("none", "snappy", "zstd")),
            use_dictionary=random.random() < 0.7,
        )
    except (pa.ArrowException, NotImplementedError, ValueError):
        return  # not every type can be written
    if random.random() < 0.5:
        mutate(random, path)


def _recipe(path: Path) -> None:
    from samesay.recipes.rendering import as_toml, as_yaml
    from samesay.recipes.run import defaults

    path.write_text((as_toml if path.suffix == ".toml" else as_yaml)(defaults()), encoding="utf-8")


def _bundle(path: Path) -> None:
    from tiny_models import save_tiny

    save_tiny(path, trained_on=[0xA1, 0xB2])


def _preset(path: Path) -> None:
    from tiny_bert import save_tiny_preset

    save_tiny_preset(path, n_layers=1, hidden=8)


def _pair_model(path: Path) -> Any:
    from samesay.pair_model import PairModel

    _preset(path / "preset")
    return PairModel.from_preset(path / "preset", labels=("same", "different"), new_head=True)


def _keras_file(path: Path) -> None:
    _pair_model(path.with_suffix(".of")).save(path)


def _hugging_face(path: Path) -> None:
    _pair_model(path.with_suffix(".of")).export(path)


_DATA: tuple[Command, ...] = (
    ("data", "show", "{it}"),
    ("data", "show", "{it}", "--json"),
    ("score", "{model}", "--input", "{it}", "--output", "{out}/scored.csv"),
    ("score", "{model}", "--input", "{it}", "--output", "{out}/scored.parquet", "--on-error", "skip"),
    ("score", "{model}", "--input", "{it}", "--output", "{out}/scored.jsonl", "--on-error", "skip"),
    ("audit", "{it}", "--hard", "{out}/hard.csv"),
    ("evaluate", "{model}", "{it}"),
)
_MODEL: tuple[Command, ...] = (
    ("inspect", "{it}"),
    ("score", "{it}", "a dog runs", "an animal runs"),
    ("score", "{it}", "--input", "{pairs}", "--output", "{out}/scored.csv"),
    ("evaluate", "{it}", "{pairs}"),
)

SPECIMENS = (
    Specimen("pairs.csv", _delimited, _DATA),
    Specimen("pairs.tsv", _delimited, _DATA),
    Specimen("pairs.csv.gz", _delimited, _DATA, share=1),
    Specimen("pairs.jsonl", _json_lines, _DATA),
    Specimen("pairs.jsonl.gz", _json_lines, _DATA, share=1),
    Specimen("pairs.parquet", _parquet, _DATA, share=2),
    Specimen("odd.parquet", _parquet, _DATA, change=_odd_parquet),
    Specimen("recipe.yaml", _recipe, (("config", "{it}"),)),
    Specimen("recipe.toml", _recipe, (("config", "{it}"),)),
    Specimen("bundle", _bundle, _MODEL, share=8, mend=mend_manifest),
    Specimen("model.keras", _keras_file, ((LOAD, "{it}"),), share=2),
    Specimen("folder", _hugging_face, (("import", "{it}", "--output", "{out}/model"),), share=2),
    Specimen("encoder", _preset, (("audit", "{pairs}", "--preset", "{it}"),), share=2),
)
BY_NAME = {specimen.name: specimen for specimen in SPECIMENS}
