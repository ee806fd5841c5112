"""The models that need no training: those that come with SameSay, and published ones that can be imported."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from samesay.bundle import BUILTIN_MODELS, BuiltinModel, open_bundle
from samesay.errors import BuiltinUnusable


@dataclass(frozen=True, slots=True)
class InstalledModel:
    """A built-in model as it is installed.

    Attributes:
        name: What it is called.
        task: What it answers with: ``classification``, ``similarity`` or ``embedding``.
        purpose: What it is for.
        default_of: The commands that use it where no model is named.
        usable: Whether it is there and whole.
        bytes: Size of its files; None where it is not usable.
        metrics: By the name of the data that they were measured on, from its card.
    """

    name: str
    task: str
    purpose: str
    default_of: tuple[str, ...]
    usable: bool
    bytes: int | None
    metrics: dict[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """As JSON types."""
        return asdict(self) | {"default_of": list(self.default_of)}


@dataclass(frozen=True, slots=True)
class PublishedModel:
    """A model that others have published, which SameSay can open.

    Attributes:
        task: What it is for.
        name: ``owner/model`` on the Hugging Face hub.
        licence: Of its weights.
        purpose: What it answers, in a line.
    """

    task: str
    name: str
    licence: str
    purpose: str

    @property
    def use(self) -> str:
        """The command that brings it here."""
        address = f"hf://{self.name}"
        if self.task == "embedding":
            return f"samesay embed FILE --model {address} --output vectors.npy"
        return f"samesay import {address} --output {self.name.split('/')[1]}"

    def to_dict(self) -> dict[str, Any]:
        """As JSON types."""
        return asdict(self) | {"use": self.use}


_APACHE, _MIT = "Apache-2.0", "MIT"
PUBLISHED_MODELS = (
    PublishedModel(
        "classification", "cross-encoder/nli-MiniLM2-L6-H768", _APACHE, "NLI, six layers of RoBERTa's kind"
    ),
    PublishedModel(
        "classification", "cross-encoder/nli-distilroberta-base", _APACHE, "NLI, six layers, a little larger"
    ),
    PublishedModel(
        "classification",
        "cross-encoder/nli-deberta-v3-base",
        _APACHE,
        "NLI, twelve layers: better and slower",
    ),
    PublishedModel(
        "classification",
        "FacebookAI/roberta-large-mnli",
        _MIT,
        "NLI, twenty-four layers, taught by MNLI alone",
    ),
    PublishedModel("similarity", "cross-encoder/stsb-distilroberta-base", _APACHE, "similarity from 0 to 1"),
    PublishedModel("similarity", "cross-encoder/stsb-roberta-base", _APACHE, "the same, twice as large"),
    PublishedModel(
        "similarity", "cross-encoder/quora-distilroberta-base", _APACHE, "whether two questions ask the same"
    ),
    PublishedModel(
        "similarity", "cross-encoder/ms-marco-MiniLM-L6-v2", _APACHE, "whether a passage answers a query"
    ),
    PublishedModel(
        "embedding", "sentence-transformers/all-MiniLM-L6-v2", _APACHE, "384 numbers a text, quick"
    ),
    PublishedModel("embedding", "sentence-transformers/all-mpnet-base-v2", _APACHE, "768 numbers a text"),
    PublishedModel(
        "embedding", "sentence-transformers/all-distilroberta-v1", _APACHE, "768 numbers, six layers"
    ),
)
"""Well-known, of a licence that permits any use, and of a family that SameSay opens."""


def list_models() -> tuple[list[InstalledModel], list[PublishedModel]]:
    """The built-in models with what their cards say, and published models; nothing is downloaded."""
    return [_installed(one) for one in BUILTIN_MODELS], list(PUBLISHED_MODELS)


def _installed(one: BuiltinModel) -> InstalledModel:
    declared = (one.name, one.task, one.purpose, one.default_of)
    try:
        manifest = open_bundle(one.name, verify=False).manifest
    except BuiltinUnusable:
        return InstalledModel(*declared, usable=False, bytes=None, metrics={})
    size = sum(part.size for part in manifest.parts.values())
    return InstalledModel(*declared, usable=True, bytes=size, metrics=dict(manifest.metrics))
