"""The parity check of a saved model's ONNX part, repeated: on texts of its own, and on a user's pairs."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samesay.bundle import Bundle, open_bundle
from samesay.data import PairTable, load_pairs
from samesay.decision import decisions_of, values_of
from samesay.export import KerasAnswer, Verdict, check_parity
from samesay.export.parity import TOLERANCE
from samesay.model.runtime.backend import backend_versions
from samesay.pair_model import PairModel
from samesay.pairs import CHUNK_PAIRS, Pair, Progress, ProgressListener
from samesay.scoring import Scorer

MOST_CHANGED_SHOWN = 20
"""How many of the pairs with another answer are kept with their texts."""


@dataclass(frozen=True)
class ChangedPair:
    """A pair to which the two parts give different labels.

    Attributes:
        place: Its place among the data's pairs, from 0.
        pair: Its texts, in the model's reading order.
        keras: The label by Keras.
        onnx: The label by ONNX Runtime.
        difference: The largest difference of its logits.
    """

    place: int
    pair: Pair
    keras: str
    onnx: str
    difference: float

    def to_dict(self) -> dict[str, Any]:
        """As JSON types."""
        return {
            "place": self.place,
            "texts": [self.pair.first, self.pair.second],
            "keras": self.keras,
            "onnx": self.onnx,
            "difference": self.difference,
        }


@dataclass(frozen=True)
class DataParity:
    """The two parts on pairs of a user's.

    Attributes:
        source: Where they come from.
        pairs: How many.
        max_difference: The largest difference of a logit.
        tolerance: What is allowed.
        changed: How many get another label, however narrow Keras' own decision was.
        shown: The first ``MOST_CHANGED_SHOWN`` of these.
        seconds: By part.
        notes: What was decided in reading them that a user may want to know.
    """

    source: str
    pairs: int
    max_difference: float
    tolerance: float
    changed: int
    shown: tuple[ChangedPair, ...]
    seconds: dict[str, float]
    notes: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether every logit is as Keras'."""
        return self.max_difference <= self.tolerance

    def to_dict(self) -> dict[str, Any]:
        """As JSON types."""
        return {
            "source": self.source,
            "pairs": self.pairs,
            "max_difference": self.max_difference,
            "tolerance": self.tolerance,
            "changed_decisions": self.changed,
            "changed": [one.to_dict() for one in self.shown],
            "seconds": self.seconds,
            "notes": list(self.notes),
        }


@dataclass(frozen=True)
class Verification:
    """A parity check that was repeated.

    Attributes:
        model: The bundle.
        recorded: What its manifest says of the parity check that was made when it was saved.
        probe: What the same parity check finds now.
        data: The comparison on the user's pairs, where some were given.
        versions: Of what computed now.
        versions_recorded: Of what computed when it was saved.
    """

    model: str
    recorded: dict[str, Any]
    probe: Verdict
    data: DataParity | None
    versions: dict[str, str]
    versions_recorded: dict[str, Any]

    @property
    def holds(self) -> bool:
        """Whether both parts answer alike, here and now."""
        return self.probe.status == "verified" and (self.data is None or self.data.holds)

    def to_dict(self) -> dict[str, Any]:
        """As JSON types."""
        return {
            "model": self.model,
            "holds": self.holds,
            "probe": {"status": self.probe.status, **self.probe.to_dict()},
            "data": None if self.data is None else self.data.to_dict(),
            "recorded": self.recorded,
            "versions": self.versions,
            "versions_recorded": self.versions_recorded,
        }


def verify(
    model: str | Path,
    data: str | Path | None = None,
    *,
    threads: int | None = None,
    progress: ProgressListener | None = None,
    **options: Any,
) -> Verification:
    """Compare the two parts of a saved model, raw text in, logits out; nothing of the model is changed.

    Keras answers through KerasHub's own tokenizer, so that a fault of SameSay's would show.

    Args:
        model: The bundle's folder.
        data: Pairs to compare on, too; their labels are not looked at. Of several splits ``validation`` is taken.
        threads: Of ONNX Runtime.
        progress: Hears the stage ``verify``.
        **options: How the data is read, where it does not tell: fields of ``samesay.data.ReadOptions``.

    Raises:
        PartUnavailable: If one of the two parts is absent or marked as not to be used.
        BundleError: If it is no bundle, or is damaged.
        ExtraMissing: If Keras is not installed.
    """
    bundle = open_bundle(model)
    if not bundle.has("architecture"):
        bundle.part("keras")
    # Read before Keras is opened: a mistake in naming data is reported in a second.
    table = None
    if data is not None:
        table = load_pairs(data, need_labels=False, prefer=("validation", "test"), **options)
        table = table.with_sides(bundle.manifest.sides)
    # Graph and tokenizer as they lie there, which score uses.
    scorer = Scorer.open(model, threads=threads, verify=False)
    # What the graph says of one order is compared, also of a symmetric model.
    scorer.decision = replace(scorer.decision, symmetric=False)
    opened = PairModel.load(model)
    keras = KerasAnswer(opened.task, max_length=scorer.encoder.max_length)
    probe = check_parity(
        bundle.part("onnx") / "model.onnx",
        scorer.encoder,
        keras,
        answers=opened.answers,
        sides=opened.sides,
        threads=threads,
    )
    compared = None if table is None else _compare(keras, scorer, table, progress)
    return Verification(
        str(model),
        _recorded(bundle),
        probe,
        compared,
        {"samesay": version("samesay"), **backend_versions(), "onnxruntime": version("onnxruntime")},
        dict(bundle.manifest.versions),
    )


def _recorded(bundle: Bundle) -> dict[str, Any]:
    part = bundle.manifest.parts["onnx"]
    detail = part.detail if isinstance(part.detail, dict) else {"reason": part.detail}
    return {"status": part.verdict, **detail}


def _compare(
    keras: KerasAnswer,
    scorer: Scorer,
    table: PairTable,
    progress: ProgressListener | None,
) -> DataParity:
    pairs = table.pairs()
    expected = np.empty((len(pairs), len(scorer.answers.outputs)), np.float32)
    found = np.empty_like(expected)
    seconds = {"keras": 0.0, "onnx": 0.0}
    for begin in range(0, len(pairs), CHUNK_PAIRS):
        chunk = pairs[begin : begin + CHUNK_PAIRS]
        for name, answer, rows in (("keras", keras, expected), ("onnx", scorer.logits, found)):
            started = time.perf_counter()
            rows[begin : begin + len(chunk)] = answer(chunk)
            seconds[name] += time.perf_counter() - started
        if progress is not None:
            progress(Progress("verify", begin + len(chunk), len(pairs)))
    return DataParity(
        str(table.origin),
        len(pairs),
        float(np.abs(found - expected).max()),
        TOLERANCE * float(np.abs(expected).max()),
        *_changed(scorer, pairs, expected, found),
        {name: round(value, 2) for name, value in seconds.items()},
        table.origin.notes,
    )


def _changed(
    scorer: Scorer,
    pairs: list[Pair],
    expected: NDArray[np.float32],
    found: NDArray[np.float32],
) -> tuple[int, tuple[ChangedPair, ...]]:
    """How many labels differ under the model's decision policy, and the first of these; scores have none."""
    if scorer.answers.task == "similarity":
        return 0, ()
    labels = scorer.labels
    before, now = (
        decisions_of(scorer, values_of(logits, labels, scorer.decision)).label_ids
        for logits in (expected, found)
    )
    places = np.flatnonzero(before != now).tolist()
    shown = tuple(
        ChangedPair(
            place,
            pairs[place],
            labels.names[before[place]],
            labels.names[now[place]],
            float(np.abs(found[place] - expected[place]).max()),
        )
        for place in places[:MOST_CHANGED_SHOWN]
    )
    return len(places), shown
