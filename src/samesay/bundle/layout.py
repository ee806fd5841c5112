"""The bundle's folder format, as data: its parts, where each lies, which files it cannot do without.

When to change ``FORMAT_VERSION``
---------------------------------
*Not* a reason: a new optional key anywhere in ``samesay.json`` (readers ignore keys that they do not know), a new part,
a further file in a part, a new metric, a new kind (a reader refuses those that it does not know). A reader that does
not know a part still checks its files.

A reason: anything that a released reader would *misread*. A required key that goes, moves or changes its meaning; a
required file of a part that goes, moves or changes; another order of columns; another checksum rule; a decision that is
computed in another way. Then, in one commit: add 1 and say here what changed, keep the reading of the old version
beside the new one, freeze a bundle of each under ``tests/bundle/fixtures``, and say in the changelog which releases
read what.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

from samesay.pairs import Activation

FORMAT_NAME = "samesay-bundle"
FORMAT_VERSION = 1
MANIFEST_NAME = "samesay.json"

Verdict = Literal["verified", "measured", "unsupported", "failed"]
VERDICTS: tuple[Verdict, ...] = ("verified", "measured", "unsupported", "failed")
_USABLE: tuple[Verdict, ...] = ("verified", "measured")


@dataclass(frozen=True, slots=True)
class PartLayout:
    """Where a part lies.

    Attributes:
        name: The part's name in the manifest.
        place: Its folder or its one file, relative to the bundle.
        is_folder: Whether ``place`` is a folder.
        required: Files, relative to ``place``, without which the part cannot be used.
        needs_verdict: Whether the part is usable only after a parity check; it then carries a verdict.
        answers: Whether a model can be run from this part alone.
        purpose: What it is for, in the words of the model card.
    """

    name: str
    place: str
    is_folder: bool
    required: tuple[str, ...] = ()
    needs_verdict: bool = False
    answers: bool = False
    purpose: str = ""

    def usable(self, verdict: Verdict | None) -> bool:
        """Whether it may be used: it needs no verdict, answers as Keras does, or differs at a measured cost."""
        return verdict in _USABLE or (verdict is None and not self.needs_verdict)

    def holds(self, path: str) -> bool:
        """Whether the bundle's file ``path`` (relative, with ``/``) lies in this part."""
        if not self.is_folder:
            return path == self.place
        return PurePosixPath(path).is_relative_to(self.place) and path != self.place


PARTS: dict[str, PartLayout] = {
    part.name: part
    for part in (
        PartLayout(
            "keras",
            "keras",
            is_folder=True,
            required=("config.json", "task.json"),
            answers=True,
            purpose="the trained model as a KerasHub preset, head included",
        ),
        PartLayout(
            "architecture",
            "architecture",
            is_folder=True,
            required=("config.json", "task.json"),
            purpose="the Keras part without its weights: for training it is rebuilt with those of the ONNX part",
        ),
        PartLayout(
            "onnx",
            "onnx",
            is_folder=True,
            required=("model.onnx", "encoder.json"),
            needs_verdict=True,
            answers=True,
            purpose="the same model for scoring without Keras, with its tokenizer",
        ),
        PartLayout("card", "README.md", is_folder=False, purpose="this model card"),
        PartLayout("report", "report", is_folder=True, purpose="the evaluation report"),
        PartLayout(
            "recipe",
            "recipe.yaml",
            is_folder=False,
            purpose="the recipe of this training run, and what it lacks to repeat it",
        ),
        PartLayout(
            "pair_hashes",
            "pair_hashes.txt.gz",
            is_folder=False,
            purpose="short hashes of the pairs it was trained on, to find leaks",
        ),
    )
}

# The kinds of bundle that this version reads: a model answers with labels by a softmax over its logits, a similarity
# model with low + (high - low) * sigmoid(logit) on its "scale", which it has instead of "labels", an unbounded one
# with the logit itself, an embedder with a vector of "dimension" numbers for a single text. A cascade of models
# will be another kind, with stages of its own.
MODEL, EMBEDDER = "model", "embedder"
ACTIVATION_OF_KIND: dict[str, Literal["softmax"] | Activation] = {
    MODEL: "softmax",
    "similarity": "sigmoid",
    "unbounded-similarity": "identity",
}
KINDS: tuple[str, ...] = (*ACTIVATION_OF_KIND, EMBEDDER)
