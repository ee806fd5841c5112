"""What can go wrong, as one tree of exceptions that every surface renders the same way.

Each leaf has a stable kebab-case ``code`` (the API's ``error.code``), a process ``exit_code`` of its own and an
``http_status``. Exit codes are grouped: 2-9 usage, 10-29 data, 30-39 model, 40-49 bundle, 50-59 the machine, 70 a
mistake of SameSay's own, 130 interrupted.

    SameSayError
    ├── UsageError                 a setting or an argument
    │   ├── RecipeInvalid, RecipeVersionUnknown
    │   └── ResumeMismatch, CheckpointMismatch
    ├── DataError                  where pairs come from
    │   ├── SourceNotFound, SplitNotFound, ColumnNotFound, SliceInvalid
    │   ├── RowMalformed, EncodingInvalid, NulByte, FormatUnknown, NoRows, EmptySide
    │   ├── LabelMissing, LabelUnknown, LabelMismatch, OneClassOnly, ScoreInvalid
    │   ├── TruncationRefused, CorpusUnreachable
    │   └── AuditFindings, PairsLeaked
    ├── ModelError                 the pretrained encoder and its head
    │   ├── PresetUnknown, HubUnreachable, HeadMismatch, TokenizerUnsupported, EncoderUnsupported
    │   └── TrainingDiverged, CheckpointDamaged, CheckFailed, ParityFailed
    ├── BundleError                the saved model
    │   ├── NotABundle, BundleDamaged, BundleVersionUnknown, PartUnavailable, TargetExists, QualityLost
    ├── MachineError               disk, memory, what is installed
    │   ├── DiskFull, ExtraMissing, OutputUnwritable, OutputBusy, WorkerDied, MemoryExhausted
    ├── UnexpectedError            a mistake of SameSay's own
    └── Interrupted                Ctrl-C with nothing to keep
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar

_LONGEST_TEXT = 4_000
_LONGEST_NAME = 200
_MOST_NAMES = 1_000
_FILE_SUFFIXES = (
    ".csv",
    ".tsv",
    ".txt",
    ".json",
    ".jsonl",
    ".parquet",
    ".xlsx",
    ".gz",
    ".zip",
    ".keras",
    ".onnx",
)
_HUB_NAME = r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*(@[\w./-]+)?"


class SameSayError(Exception):
    """A failure that its user can understand and act on.

    Args:
        message: What happened, one sentence, naming what was received.
        where: The place: a path, ``file:line``, a column, a setting.
        expected: What would have been accepted.
        hint: What to do next, often a command to copy.
        details: Further facts for machines; JSON types only.
    """

    code: ClassVar[str] = "samesay-error"
    exit_code: ClassVar[int] = 1
    http_status: ClassVar[int] = 500

    def __init__(
        self,
        message: str,
        *,
        where: str | None = None,
        expected: str | None = None,
        hint: str | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        self.message = _short(message)
        super().__init__(self.message)
        self.where = where and _short(where)
        self.expected = expected and _short(expected)
        self.hint = hint and _short(hint)
        self.details = dict(details or {})

    def __str__(self) -> str:
        lines = [self.message]
        if self.where:
            lines.append(f"  where: {self.where}")
        if self.expected:
            lines.append(f"  expected: {self.expected}")
        if self.hint:
            lines.append(f"  try: {self.hint}")
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """The error as JSON types: code, message, where, expected, hint, details."""
        return {
            "code": self.code,
            "message": self.message,
            "where": self.where,
            "expected": self.expected,
            "hint": self.hint,
            "details": self.details,
        }


class UsageError(SameSayError):
    """A setting or an argument has a value that cannot be used."""

    code = "usage"
    exit_code = 2
    http_status = 400


class RecipeInvalid(UsageError):
    """A recipe file cannot be read, or says what a recipe cannot say."""

    code = "recipe-invalid"
    exit_code = 3


class RecipeVersionUnknown(UsageError):
    """A recipe file was written for another version of the format than this release reads."""

    code = "recipe-version-unknown"
    exit_code = 4


class ResumeMismatch(UsageError):
    """What an interrupted run left was made of another input, by another model or with other options."""

    code = "resume-mismatch"
    exit_code = 8
    http_status = 409


class CheckpointMismatch(UsageError):
    """The checkpoint to go on from belongs to a run of another recipe, data or version."""

    code = "checkpoint-mismatch"
    exit_code = 9
    http_status = 409


class DataError(SameSayError):
    """Something about the pairs or their source."""

    code = "data"
    exit_code = 10
    http_status = 422


class SourceNotFound(DataError):
    """No file, folder or named source by this name."""

    code = "source-not-found"
    exit_code = 11
    http_status = 404


class SplitNotFound(DataError):
    """The source has no such split."""

    code = "split-not-found"
    exit_code = 12
    http_status = 404


class ColumnNotFound(DataError):
    """A needed column is absent or cannot be told from the others."""

    code = "column-not-found"
    exit_code = 13


class SliceInvalid(DataError):
    """A slice such as ``[:20%]`` cannot be read or selects nothing."""

    code = "slice-invalid"
    exit_code = 14


class RowMalformed(DataError):
    """A row has another number of fields than the header, or is not valid in its format."""

    code = "row-malformed"
    exit_code = 15


class EncodingInvalid(DataError):
    """The bytes are not UTF-8, nor of the encoding that was named, or a text holds lone surrogates."""

    code = "encoding-invalid"
    exit_code = 16


class NulByte(DataError):
    """A text file holds a NUL byte."""

    code = "nul-byte"
    exit_code = 17


class FormatUnknown(DataError):
    """The file's format cannot be told from its name, or is not read."""

    code = "format-unknown"
    exit_code = 18
    http_status = 415


class NoRows(DataError):
    """The source, split or slice holds no row that can be used."""

    code = "no-rows"
    exit_code = 19


class EmptySide(DataError):
    """A pair whose first or second text is empty."""

    code = "empty-side"
    exit_code = 20


class LabelMissing(DataError):
    """Labels are needed and a row has none."""

    code = "label-missing"
    exit_code = 21


class LabelUnknown(DataError):
    """A label that is not one of the expected names, or a column that can be read in two ways."""

    code = "label-unknown"
    exit_code = 22


class LabelMismatch(DataError):
    """The data's label names are not the model's."""

    code = "label-mismatch"
    exit_code = 23
    http_status = 409


class OneClassOnly(DataError):
    """All rows carry one label: there is nothing to distinguish."""

    code = "one-class-only"
    exit_code = 24


class TruncationRefused(DataError):
    """A pair is longer than the model reads, and truncation was not allowed."""

    code = "truncation-refused"
    exit_code = 25
    http_status = 413


class ScoreInvalid(DataError):
    """A similarity score is no number, or is outside its scale."""

    code = "score-invalid"
    exit_code = 27


class AuditFindings(DataError):
    """An audit with --strict found something wrong with the data."""

    code = "audit-findings"
    exit_code = 28


class PairsLeaked(DataError):
    """The model was trained on more of the pairs than is allowed."""

    code = "pairs-leaked"
    exit_code = 29
    http_status = 409


class CorpusUnreachable(DataError):
    """A published corpus is not on this machine and cannot be fetched."""

    code = "corpus-unreachable"
    exit_code = 26
    http_status = 503


class ModelError(SameSayError):
    """Something about the encoder, its tokenizer or its head."""

    code = "model"
    exit_code = 30


class PresetUnknown(ModelError):
    """No preset, folder or hub address by this name."""

    code = "preset-unknown"
    exit_code = 31
    http_status = 404


class HubUnreachable(ModelError):
    """A preset lives on a hub that cannot be reached."""

    code = "hub-unreachable"
    exit_code = 32
    http_status = 503


class HeadMismatch(ModelError):
    """The saved head was trained for other labels."""

    code = "head-mismatch"
    exit_code = 33
    http_status = 409


class TokenizerUnsupported(ModelError):
    """The preset's tokenizer has no twin in ``encoding``."""

    code = "tokenizer-unsupported"
    exit_code = 34


class EncoderUnsupported(ModelError):
    """The preset's architecture cannot be used here."""

    code = "encoder-unsupported"
    exit_code = 35


class TrainingDiverged(ModelError):
    """The loss became NaN or infinite."""

    code = "training-diverged"
    exit_code = 36


class ParityFailed(ModelError):
    """The ONNX part of a saved model does not answer as its Keras part does."""

    code = "parity-failed"
    exit_code = 37


class CheckFailed(ModelError):
    """A model passes less of a behaviour suite than was asked for."""

    code = "check-failed"
    exit_code = 38


class CheckpointDamaged(ModelError):
    """None of a run's checkpoints can be read."""

    code = "checkpoint-damaged"
    exit_code = 39


class BundleError(SameSayError):
    """Something about a saved model on disk."""

    code = "bundle"
    exit_code = 40


class NotABundle(BundleError):
    """The path is not a saved model."""

    code = "not-a-bundle"
    exit_code = 41
    http_status = 404


class BundleDamaged(BundleError):
    """A part is missing, is not as it was written, or says what cannot be."""

    code = "bundle-damaged"
    exit_code = 42


class BundleVersionUnknown(BundleError):
    """The bundle was written in a format this version does not read."""

    code = "bundle-version-unknown"
    exit_code = 43


class PartUnavailable(BundleError):
    """A part that this use needs is absent, unsupported or failed its parity check."""

    code = "part-unavailable"
    exit_code = 44
    http_status = 409


class TargetExists(BundleError):
    """The place to write to is taken."""

    code = "target-exists"
    exit_code = 45
    http_status = 409


class QualityLost(BundleError):
    """A model with narrower weights changes more answers than was allowed; it is not written."""

    code = "quality-lost"
    exit_code = 46
    http_status = 409


class MachineError(SameSayError):
    """Something about the machine this runs on."""

    code = "machine"
    exit_code = 50


class DiskFull(MachineError):
    """No space is left; what was being written has been removed."""

    code = "disk-full"
    exit_code = 51
    http_status = 507


class ExtraMissing(MachineError):
    """An optional dependency is needed and not installed."""

    code = "extra-missing"
    exit_code = 52

    @classmethod
    def of(cls, extra: str, package: str, purpose: str) -> ExtraMissing:
        """The error for ``purpose`` needing ``package``, which ``samesay[extra]`` installs."""
        return cls(
            f"{purpose} needs {package}, which is not installed.",
            hint=f"pip install 'samesay[{extra}]'",
            details={"extra": extra, "package": package},
        )


class OutputUnwritable(MachineError):
    """The output cannot be written where it was asked for."""

    code = "output-unwritable"
    exit_code = 53


class OutputBusy(MachineError):
    """Another process is writing the output at this moment."""

    code = "output-busy"
    exit_code = 56
    http_status = 409


class WorkerDied(MachineError):
    """A process that was doing part of the work was killed."""

    code = "worker-died"
    exit_code = 57


class MemoryExhausted(MachineError):
    """Memory ran out, the machine's or a device's."""

    code = "memory-exhausted"
    exit_code = 59

    # What JAX, TensorFlow, torch, ONNX Runtime and the C++ runtime say; none of them raises MemoryError.
    _WORDS: ClassVar = (
        "RESOURCE_EXHAUSTED",
        "bad_alloc",
        "out of memory",
        "failed to allocate memory",
        "OOM when",
        "cannot allocate memory",
        "failed to map segment",
    )

    @classmethod
    def explains(cls, error: BaseException) -> bool:
        """Whether ``error``, of whatever library, says that memory ran out."""
        said = str(error).lower()
        return isinstance(error, MemoryError) or any(words.lower() in said for words in cls._WORDS)


class UnexpectedError(SameSayError):
    """A mistake of SameSay's own, and nothing that its user did."""

    code = "unexpected-error"
    exit_code = 70


class Interrupted(SameSayError):
    """Stopped by the user before there was anything to keep."""

    code = "interrupted"
    exit_code = 130


def near(name: str, known: Iterable[str], *, limit: int = 3) -> list[str]:
    """The names most like ``name``, best first, for "did you mean"; whole texts and endless lists are not searched."""
    if len(name) > _LONGEST_NAME:
        return []
    names = [other for other in islice(known, _MOST_NAMES) if len(other) <= _LONGEST_NAME]
    return difflib.get_close_matches(name, names, n=limit, cutoff=0.55)


def hub_address(name: object, prefix: str = "hf://") -> str | None:
    """The address on the Hugging Face hub that ``owner/name`` may mean; None for paths and for other words.

    >>> hub_address("owner/name@main")
    'hf://owner/name@main'
    """
    plain = re.sub(r"^hf:/+", "", str(name))  # pathlib keeps one of the slashes
    is_path = plain == str(name) and (Path(plain).parent.exists() or Path(plain).suffix in _FILE_SUFFIXES)
    return f"{prefix}{plain}" if re.fullmatch(_HUB_NAME, plain) and not is_path else None


def _short(text: str) -> str:
    """A text of a message, its middle left out where a file brought more of it than anybody reads."""
    if len(text) <= _LONGEST_TEXT:
        return text
    return f"{text[: _LONGEST_TEXT // 2]} … ({len(text):,} letters in all) … {text[-_LONGEST_TEXT // 4 :]}"
