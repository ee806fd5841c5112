"""What a saved model says of training pairs, asked once and kept: the targets of a student."""

from __future__ import annotations

import hashlib
import logging
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from samesay.bundle import open_bundle
from samesay.bundle.durable import new_file
from samesay.data import PairTable
from samesay.encoding import EncodedPairs
from samesay.errors import DiskFull, LabelMismatch, OutputUnwritable, UsageError
from samesay.model.backend import cache_folder
from samesay.pairs import Answers, GradeScale, LabelSet, Pair, Progress, ProgressListener
from samesay.scoring import Scorer
from samesay.workflows.token_cache import encoded_pairs

if TYPE_CHECKING:
    from samesay.model.classifier import PairClassifier
    from samesay.training.fit import TrainingPairs

STAGE = "teach"
_PAIRS_AT_ONCE = 4096
_DIGEST_BYTES = 32
_LOG = logging.getLogger("samesay")


def require_teacher(teacher: str | Path, answers: Answers) -> None:
    """Refuse a teacher that does not answer as the pairs do; nothing of it is computed.

    Raises:
        LabelMismatch: If its labels are others.
        UsageError: If it, or the student, grades similarity.
        BundleError: If it is no saved model.
    """
    manifest = open_bundle(teacher, verify=False).manifest
    if manifest.scale is not None or isinstance(answers, GradeScale):
        raise UsageError(
            "A teacher teaches labels, and no grades.",
            where="teacher",
            expected="a saved model with labels, and pairs with the same ones",
        )
    if set(manifest.labels) != set(answers):
        raise LabelMismatch(
            f"The teacher answers with {', '.join(manifest.labels)}; the pairs carry {', '.join(answers)}.",
            where=str(teacher),
            expected="a teacher with the same label names, in any order",
            hint="rename the data's labels: --rename-labels",
            details={"teacher": list(manifest.labels), "student": list(answers)},
        )


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
        EncodedPairs.join([pairs.encoded, encoded_pairs(student.encoder, unlabelled)]),
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
    require_teacher(teacher, labels)
    scorer = Scorer.open(teacher)
    asked = table.with_sides(scorer.sides)
    columns = [scorer.labels.index(name) for name in labels]
    name = hashlib.sha256(f"{scorer.checksum} {asked.text_fingerprint()}".encode("ascii")).hexdigest()
    path = cache_folder() / "teachers" / f"{name}.logits"
    kept = _kept(path, (len(asked), len(labels)))
    if kept is not None:
        _LOG.info("the teacher's answers are known: %s", path)
        return kept[:, columns]
    logits = np.empty((len(asked), len(labels)), np.float32)
    for begin in range(0, len(asked), _PAIRS_AT_ONCE):
        end = min(begin + _PAIRS_AT_ONCE, len(asked))
        logits[begin:end] = scorer.logits([*map(Pair, asked.first[begin:end], asked.second[begin:end])])
        if progress is not None:
            progress(Progress(STAGE, end, len(asked)))
    _keep(path, logits)
    return logits[:, columns]


def _kept(path: Path, shape: tuple[int, int]) -> NDArray[np.float32] | None:
    """The answers in ``path``; None where there are none, or not those that were kept."""
    try:
        raw = path.read_bytes()
    except OSError:
        return None
    checksum, values = raw[:_DIGEST_BYTES], raw[_DIGEST_BYTES:]
    if hashlib.sha256(values).digest() != checksum:
        _LOG.warning("the teacher's kept answers are damaged, and asked for anew: %s", path)
        return None
    return np.frombuffer(values, np.float32).reshape(shape)


def _keep(path: Path, logits: NDArray[np.float32]) -> None:
    """Write the answers, whole or not at all; where they cannot be kept they will be asked for again."""
    raw = logits.tobytes()
    try:
        with new_file(path, replace=True) as file:
            file.write(hashlib.sha256(raw).digest() + raw)
    except (DiskFull, OutputUnwritable) as problem:
        _LOG.warning("%s The teacher's answers are not kept.", problem.message)
