"""Datasets of TensorFlow Datasets to rows, by that library: its builders, its folder (``TFDS_DATA_DIR``), its features.

An address is ``tfds:name[/config][/version][:split]``. What is prepared as array_record or Parquet is read without
TensorFlow; TFRecord, which is what ``tfds.load`` prepares, is read where TensorFlow is installed. Knows no use of a
column.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import importlib.util
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from samesay.data.rows import KnownRows, Row
from samesay.data.splits import canonical_split
from samesay.errors import (
    CorpusUnreachable,
    EncodingInvalid,
    ExtraMissing,
    SourceNotFound,
    UsageError,
    near,
)

SCHEME = "tfds:"
_NAME = re.compile(r"[A-Za-z]\w*")
_VERSION = re.compile(r"\d+\.\d+\.\d+")
_BATCH_ROWS = 1024
_FORMAT = "array_record"


@dataclass(frozen=True, slots=True)
class TfdsAddress:
    """A dataset of TensorFlow Datasets.

    Attributes:
        name: Of its builder.
        config: Which of the builder's configurations; its first where absent.
        version: The latest where absent.
    """

    name: str
    config: str | None = None
    version: str | None = None

    def __str__(self) -> str:
        return SCHEME + "/".join(part for part in (self.name, self.config, self.version) if part)


def parse_tfds_address(text: str) -> tuple[TfdsAddress, str | None]:
    """An address, and the split after it; the version may follow a slash or, as TFDS writes it, a colon."""
    place, *words = text.removeprefix(SCHEME).split(":")
    name, *parts = place.split("/")
    version = parts.pop() if parts and _VERSION.fullmatch(parts[-1]) else None
    if version is None and words and _VERSION.fullmatch(words[0]):
        version = words.pop(0)
    if not _NAME.fullmatch(name) or not all((*parts, *words)) or len(words) > 1:
        raise UsageError(
            f"Cannot read the address {text!r}.",
            where=text,
            expected="tfds:name, with /config, /version and :split where wanted",
        )
    return TfdsAddress(name, "/".join(parts) or None, version), words[0] if words else None


class TfdsSplit(KnownRows):
    """The rows of a split, in the order in which they were prepared.

    Its format is that of its files (``array_record``, ``parquet`` or ``tfrecord``), its columns are the features.
    """

    def __init__(self, builder: Any, split: str) -> None:
        self._builder = builder
        self._split = split
        features = dict(builder.info.features)
        super().__init__(f"{SCHEME}{builder.info.full_name}:{split}", list(features))
        self.format = builder.info.file_format.value
        self.class_names = {
            column: [str(name) for name in feature.names]
            for column, feature in features.items()
            if type(feature).__name__ == "ClassLabel" and feature.names
        }

    def __len__(self) -> int:
        return self._builder.info.splits[self._split].num_examples

    def rows(self, start: int, stop: int) -> Iterator[Row]:
        """The rows from ``start`` to before ``stop``; the others are not read."""
        if start >= stop:
            return
        for number, example in enumerate(self._examples(f"{self._split}[{start}:{stop}]"), start=start + 1):
            try:
                yield Row(number, None, {column: _plain(example[column]) for column in self.columns})
            except UnicodeDecodeError as problem:
                raise EncodingInvalid(
                    f"Byte 0x{problem.object[problem.start]:02x} is not UTF-8.",
                    where=f"{self.name} row {number}",
                    expected="text in UTF-8",
                ) from problem

    def _examples(self, part: str) -> Iterator[Any]:
        if self.format != "tfrecord":
            source = self._builder.as_data_source(part)
            for start in range(0, len(source), _BATCH_ROWS):
                yield from source.__getitems__(range(start, min(start + _BATCH_ROWS, len(source))))
            return
        tfds = _library()
        # File after file, which is the order that slices count in, and that the other formats are read in.
        in_order = tfds.ReadConfig(interleave_cycle_length=1)
        yield from tfds.as_numpy(self._builder.as_dataset(part, shuffle_files=False, read_config=in_order))


@dataclass(frozen=True)
class TfdsDataset:
    """A dataset that is prepared on this disk.

    Attributes:
        name: Its address with config and version.
        splits: The usual name of every split to TFDS' own.
        note: What to know of it: the very version.
    """

    name: str
    splits: dict[str, str]
    note: str
    _builder: Any

    def split(self, name: str) -> TfdsSplit:
        """The rows of one of ``splits``."""
        return TfdsSplit(self._builder, self.splits[name])


@functools.lru_cache(maxsize=16)  # a run asks for each of its splits
def open_tfds(address: TfdsAddress) -> TfdsDataset:
    """Find a dataset, and have TFDS prepare it as array_record if it is not prepared yet."""
    tfds = _library()
    builder = _builder(tfds, address)
    if not builder.is_prepared():
        _prepare(tfds, builder, address)
    info = builder.info
    if info.file_format.value == "tfrecord" and importlib.util.find_spec("tensorflow") is None:
        raise ExtraMissing(
            f"{address} is prepared as TFRecord, which is read by TensorFlow, and that is not installed.",
            where=str(builder.data_path),
            hint=f"pip install tensorflow, or prepare it as {_FORMAT} in another folder (TFDS_DATA_DIR)",
            details={"package": "tensorflow"},
        )
    splits = {
        split if canonical_split(split) in info.splits else canonical_split(split): split
        for split in info.splits
    }
    licence = f"; licence: {info.license}" if getattr(info, "license", None) else ""
    return TfdsDataset(SCHEME + info.full_name, splits, f"{info.full_name} of TFDS{licence}", builder)


def _library() -> Any:
    try:
        return importlib.import_module("tensorflow_datasets")
    except ImportError as problem:
        raise ExtraMissing.of("tfds", "tensorflow-datasets", "Reading datasets of TFDS") from problem


def _builder(tfds: Any, address: TfdsAddress) -> Any:
    name = "/".join(part for part in (address.name, address.config) if part)
    try:
        return tfds.builder(f"{name}:{address.version}" if address.version else name)
    except tfds.core.DatasetNotFoundError as problem:
        # The message is the only list that TFDS gives without TensorFlow.
        known = re.findall(r"^\s*- (\w+)$", str(problem), re.MULTILINE)
        close = near(address.name, dict.fromkeys(known))
        raise SourceNotFound(
            f"TFDS has no dataset {address.name!r}, and its folder holds none that is prepared.",
            where=str(address),
            expected="tfds:name, a builder of TFDS or what lies prepared in TFDS_DATA_DIR",
            hint=f"did you mean {SCHEME}{close[0]}?" if close else _elsewhere(name),
            details={"near": close},
        ) from problem
    except (AssertionError, ValueError) as problem:  # how TFDS refuses a version, and a configuration
        said = " ".join(str(problem).rpartition('}": ')[2].split())
        raise SourceNotFound(
            f"TFDS does not have {address}: {said[:300]}",
            where=str(address),
            hint=f"{SCHEME}{address.name} leaves the choice to TFDS",
        ) from problem


def _prepare(tfds: Any, builder: Any, address: TfdsAddress) -> None:
    from huggingface_hub import constants

    if constants.HF_HUB_OFFLINE:
        raise _unprepared(builder, address, "the network must not be asked (HF_HUB_OFFLINE)")
    settings = tfds.download.DownloadConfig(try_download_gcs=False)
    try:
        # It reports its work on standard output, where results go.
        with contextlib.redirect_stdout(sys.stderr):
            builder.download_and_prepare(file_format=_FORMAT, download_config=settings)
    except Exception as problem:  # every builder has its own ways to fail
        said = f"TFDS failed to prepare it: {type(problem).__name__}: {_said(problem)}"
        raise _unprepared(builder, address, said) from problem


def _unprepared(builder: Any, address: TfdsAddress, why: str) -> CorpusUnreachable:
    return CorpusUnreachable(
        f"{address} is not prepared on this machine, and {why}",
        where=str(builder.data_path),
        hint=_elsewhere(builder.info.full_name.rpartition("/")[0]),
    )


def _elsewhere(name: str) -> str:
    return (
        "prepare it where there is a connection, with TensorFlow if its builder asks for it: "
        f"python -c \"import tensorflow_datasets as tfds; tfds.data_source('{name}')\"; then bring the folder "
        "(~/tensorflow_datasets) and name it by TFDS_DATA_DIR"
    )


def _said(problem: BaseException) -> str:
    return (str(problem).strip() or "no reason given").splitlines()[0][:200]


def _plain(value: Any) -> Any:
    """A feature's value as Python's own types."""
    if isinstance(value, bytes):
        return value.decode("utf-8")
    if isinstance(value, (np.generic, np.ndarray)):
        return _plain(value.tolist())
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    return value
