"""A smaller model out of a trained one: some of its layers, a part of its vocabulary, and every weight that stays.

Layers as in Sanh et al. 2019, "DistilBERT" (arXiv 1910.01108): the student begins as its teacher without the layers
between. A shorter vocabulary as in Abdaoui et al. 2020, "Load What You Need" (arXiv 2010.05609).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samesay.encoding import PairEncoder
from samesay.encoding.bytepair import BytePair
from samesay.encoding.sentence_piece import SentencePiece
from samesay.encoding.trimming import trimmed
from samesay.encoding.wordpiece import WordPiece
from samesay.errors import EncoderUnsupported, UsageError
from samesay.model.backbones.layers import repeated_layers
from samesay.model.classifier import PairClassifier
from samesay.model.encoders import encoder_for


@dataclass(frozen=True)
class Student:
    """A smaller model, and what it was left of another one's.

    Attributes:
        classifier: The Keras model; it shares no weights with the other.
        layers: The numbers of the layers that stayed, from 1, in their order.
        all_layers: How many there were.
        tokens: How many tokens its vocabulary has.
        all_tokens: How many there were.
    """

    classifier: PairClassifier
    layers: tuple[int, ...]
    all_layers: int
    tokens: int
    all_tokens: int


def student_of(
    classifier: PairClassifier,
    *,
    layers: int | Sequence[int] | None = None,
    used: NDArray[np.integer] | None = None,
) -> Student:
    """A classifier of the same kind with fewer layers, fewer tokens, or both; its head is the other's.

    Args:
        classifier: What it is made of, and what stays as it is.
        layers: How many layers stay, evenly spread from the first to the last, or which ones, counted from 1; all
            where absent.
        used: Token ids that stay; all where absent. Special tokens and single characters stay in any case.
    """
    task = classifier.task
    encoder = classifier.encoder
    whole = _layers_of(task.backbone)
    if whole is None or not isinstance(encoder, PairEncoder):
        raise EncoderUnsupported(
            f"{type(task.backbone).__name__} cannot be made smaller.",
            where="model",
            expected="an encoder of KerasHub's with KerasHub's preprocessor",
        )
    shared = len(repeated_layers(task.backbone)) != whole
    kept = _chosen(layers, whole, shared=shared)
    tokenizer = task.preprocessor.tokenizer
    rows = None
    if used is not None:
        smaller = trimmed(encoder.tokenizer, used, tokenizer.special_tokens)
        rows = np.array([encoder.tokenizer.ids[piece] for piece in smaller.vocabulary])
        tokenizer = _keras_tokenizer(tokenizer, smaller)
    student = _empty(task, tokenizer, len(kept), None if rows is None else len(rows))
    _copy(task, student, None if shared else kept, rows)
    all_tokens = int(task.backbone.get_config()["vocabulary_size"])
    return Student(
        PairClassifier(student, classifier.label_names, classifier.side_names, scale=classifier.scale_ends),
        tuple(kept),
        whole,
        all_tokens if rows is None else encoder_for(student).vocabulary_size,
        all_tokens,
    )


def _layers_of(backbone: Any) -> int | None:
    """How many layers a row goes through; nothing where the backbone's configuration does not say."""
    if not hasattr(backbone, "token_embedding") or not repeated_layers(backbone):
        return None
    return backbone.get_config().get("num_layers")


def _chosen(layers: int | Sequence[int] | None, whole: int, *, shared: bool) -> list[int]:
    if layers is None:
        return list(range(1, whole + 1))
    if isinstance(layers, int):
        if not 1 <= layers <= whole:
            raise UsageError(
                f"The encoder has {whole} layers, of which {layers} cannot stay.",
                where="layers",
                expected=f"from 1 to {whole}",
            )
        spread = (
            range(1, layers + 1) if shared else np.linspace(1, whole, layers).round().astype(int).tolist()
        )
        return list(spread)
    kept = list(layers)
    if not kept or kept != sorted(set(kept)) or not 1 <= kept[0] <= kept[-1] <= whole:
        raise UsageError(
            f"The layers {', '.join(map(str, kept)) or '(none)'} cannot stay.",
            where="layers",
            expected=f"a number of layers, or some of 1 to {whole} in rising order, each once",
        )
    if shared:
        raise UsageError(
            "The layers of this encoder share their weights: no layer is another's.",
            where="layers",
            expected=f"how many times they are gone through, from 1 to {whole}",
        )
    return kept


def _keras_tokenizer(tokenizer: Any, smaller: WordPiece | BytePair | SentencePiece) -> Any:
    """KerasHub's tokenizer of the same class and settings with the smaller vocabulary."""
    settings = tokenizer.get_config()
    if isinstance(smaller, WordPiece):
        settings["vocabulary"] = list(smaller.vocabulary)
    elif isinstance(smaller, BytePair):
        settings |= {"vocabulary": dict(smaller.ids), "merges": list(smaller.merges)}
    else:
        settings["proto"] = smaller.model
    return type(tokenizer).from_config(settings)


def _empty(task: Any, tokenizer: Any, n_layers: int, n_tokens: int | None) -> Any:
    """A task of the same classes and settings, of other sizes, with weights that nobody chose."""
    sizes = {"num_layers": n_layers, **({} if n_tokens is None else {"vocabulary_size": n_tokens})}
    backbone = type(task.backbone).from_config({**task.backbone.get_config(), **sizes})
    packing = task.preprocessor.get_config()
    packing["tokenizer"] = tokenizer
    head = {
        name: value for name, value in task.get_config().items() if name not in ("backbone", "preprocessor")
    }
    return type(task)(backbone=backbone, preprocessor=type(task.preprocessor)(**packing), **head)


def _copy(task: Any, student: Any, kept: list[int] | None, rows: NDArray[np.integer] | None) -> None:
    """Every weight that stays; ``kept`` is nothing where the layers share theirs."""
    theirs, own = repeated_layers(task.backbone), repeated_layers(student.backbone)
    pairs = list(zip(own, theirs if kept is None else [theirs[at - 1] for at in kept], strict=True))
    pairs += _others(student.backbone, task.backbone, own, theirs)
    pairs += _others(student, task, [student.backbone], [task.backbone])
    embedding = task.backbone.token_embedding.embeddings
    for layer, source in pairs:
        for variable, value in zip(layer.weights, source.weights, strict=True):
            # By way of numpy: assigned as it is, one buffer would serve both models, and go with the first that trains.
            numbers: NDArray[np.floating] = np.array(value)
            variable.assign(numbers if rows is None or value is not embedding else numbers[rows])


def _others(model: Any, source: Any, own: list[Any], theirs: list[Any]) -> list[tuple[Any, Any]]:
    """The layers outside of ``own`` and ``theirs``, two by two: they stand in the same order."""
    mine = [layer for layer in model.layers if layer.weights and layer not in own]
    other = [layer for layer in source.layers if layer.weights and layer not in theirs]
    return list(zip(mine, other, strict=True))
