"""``samesay.json``: what a saved model says of itself, and its reading, which trusts nothing.

Its ``checksum`` covers all of it, and it is refused if it is not exactly the rendering of its own content
(see `samesay.bundle.canonical`): no byte of it can change unnoticed. The rule of reading: a required key that
is missing or of another type is refused, an unknown key is ignored (but covered by the checksum). This module
opens no file.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeGuard

from samesay.bundle.canonical import canonical_sha256, parse, plain, render
from samesay.bundle.layout import (
    ACTIVATION_OF_KIND,
    EMBEDDER,
    FORMAT_NAME,
    FORMAT_VERSION,
    KINDS,
    MANIFEST_NAME,
    PARTS,
    VERDICTS,
    Verdict,
)
from samesay.decision import Decision
from samesay.errors import BundleDamaged, BundleVersionUnknown, NotABundle, UsageError
from samesay.pairs import MOST_TOKENS, Answers, LabelSet, Scale, Sides

_SHA256 = re.compile(r"[0-9a-f]{64}")
_PREFIX = "sha256:"


@dataclass(frozen=True, slots=True)
class FileRecord:
    """One file of a part: its SHA-256 in hexadecimal and its size in bytes."""

    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Part:
    """A declared part of a bundle.

    Attributes:
        name: Its name in `samesay.bundle.layout.PARTS` (or one that only later releases know).
        files: Its files by path relative to the bundle, with ``/``.
        verdict: What its parity check said; None for a part that needs none.
        detail: Why, and with which numbers; JSON types.
    """

    name: str
    files: dict[str, FileRecord]
    verdict: Verdict | None = None
    detail: Any = None

    @property
    def size(self) -> int:
        """Its files together, in bytes."""
        return sum(record.bytes for record in self.files.values())


@dataclass(frozen=True, slots=True)
class Manifest:
    """All that a bundle says of itself.

    Attributes:
        task: What it does: ``"classification"`` or ``"similarity"``.
        answers: What the model answers with: names of classes in the order of its logits, or scores on a scale; no
            names for an embedder.
        sides: What the first and the second text are called, in reading order.
        max_length: The most tokens of a pair that are read, special ones included.
        parts: The declared parts by name; put in when the bundle is written.
        dimension: Numbers of an embedder's vectors; None for others.
        decision: How a label comes out of logits.
        metrics: Numbers by the name of the data they were measured on, see `samesay.bundle.card`.
        data: What it was trained on: fingerprint, counts, source.
        recipe: How it was trained.
        versions: Of the packages that wrote it.
        created: When it was written, ISO 8601 in UTC; put in then where empty.
    """

    task: str
    answers: Answers
    sides: Sides
    max_length: int
    parts: dict[str, Part] = field(default_factory=dict)
    decision: Decision = field(default_factory=Decision)
    metrics: dict[str, Any] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)
    recipe: dict[str, Any] = field(default_factory=dict)
    versions: dict[str, Any] = field(default_factory=dict)
    created: str = ""
    dimension: int | None = None

    def __post_init__(self) -> None:
        self.decision.require_fit(self.answers)

    @property
    def kind(self) -> str:
        """What the bundle is: a model of labels, one of the similarity models, or an embedder."""
        if self.dimension is not None:
            return EMBEDDER
        return next(kind for kind, one in ACTIVATION_OF_KIND.items() if one == self.answers.activation)

    @property
    def checksum(self) -> str:
        """Of all that it says: two models of one checksum answer alike."""
        return self.to_dict()["checksum"]

    def to_dict(self) -> dict[str, Any]:
        """The manifest as JSON types, checksum included; a number that is not finite becomes null."""
        document = plain(
            {
                "format": FORMAT_NAME,
                "format_version": FORMAT_VERSION,
                "kind": self.kind,
                "created": self.created,
                "task": self.task,
                **self._outputs(),
                "sides": list(self.sides),
                "max_length": self.max_length,
                "decision": self.decision.to_dict(),
                "metrics": self.metrics,
                "data": self.data,
                "recipe": self.recipe,
                "versions": self.versions,
                "parts": {name: _part_to_dict(part) for name, part in self.parts.items()},
            },
            MANIFEST_NAME,
        )
        document["checksum"] = _PREFIX + canonical_sha256(document)
        return document

    def _outputs(self) -> dict[str, Any]:
        if self.dimension is not None:
            return {"dimension": self.dimension}
        return {key: value for key, value in self.answers.to_dict().items() if value is not None}

    def to_json(self) -> bytes:
        """The bytes of ``samesay.json``.

        Raises:
            UsageError: If a fact is of no JSON type, or a text holds lone surrogates.
        """
        return render(self.to_dict())

    @classmethod
    def from_json(cls, content: bytes, *, where: str) -> Manifest:
        """Read ``samesay.json``.

        Args:
            content: Its bytes.
            where: Its path, for messages.

        Raises:
            NotABundle: If it is JSON and somebody else's.
            BundleVersionUnknown: If its format version or its kind is not read by this release.
            BundleDamaged: If it is not what was written, or says what cannot be.
        """
        try:
            document = parse(content)
        except (ValueError, RecursionError) as error:
            raise _damaged(f"{MANIFEST_NAME} is not a JSON object: {error}.", where) from error
        if document.get("format") != FORMAT_NAME:
            raise NotABundle(
                f"The {MANIFEST_NAME} here does not describe a saved model.",
                where=where,
                expected=f'"format": "{FORMAT_NAME}"; received: {document.get("format")!r}',
            )
        version = document.get("format_version")
        if type(version) is not int or version != FORMAT_VERSION:
            raise BundleVersionUnknown(
                f"The bundle is of format version {version!r}; this SameSay reads version {FORMAT_VERSION}.",
                where=where,
                expected=f"format version {FORMAT_VERSION}",
                hint=(
                    "upgrade: pip install --upgrade samesay"
                    if isinstance(version, int) and version > FORMAT_VERSION
                    else "write the bundle again with samesay train, or restore it from a copy"
                ),
                details={"found": version, "known": [FORMAT_VERSION]},
            )
        _require_untouched(document, content, where)
        return _read(document, where)


def _part_to_dict(part: Part) -> dict[str, Any]:
    return {
        "verdict": part.verdict,
        "detail": part.detail,
        "files": {
            path: {"sha256": part.files[path].sha256, "bytes": part.files[path].bytes}
            for path in sorted(part.files)
        },
    }


def _require_untouched(document: dict[str, Any], content: bytes, where: str) -> None:
    try:
        same = (
            document.get("checksum") == _PREFIX + canonical_sha256(document) and render(document) == content
        )
    except ValueError:  # an infinite number, or half a surrogate pair
        same = False
    if not same:
        raise _damaged(f"{MANIFEST_NAME} is not as it was written: its checksum does not fit.", where)


def _read(document: dict[str, Any], where: str) -> Manifest:
    """From a document whose checksum holds."""
    kind = _need(document, "kind", str, where)
    if kind not in KINDS:
        raise BundleVersionUnknown(
            f"This SameSay does not read bundles of the kind {kind!r}.",
            where=where,
            expected=f"kind {', '.join(map(repr, KINDS))}",
            hint="upgrade: pip install --upgrade samesay",
            details={"found": kind, "known": list(KINDS)},
        )
    max_length = _need(document, "max_length", int, where)
    if not 1 <= max_length <= MOST_TOKENS:
        raise _damaged(f"{MANIFEST_NAME} gives the length limit {max_length}.", where)
    try:
        answers = _answers(document, kind, where)
        first, second = _texts(document, "sides", where)
        sides = Sides(first, second)
        decision = _decision(_need(document, "decision", dict, where), where)
        decision.require_fit(answers)
    except (UsageError, ValueError) as error:
        raise _damaged(f"{MANIFEST_NAME} says what cannot be: {str(error).splitlines()[0]}", where) from error
    dimension = _need(document, "dimension", int, where) if kind == EMBEDDER else None
    if dimension is not None and dimension < 1:
        raise _damaged(f"{MANIFEST_NAME} says that vectors have {dimension} numbers.", where)
    if not answers.outputs and dimension is None:
        raise _damaged(f"{MANIFEST_NAME} names no label.", where)
    parts = {name: _part(name, value, where) for name, value in _need(document, "parts", dict, where).items()}
    _require_apart(parts.values(), where)
    return Manifest(
        created=str(document.get("created", "")),
        task=_need(document, "task", str, where),
        answers=answers,
        dimension=dimension,
        sides=sides,
        max_length=max_length,
        decision=decision,
        metrics=_need(document, "metrics", dict, where),
        data=_need(document, "data", dict, where),
        recipe=_need(document, "recipe", dict, where),
        versions=_need(document, "versions", dict, where),
        parts=parts,
    )


def _answers(document: dict[str, Any], kind: str, where: str) -> Answers:
    if kind == EMBEDDER:
        return LabelSet(())
    activation = ACTIVATION_OF_KIND[kind]
    if activation == "softmax":
        return LabelSet(tuple(_texts(document, "labels", where)))
    ends = _need(document, "scale", list, where)
    if len(ends) != 2 or not all(_is_number(end) for end in ends):
        raise _damaged(f"{MANIFEST_NAME}: 'scale' is not two numbers.", where)
    return Scale(float(ends[0]), float(ends[1]), activation)


def _decision(value: dict[str, Any], where: str) -> Decision:
    temperature, abstain_below = value.get("temperature"), value.get("abstain_below")
    if not _is_number(temperature):
        raise _damaged(f"{MANIFEST_NAME}: 'temperature' is not a number.", where)
    if abstain_below is not None and not _is_number(abstain_below):
        raise _damaged(f"{MANIFEST_NAME}: 'abstain_below' is not a number.", where)
    calibration = value.get("calibration", {})
    if not isinstance(calibration, dict):
        raise _damaged(f"{MANIFEST_NAME}: 'calibration' is not an object.", where)
    symmetric = value.get("symmetric", False)
    if not isinstance(symmetric, bool):
        raise _damaged(f"{MANIFEST_NAME}: 'symmetric' is neither true nor false.", where)
    return Decision(
        temperature=float(temperature),
        thresholds=_numbers(value, "thresholds", where),
        abstain_below=None if abstain_below is None else float(abstain_below),
        calibration=calibration,
        biases=_numbers(value, "biases", where),
        symmetric=symmetric,
    )


def _numbers(value: dict[str, Any], key: str, where: str) -> dict[str, float]:
    """Numbers by label; none where the key is absent."""
    numbers = value.get(key, {})
    if not isinstance(numbers, dict) or not all(map(_is_number, numbers.values())):
        raise _damaged(f"{MANIFEST_NAME}: {key!r} are not numbers by label.", where)
    return {str(label): float(number) for label, number in numbers.items()}


def _part(name: str, value: Any, where: str) -> Part:
    if not isinstance(value, dict):
        raise _damaged(f"{MANIFEST_NAME}: the part {name!r} is not an object.", where)
    layout = PARTS.get(name)
    verdict = value.get("verdict")
    if verdict not in VERDICTS and (verdict is not None or (layout is not None and layout.needs_verdict)):
        raise _damaged(
            f"{MANIFEST_NAME}: the part {name!r} has the verdict {verdict!r}.",
            where,
            expected=f"one of {', '.join(VERDICTS)}",
        )
    files: dict[str, FileRecord] = {}
    for path, record in _need(value, "files", dict, where).items():
        require_inside(path, where)
        # Files of parts that only later releases know lie in places of their own.
        if not layout.holds(path) if layout else any(known.holds(path) for known in PARTS.values()):
            raise _damaged(f"{MANIFEST_NAME}: {path!r} does not lie in the part {name!r}.", where)
        files[path] = _record(record, path, where)
    if layout is not None and layout.usable(verdict):
        for required in layout.required:
            if f"{layout.place}/{required}" not in files:
                raise _damaged(f"{MANIFEST_NAME}: the part {name!r} has no {layout.place}/{required}.", where)
    return Part(name=name, files=files, verdict=verdict, detail=value.get("detail"))


def _record(value: Any, path: str, where: str) -> FileRecord:
    sha256, size = (value.get("sha256"), value.get("bytes")) if isinstance(value, dict) else (None, None)
    if not isinstance(sha256, str) or not _SHA256.fullmatch(sha256) or type(size) is not int or size < 0:
        raise _damaged(f"{MANIFEST_NAME}: {path!r} has no SHA-256 and size in bytes.", where)
    return FileRecord(sha256, size)


def require_inside(path: str, where: str) -> None:
    """Refuse a declared path that could point outside the bundle, on any system.

    Raises:
        BundleDamaged: If it is absolute, steps up, or is not in its plainest form.
    """
    parts = path.split("/")
    if (
        any(part in ("", ".", "..") for part in parts)
        or "\\" in path
        or ":" in path
        or not path.isprintable()
        or parts == [MANIFEST_NAME]
    ):
        raise _damaged(f"{MANIFEST_NAME} declares {path!r}, which is not a file inside the bundle.", where)


def _require_apart(parts: Iterable[Part], where: str) -> None:
    # By the names that file systems take for one, whichever of them the bundle is copied to.
    owners: dict[str, tuple[str, str]] = {}
    for part in parts:
        for path in part.files:
            name = unicodedata.normalize("NFC", path).casefold()
            if name in owners:
                other, owner = owners[name]
                raise _damaged(
                    f"{MANIFEST_NAME}: {path!r} in the part {part.name!r} is {other!r} in {owner!r}, too.",
                    where,
                )
            owners[name] = path, part.name


def _need(document: Mapping[str, Any], key: str, kind: type, where: str) -> Any:
    value = document.get(key)
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        found = "nothing" if key not in document else f"a {type(value).__name__}"
        raise _damaged(
            f"{MANIFEST_NAME}: {key!r} is {found}.", where, expected=f"{key!r} to be a {kind.__name__}"
        )
    return value


def _texts(document: Mapping[str, Any], key: str, where: str) -> list[str]:
    values = _need(document, key, list, where)
    if not all(isinstance(value, str) for value in values):
        raise _damaged(f"{MANIFEST_NAME}: {key!r} holds something else than texts.", where)
    return values


def _is_number(value: Any) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _damaged(message: str, where: str, *, expected: str | None = None) -> BundleDamaged:
    return BundleDamaged(
        message,
        where=where,
        expected=expected,
        hint="restore the bundle from a copy, or train it again; it is not meant to be edited by hand",
    )
