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
    │   └── BuiltinUnusable, BuiltinUnknown
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
from typing import Any, ClassVar, Self

_LONGEST_TEXT = 4_000
_LONGEST_NAME = 200
_MOST_NAMES = 1_000
_FILE = re.compile(r"\.(csv|tsv|txt|jsonl?|parquet|xlsx|gz|zip|keras|onnx)$")
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

    def __init_subclass__(
        cls, *, exit_code: int | None = None, http_status: int | None = None, code: str | None = None
    ) -> None:
        """A kind of failure; what is not given is its parent's, and its code is its name."""
        super().__init_subclass__()
        if exit_code is not None:
            cls.exit_code = exit_code
            cls.code = code or re.sub(r"(?<!^)(?=[A-Z])", "-", cls.__name__).lower().removesuffix("-error")
        if http_status is not None:
            cls.http_status = http_status

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

    @classmethod
    def of_choice(
        cls,
        message: str,
        given: str,
        choices: Iterable[str],
        *,
        where: str | None = None,
        expected: str | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> Self:
        """The error for a name that is none of ``choices``: it lists them, and proposes the nearest.

        Args:
            message: What happened.
            given: The name that was received.
            choices: What would have been accepted.
            where: The place.
            expected: The choices in other words, where there are many.
            details: Further facts, beside the near names.
        """
        names = list(choices)
        close = near(given, names)
        return cls(
            message,
            where=where,
            expected=expected or f"one of {', '.join(names)}",
            hint=f"did you mean {close[0]!r}?" if close else None,
            details={**(details or {}), "near": close},
        )

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


class UsageError(SameSayError, exit_code=2, http_status=400):
    """A setting or an argument has a value that cannot be used."""


class RecipeInvalid(UsageError, exit_code=3):
    """A recipe file cannot be read, or says what a recipe cannot say."""


class RecipeVersionUnknown(UsageError, exit_code=4):
    """A recipe file was written for another version of the format than this release reads."""


class ResumeMismatch(UsageError, exit_code=8, http_status=409):
    """What an interrupted run left was made of another input, by another model or with other options."""


class CheckpointMismatch(UsageError, exit_code=9, http_status=409):
    """The checkpoint to resume from belongs to a run of another recipe, data or version."""


class DataError(SameSayError, exit_code=10, http_status=422):
    """Something about the pairs or their source."""


class SourceNotFound(DataError, exit_code=11, http_status=404):
    """No file, folder or named source by this name."""


class SplitNotFound(DataError, exit_code=12, http_status=404):
    """The source has no such split."""


class ColumnNotFound(DataError, exit_code=13):
    """A needed column is absent, or its name does not show it."""


class SliceInvalid(DataError, exit_code=14):
    """A slice such as ``[:20%]`` cannot be read or selects nothing."""


class RowMalformed(DataError, exit_code=15):
    """A row has another number of fields than the header, or is not valid in its format."""


class EncodingInvalid(DataError, exit_code=16):
    """The bytes are not UTF-8, nor of the encoding that was named, or a text holds lone surrogates."""


class NulByte(DataError, exit_code=17):
    """A text file holds a NUL byte."""


class FormatUnknown(DataError, exit_code=18, http_status=415):
    """The file's name does not show its format, or the format is not read."""


class NoRows(DataError, exit_code=19):
    """The source, split or slice holds no row that can be used."""


class EmptySide(DataError, exit_code=20):
    """A pair whose first or second text is empty."""


class LabelMissing(DataError, exit_code=21):
    """Labels are needed and a row has none."""


class LabelUnknown(DataError, exit_code=22):
    """A label that is not one of the expected names, or a column that can be read in two ways."""


class LabelMismatch(DataError, exit_code=23, http_status=409):
    """The data's label names are not the model's."""


class OneClassOnly(DataError, exit_code=24):
    """All rows carry one label: there is nothing to distinguish."""


class TruncationRefused(DataError, exit_code=25, http_status=413):
    """A pair is longer than the model reads, and truncation was not allowed."""


class ScoreInvalid(DataError, exit_code=27):
    """A similarity score is no number, or is outside its scale."""


class AuditFindings(DataError, exit_code=28):
    """An audit with --strict found something wrong with the data."""


class PairsLeaked(DataError, exit_code=29, http_status=409):
    """The model was trained on more of the pairs than is allowed."""


class CorpusUnreachable(DataError, exit_code=26, http_status=503):
    """A published corpus is not on this machine and cannot be fetched."""


class ModelError(SameSayError, exit_code=30):
    """Something about the encoder, its tokenizer or its head."""


class PresetUnknown(ModelError, exit_code=31, http_status=404):
    """No preset, folder or hub address by this name."""


class HubUnreachable(ModelError, exit_code=32, http_status=503):
    """A preset lives on a hub that cannot be reached."""


class HeadMismatch(ModelError, exit_code=33, http_status=409):
    """The saved head was trained for other labels."""


class TokenizerUnsupported(ModelError, exit_code=34):
    """The preset's tokenizer has no twin in ``encoding``."""


class EncoderUnsupported(ModelError, exit_code=35):
    """The preset's architecture cannot be used here."""


class TrainingDiverged(ModelError, exit_code=36):
    """The loss became NaN or infinite."""


class ParityFailed(ModelError, exit_code=37):
    """The ONNX part of a saved model does not predict as its Keras part does."""


class CheckFailed(ModelError, exit_code=38):
    """A model passes less of a behaviour suite than was asked for."""


class CheckpointDamaged(ModelError, exit_code=39):
    """None of a run's checkpoints can be read."""


class BundleError(SameSayError, exit_code=40):
    """Something about a saved model on disk."""


class NotABundle(BundleError, exit_code=41, http_status=404):
    """The path is not a saved model."""


class BundleDamaged(BundleError, exit_code=42):
    """A part is missing, is not as it was written, or says what cannot be."""


class BundleVersionUnknown(BundleError, exit_code=43):
    """The bundle was written in a format this version does not read."""


class PartUnavailable(BundleError, exit_code=44, http_status=409):
    """A part that this use needs is absent, unsupported or failed its parity check."""


class TargetExists(BundleError, exit_code=45, http_status=409):
    """The place to write to is taken."""


class QualityLost(BundleError, exit_code=46, http_status=409):
    """A quantized model changes more predictions than allowed; it is not written."""


class BuiltinUnusable(BundleError, exit_code=47):
    """A model that comes with SameSay is absent from the installation, or damaged."""


class BuiltinUnknown(BundleError, exit_code=48, http_status=404):
    """No model by this name comes with SameSay."""


class MachineError(SameSayError, exit_code=50):
    """Something about the machine this runs on."""


class DiskFull(MachineError, exit_code=51, http_status=507):
    """No space is left; what was being written has been removed."""


class ExtraMissing(MachineError, exit_code=52):
    """An optional dependency is needed and not installed."""

    @classmethod
    def of(cls, extra: str, package: str, purpose: str) -> ExtraMissing:
        """The error for ``purpose`` needing ``package``, which ``samesay[extra]`` installs."""
        return cls(
            f"{purpose} needs {package}, which is not installed.",
            hint=f"pip install 'samesay[{extra}]'",
            details={"extra": extra, "package": package},
        )


class OutputUnwritable(MachineError, exit_code=53):
    """The output cannot be written where it was asked for."""


class OutputBusy(MachineError, exit_code=56, http_status=409):
    """Another process is writing the output at this moment."""


class WorkerDied(MachineError, exit_code=57):
    """A process that was doing part of the work was killed."""


class MemoryExhausted(MachineError, exit_code=59):
    """Memory ran out, the machine's or a device's."""

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


class UnexpectedError(SameSayError, exit_code=70, code="unexpected-error"):
    """A mistake of SameSay's own, and nothing that its user did."""


class Interrupted(SameSayError, exit_code=130):
    """Stopped by the user before there was anything to keep."""


def near(name: str, known: Iterable[str], *, limit: int = 3) -> list[str]:
    """The names most like ``name``, best first, for "did you mean"; whole texts and endless lists are not searched."""
    if len(name) > _LONGEST_NAME:
        return []
    names = [other for other in islice(known, _MOST_NAMES) if len(other) <= _LONGEST_NAME]
    return difflib.get_close_matches(name, names, n=limit, cutoff=0.55)


def require_at_least(least: int, **named: int) -> None:
    """Refuse a setting below ``least``.

    Raises:
        UsageError: Naming it.
    """
    for name, value in named.items():
        if value < least:
            raise UsageError(f"{name} is {value}.", where=name, expected=f"at least {least}")


def hub_address(name: object, prefix: str = "hf://") -> str | None:
    """The address on the Hugging Face hub that ``owner/name`` may mean; None for paths and for other words.

    >>> hub_address("owner/name@main")
    'hf://owner/name@main'
    """
    plain = re.sub(r"^hf:/+", "", str(name))  # pathlib keeps one of the slashes
    is_path = plain == str(name) and (Path(plain).parent.exists() or bool(_FILE.search(plain)))
    return f"{prefix}{plain}" if re.fullmatch(_HUB_NAME, plain) and not is_path else None


def _short(text: str) -> str:
    """A text of a message, its middle left out where a file brought more of it than anybody reads."""
    if len(text) <= _LONGEST_TEXT:
        return text
    return f"{text[: _LONGEST_TEXT // 2]} … ({len(text):,} letters in all) … {text[-_LONGEST_TEXT // 4 :]}"
