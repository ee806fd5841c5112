"""A teacher's answers to training pairs, computed once and kept: the targets of a student."""

from __future__ import annotations

import hashlib
import logging
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from samesay.bundle import open_bundle
from samesay.data import PairTable
from samesay.decision import sigmoid
from samesay.encoding import EncodedPairs
from samesay.errors import DiskFull, LabelMismatch, OutputUnwritable
from samesay.model.runtime.backend import cache_folder
from samesay.pairs import CHUNK_PAIRS, Answers, Pair, Progress, ProgressListener, Task, are_alike
from samesay.runs.token_cache import encoded_pairs
from samesay.scoring import Scorer
from samesay.storage import new_file, read_own, require_own_or_absent

if TYPE_CHECKING:
    from samesay.model.classifier import PairClassifier
    from samesay.training.training_pairs import TrainingPairs

STAGE = "teach"
_DIGEST_BYTES = 32
_LOG = logging.getLogger("samesay")
_TARGETS: dict[Task, Callable[[NDArray[np.float32]], NDArray[Any]]] = {
    "classification": lambda logits: logits.argmax(axis=1).astype(np.int32),
    "similarity": lambda logits: sigmoid(logits[:, 0]),
}
"""What a teacher's logits say as targets: indices into the labels, or shares of the scale."""


def require_teacher(teacher: str | Path, answers: Answers) -> None:
    """Refuse a teacher that does not answer as the pairs do; nothing of it is computed.

    Raises:
        LabelMismatch: If its labels, or its scale, are others.
        BundleError: If it is no saved model.
    """
    manifest = open_bundle(teacher, verify=False).manifest
    if manifest.dimension is not None:
        raise LabelMismatch(
            "The teacher is an embedder: it gives vectors, and no labels or scores.",
            where=str(teacher),
            expected="a saved model of pairs",
        )
    taught = manifest.answers
    if not are_alike(taught, answers):
        expected, hint = {
            "classification": (
                "a teacher with the same label names, in any order",
                "rename the data's labels: --rename-labels",
            ),
            "similarity": (
                "a teacher that answers as the pairs do",
                "--scale says on which scale the pairs are scored",
            ),
        }[answers.task]
        raise LabelMismatch(
            f"The teacher answers with {taught.in_words}; the pairs carry {answers.in_words}.",
            where=str(teacher),
            expected=expected if taught.task == answers.task else "a teacher that answers as the pairs do",
            hint=hint if taught.task == answers.task else None,
            details={"teacher": list(taught), "student": list(answers)},
        )


def taught_pairs(
    teacher: str | Path,
    table: PairTable,
    unlabelled: PairTable | None,
    student: PairClassifier,
    pairs: TrainingPairs,
    progress: ProgressListener | None = None,
) -> TrainingPairs:
    """``pairs`` with the answers of their teacher, and after them the pairs that it alone answers.

    Args:
        teacher: The teacher's saved model.
        table: The labelled pairs, in the reading order of the student.
        unlabelled: Pairs that the teacher alone answers.
        student: What is to learn.
        pairs: Those of ``table``, encoded for the student.
        progress: Hears the stage ``"teach"``.
    """
    from samesay.training.distillation import Taught
    from samesay.training.training_pairs import TrainingPairs

    logits = teacher_logits(teacher, table, student.answers, progress=progress)
    gold = np.ones(len(logits), np.bool_)
    if unlabelled is None:
        return TrainingPairs(pairs.encoded, pairs.targets, Taught(logits, gold))
    more = teacher_logits(teacher, unlabelled, student.answers, progress=progress)
    return TrainingPairs(
        EncodedPairs.join([pairs.encoded, encoded_pairs(student.encoder, unlabelled)]),
        np.concatenate([pairs.targets, _TARGETS[student.answers.task](more)]),
        Taught(np.concatenate([logits, more]), np.append(gold, np.zeros(len(more), np.bool_))),
    )


def answered(teacher: str | Path, table: PairTable, *, progress: ProgressListener | None = None) -> PairTable:
    """``table`` with the teacher's answers in the place of gold ones; arguments and errors as ``teacher_logits``."""
    answers = open_bundle(teacher, verify=False).manifest.answers
    targets = _TARGETS[answers.task](teacher_logits(teacher, table, answers, progress=progress))
    gold = np.asarray(answers.from_targets(targets), answers.gold_dtype)
    return replace(table, answers=answers, gold=gold)


def teacher_logits(
    teacher: str | Path, table: PairTable, answers: Answers, *, progress: ProgressListener | None = None
) -> NDArray[np.float32]:
    """The teacher's raw answers to the pairs of ``table``, shape ``(n_pairs, n_labels)``, columns as ``answers``.

    Its temperature, biases and thresholds are left out. Answers are kept in the user's cache folder, by the teacher's
    checksum and the texts, and are asked for once.

    Args:
        teacher: A saved model with a verified ONNX part.
        table: The pairs; gold labels are not looked at.
        answers: The student's labels, or its scale: then there is one column.
        progress: Hears the stage ``"teach"``, in pairs.

    Raises:
        LabelMismatch: If the teacher's labels, or its scale, are others.
        BundleError: If it cannot be used.
    """
    require_teacher(teacher, answers)
    scorer = Scorer.open(teacher)
    asked = table.with_sides(scorer.sides)
    columns = [scorer.answers.outputs.index(name) for name in answers.outputs]
    name = hashlib.sha256(f"{scorer.checksum} {asked.text_fingerprint()}".encode("ascii")).hexdigest()
    path = cache_folder() / "teachers" / f"{name}.logits"
    kept = _kept(path, (len(asked), len(columns)))
    if kept is not None:
        _LOG.info("the teacher's answers are known: %s", path)
        return kept[:, columns]
    logits = np.empty((len(asked), len(columns)), np.float32)
    for begin in range(0, len(asked), CHUNK_PAIRS):
        end = min(begin + CHUNK_PAIRS, len(asked))
        logits[begin:end] = scorer.logits([*map(Pair, asked.first[begin:end], asked.second[begin:end])])
        if progress is not None:
            progress(Progress(STAGE, end, len(asked)))
    _keep(path, logits)
    return logits[:, columns]


def _kept(path: Path, shape: tuple[int, int]) -> NDArray[np.float32] | None:
    """The answers in ``path``; None where there are none, or not those that were kept."""
    raw = read_own(path)
    if raw is None:
        return None
    checksum, values = raw[:_DIGEST_BYTES], raw[_DIGEST_BYTES:]
    if hashlib.sha256(values).digest() != checksum or len(values) != 4 * math.prod(shape):
        _LOG.warning("the teacher's kept answers are damaged, and computed again: %s", path)
        return None
    return np.frombuffer(values, np.float32).reshape(shape)


def _keep(path: Path, logits: NDArray[np.float32]) -> None:
    """Write the answers, whole or not at all; where they cannot be kept they will be asked for again."""
    raw = logits.tobytes()
    try:
        require_own_or_absent(path.parent, folder=True)
        with new_file(path, replace=True) as file:
            file.write(hashlib.sha256(raw).digest() + raw)
    except (DiskFull, OutputUnwritable) as problem:
        _LOG.warning("%s The teacher's answers are not kept.", problem.message)
