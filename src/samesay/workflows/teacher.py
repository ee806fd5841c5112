"""What a saved model says of training pairs, asked once and kept: the targets of a student."""

from __future__ import annotations

import hashlib
import logging
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from samesay.data import PairTable
from samesay.errors import LabelMismatch
from samesay.model.backend import cache_folder
from samesay.pairs import LabelSet, Progress, ProgressListener
from samesay.scoring import Scorer

if TYPE_CHECKING:
    from samesay.model.classifier import PairClassifier
    from samesay.training.fit import TrainingPairs

STAGE = "teach"
_PAIRS_AT_ONCE = 4096
_LOG = logging.getLogger("samesay")


def taught_pairs(
    teacher: str | Path,
    student: PairClassifier,
    pairs: TrainingPairs,
    table: PairTable,
    unlabelled: PairTable | None,
    *,
    progress: ProgressListener | None = None,
) -> TrainingPairs:
    """``pairs`` with a teacher's answers, and behind them those that it alone speaks of.

    Args:
        teacher: As :func:`teacher_logits` takes it.
        student: What is to learn.
        pairs: Those of ``table``, encoded for the student.
        table: Labelled pairs.
        unlabelled: More pairs, read as the student reads them.
        progress: Hears the stage ``"teach"``.
    """
    from samesay.training.distillation import Taught
    from samesay.training.fit import TrainingPairs

    logits = teacher_logits(teacher, table, student.labels, progress=progress)
    gold = np.ones(len(table), np.bool_)
    if unlabelled is None:
        return TrainingPairs(pairs.encoded, pairs.targets, Taught(logits, gold))
    more = teacher_logits(teacher, unlabelled, student.labels, progress=progress)
    return TrainingPairs(
        student.encoder.encode([*table.first, *unlabelled.first], [*table.second, *unlabelled.second]),
        np.concatenate([pairs.targets, more.argmax(axis=1).astype(np.int32)]),
        Taught(np.concatenate([logits, more]), np.append(gold, np.zeros(len(more), np.bool_))),
    )


def teacher_logits(
    teacher: str | Path, table: PairTable, labels: LabelSet, *, progress: ProgressListener | None = None
) -> NDArray[np.float32]:
    """The teacher's raw answers to the pairs of ``table``, shape ``(n_pairs, n_labels)``, columns as ``labels``.

    Its temperature, biases and thresholds are left out. Answers are kept in the user's cache folder, by the teacher's
    checksum and the texts, and are asked for once.

    Args:
        teacher: A saved model with a proven ONNX part.
        table: The pairs; gold labels are not looked at.
        labels: The student's.
        progress: Hears the stage ``"teach"``, in pairs.

    Raises:
        LabelMismatch: If the teacher's labels are others.
        UsageError: If the teacher grades similarity.
        BundleError: If it cannot be used.
    """
    scorer = Scorer.open(teacher)
    if set(scorer.labels) != set(labels):
        raise LabelMismatch(
            f"The teacher answers with {', '.join(scorer.labels)}; the pairs carry {', '.join(labels)}.",
            where=str(teacher),
            expected="a teacher with the same label names, in any order",
            hint="rename the data's labels: --rename-labels",
            details={"teacher": list(scorer.labels), "student": list(labels)},
        )
    asked = table.with_sides(scorer.sides)
    columns = [scorer.labels.index(name) for name in labels]
    path = cache_folder() / "teachers" / f"{_key(scorer, asked)}.logits"
    kept = _kept(path, (len(asked), len(labels)))
    if kept is not None:
        _LOG.info("the teacher's answers are known: %s", path)
        return kept[:, columns]
    logits = np.empty((len(asked), len(labels)), np.float32)
    pairs = asked.pairs()
    for start in range(0, len(pairs), _PAIRS_AT_ONCE):
        part = pairs[start : start + _PAIRS_AT_ONCE]
        logits[start : start + len(part)] = scorer.logits(part)
        if progress is not None:
            progress(Progress(STAGE, start + len(part), len(pairs)))
    _keep(path, logits)
    return logits[:, columns]


def _key(scorer: Scorer, asked: PairTable) -> str:
    digest = hashlib.sha256(scorer.checksum.encode())
    for texts in (asked.first, asked.second):
        for text in texts:
            raw = text.encode("utf-8", "surrogatepass")
            digest.update(len(raw).to_bytes(8, "big") + raw)
    return digest.hexdigest()


def _kept(path: Path, shape: tuple[int, int]) -> NDArray[np.float32] | None:
    """The answers in ``path``; None where there are none, or not those that were kept."""
    try:
        raw = path.read_bytes()
        checksum, logits = raw[:32], np.frombuffer(raw[32:], np.float32)
    except (OSError, ValueError):
        return None
    if hashlib.sha256(raw[32:]).digest() != checksum or logits.size != shape[0] * shape[1]:
        _LOG.warning("the teacher's kept answers are damaged, and asked for anew: %s", path)
        return None
    return logits.reshape(shape)


def _keep(path: Path, logits: NDArray[np.float32]) -> None:
    """Write the answers, whole or not at all; where they cannot be kept they are only asked for again."""
    raw = logits.tobytes()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".draft", delete=False) as file:
            draft = Path(file.name)
            try:
                file.write(hashlib.sha256(raw).digest() + raw)
                file.close()
                draft.replace(path)
            finally:
                draft.unlink(missing_ok=True)
    except OSError as problem:
        _LOG.warning("the teacher's answers are not kept: %s", problem)
