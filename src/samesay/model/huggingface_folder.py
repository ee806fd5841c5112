"""A folder of Hugging Face's with a sequence classifier, opened with its head: a KerasHub task of the same logits.

KerasHub opens such folders without their heads. Here it gives architecture and tokenizer; every tensor is then put
in its place by ``samesay.model.huggingface_layout``, and none may be missing or of another shape. Pickled weights are
never read. Folders of encoders that KerasHub lacks are opened in the same way, with a head or without one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samesay.errors import EncoderUnsupported, ExtraMissing, HeadMismatch, PresetUnknown, UsageError
from samesay.model.families import OWN_FAMILIES, class_named
from samesay.model.huggingface_layout import LAYOUTS, POSITION_OFFSET, Layout, Tensor
from samesay.pairs import LabelSet, Sides

CONFIG = "config.json"
TENSORS = "model.safetensors"
TENSORS_INDEX = "model.safetensors.index.json"

_KIND = "ForSequenceClassification"
# Models without a limit of their own say 1e30 there.
_NO_LIMIT = 1_000_000
# Of the layer norms, in transformers, where config.json does not say.
_EPSILON_UNSAID = 1e-12


@dataclass(frozen=True)
class EncoderFolder:
    """What the files say of an encoder, without opening the weights.

    Attributes:
        path: The folder.
        config: ``config.json``.
        max_length: The most tokens of a pair that it was meant to read.
    """

    path: Path
    config: Mapping[str, Any]
    max_length: int

    @property
    def model_type(self) -> str:
        """The family, as the folder calls it."""
        return str(self.config.get("model_type"))


@dataclass(frozen=True)
class ClassifierFolder(EncoderFolder):
    """What they say of a classifier, too.

    Attributes:
        labels: The names of the classes in the order of the outputs.
        named: Whether somebody named them: ``LABEL_0``, ``LABEL_1`` … are what stands there where nobody did.
        sides: The order of the sides, where SameSay wrote the folder.
        temperature: What the logits are to be divided by, where an early SameSay wrote the folder; 1 elsewhere.
    """

    labels: LabelSet
    named: bool
    sides: Sides | None
    temperature: float


def has_classifier(config: Mapping[str, Any]) -> bool:
    """Whether a ``config.json`` is that of a sequence classifier, of whatever family."""
    architectures = config.get("architectures")
    return isinstance(architectures, list) and any(str(name).endswith(_KIND) for name in architectures)


def describe(folder: Path) -> ClassifierFolder:
    """Read what a classifier's folder says of itself.

    Raises:
        EncoderUnsupported: If its family has no layout here.
        HeadMismatch: If its head gives one number, a regression, or is not a head for one label a pair.
        PresetUnknown: If its files cannot be read.
    """
    config = _read_json(folder / CONFIG)
    layout = _layout(folder, config)
    problem_type = config.get("problem_type")
    names = config.get("id2label")
    count = len(names) if isinstance(names, dict) else int(config.get("num_labels", 2))
    if problem_type == "regression" or count == 1:
        raise HeadMismatch(
            "The head of this folder gives one number for a pair, not a probability for each label.",
            where=str(folder / CONFIG),
            expected="a classifier of two labels or more",
            hint="to keep its encoder and train a new head: samesay train DATA --preset … --new-head",
            details={"problem_type": problem_type, "num_labels": count},
        )
    if problem_type == "multi_label_classification":
        raise HeadMismatch(
            "The head of this folder may give several labels to one pair.",
            where=str(folder / CONFIG),
            expected='"problem_type": "single_label_classification", or none',
        )
    labels, named = _labels(names, count, folder)
    ours = config.get("samesay")
    ours = ours if isinstance(ours, dict) else {}
    sides = ours.get("sides")
    temperature = ours.get("temperature", 1.0)
    return ClassifierFolder(
        folder,
        config,
        _max_length(folder, config, layout),
        labels,
        named,
        Sides(*map(str, sides)) if isinstance(sides, list) and len(sides) == 2 else None,
        float(temperature) if isinstance(temperature, int | float) and temperature > 0 else 1.0,
    )


def open_classifier(folder: ClassifierFolder) -> Any:
    """The KerasHub task with the folder's encoder, head and tokenizer.

    Raises:
        EncoderUnsupported: If the folder computes something that KerasHub's classes do not, or holds no
            safetensors, or lacks a tensor.
        HeadMismatch: If the head has another number of outputs than the folder has labels.
    """
    layout = _layout(folder.path, folder.config)
    return _opened(folder, layout, with_head=True, num_classes=len(folder.labels))


def opens_here(folder: Path) -> bool:
    """Whether a folder in Hugging Face layout is of a family that KerasHub lacks and ``open_encoder`` knows."""
    config = folder / CONFIG
    return config.is_file() and _read_json(config).get("model_type") in OWN_FAMILIES


def open_encoder(folder: Path, **head: Any) -> Any:
    """The task with the folder's encoder and tokenizer, and a new head.

    Args:
        folder: Of an encoder, a masked language model or a classifier of a family that has a layout here.
        **head: Arguments of the task's class: ``num_classes``, ``dropout``.

    Raises:
        EncoderUnsupported: If the folder computes something that our classes do not, or holds no safetensors, or
            lacks a tensor of the encoder.
        PresetUnknown: If its files cannot be read.
    """
    config = _read_json(folder / CONFIG)
    layout = _known_layout(folder, config)
    described = EncoderFolder(folder, config, _max_length(folder, config, layout))
    return _opened(described, layout, with_head=False, **head)


def _opened(folder: EncoderFolder, layout: Layout, *, with_head: bool, **head: Any) -> Any:
    exact_gelu = _require_same_computation(folder, layout)
    with _TensorFiles(folder.path, None if with_head else layout.prefix) as files:
        backbone = _encoder(class_named(layout.backbone), layout, folder)
        task_class = class_named(layout.task)
        if exact_gelu:
            from samesay.model.exact_gelu import ExactGeluBertBackbone, ExactGeluBertTextClassifier

            backbone = ExactGeluBertBackbone.from_config(backbone.get_config())
            task_class = ExactGeluBertTextClassifier
        preprocessor = task_class.preprocessor_cls(
            _tokenizer(folder, task_class.preprocessor_cls.tokenizer_cls), sequence_length=folder.max_length
        )
        task = task_class(backbone=backbone, preprocessor=preprocessor, **head)
        for tensor in layout.tensors(task):
            # BERT's pooler is part of a head: encoders that were saved alone may lack it.
            of_encoder = tensor.name.startswith(layout.prefix) and ".pooler." not in tensor.name
            if with_head or of_encoder:
                _put(tensor, files, folder)
    return task


def _encoder(backbone_class: Any, layout: Layout, folder: EncoderFolder) -> Any:
    """The backbone of the folder's shape, its weights not yet read."""
    if layout.encoder is None:
        return backbone_class.from_preset(str(folder.path), load_weights=False)
    try:
        arguments = layout.encoder(folder.config)
    except (KeyError, TypeError, ValueError) as problem:
        raise EncoderUnsupported(
            f"{CONFIG} does not say what the encoder is like: {problem!r}.",
            where=str(folder.path / CONFIG),
            expected=f"the settings of {layout.architecture}",
        ) from problem
    return backbone_class(**arguments)


def _layout(folder: Path, config: Mapping[str, Any]) -> Layout:
    return _known_layout(folder, config, "a sequence classifier of one", require=has_classifier(config))


def _known_layout(
    folder: Path, config: Mapping[str, Any], expected: str = "one", *, require: bool = True
) -> Layout:
    known = {layout.model_type: layout for layout in LAYOUTS}
    family = config.get("model_type")
    if not require or family not in known:
        raise EncoderUnsupported(
            f"This folder holds {config.get('architectures') or 'no architecture'} of the family {family!r}.",
            where=str(folder / CONFIG),
            expected=f"{expected} of the families {', '.join(known)}",
        )
    return known[family]


def _labels(names: Any, count: int, folder: Path) -> tuple[LabelSet, bool]:
    generic = tuple(f"LABEL_{index}" for index in range(count))
    if not isinstance(names, dict):
        return LabelSet(generic), False
    try:
        ordered = tuple(str(names[str(index)]).strip() for index in range(count))
        return LabelSet(ordered), ordered != generic
    except (KeyError, UsageError) as problem:
        raise HeadMismatch(
            f"id2label does not name each class once: {problem}",
            where=str(folder / CONFIG),
            expected=f'"0" to "{count - 1}", each with a name of its own',
        ) from problem


def _max_length(folder: Path, config: Mapping[str, Any], layout: Layout) -> int:
    positions = int(config.get("max_position_embeddings", 512))
    if layout.model_type in ("roberta", "xlm-roberta", "mpnet"):
        positions -= POSITION_OFFSET
    place = folder / "tokenizer_config.json"
    said = _read_json(place).get("model_max_length") if place.is_file() else None
    return min(positions, int(said)) if isinstance(said, int | float) and said < _NO_LIMIT else positions


def _require_same_computation(folder: EncoderFolder, layout: Layout) -> bool:
    """Refuse what KerasHub would compute otherwise; tell whether the exact GELU has to be put in."""
    config = folder.config
    activation = config.get(layout.activation_key, "gelu_new" if layout.model_type == "albert" else "gelu")
    exact_gelu = layout.model_type == "bert" and activation == "gelu"
    differences = []
    if activation not in layout.activations and not exact_gelu:
        differences.append((layout.activation_key, activation, " or ".join(layout.activations)))
    if layout.epsilon_key is not None:
        epsilon = config.get(layout.epsilon_key, _EPSILON_UNSAID)
        if abs(epsilon - layout.epsilon) > 1e-6:
            differences.append((layout.epsilon_key, epsilon, layout.epsilon))
    for key, expected, absent in (*_REQUIRED, *layout.requires):
        found = config.get(key)
        found = absent if found is None else found
        if key == "pos_att_type":  # a list, or as the first folders have it "p2c|c2p"
            found = sorted(str(found).split("|") if not isinstance(found, list) else found)
        if found != expected:
            differences.append((key, found, expected))
    if differences:
        raise EncoderUnsupported(
            "This folder's model computes what KerasHub's does not: "
            + ", ".join(f"{key} is {found!r}" for key, found, _ in differences)
            + ".",
            where=str(folder.path / CONFIG),
            expected=", ".join(f"{key} {expected}" for key, _, expected in differences),
        )
    return exact_gelu


_SENTENCE_PIECES = {
    "albert": "spiece.model",
    "xlm-roberta": "sentencepiece.bpe.model",
    "deberta-v2": "spm.model",
}

_REQUIRED = (
    ("position_embedding_type", "absolute", "absolute"),
    ("is_decoder", False, False),
    ("add_cross_attention", False, False),
)
"""Of every family: a setting, as it has to be, and what it is where it is absent."""


class _TensorFiles:
    """The folder's safetensors, one file or several.

    Args:
        folder: Where they lie.
        prefix: What the names of tensors may lack.
    """

    def __init__(self, folder: Path, prefix: str | None = None) -> None:
        self._folder = folder
        self._prefix = prefix or ""
        self._stack = ExitStack()
        self._where: dict[str, Any] = {}

    def __enter__(self) -> _TensorFiles:
        try:
            from safetensors import SafetensorError, safe_open
        except ModuleNotFoundError:
            raise ExtraMissing.of("train", "safetensors", "Opening a Hugging Face folder") from None
        index = self._folder / TENSORS_INDEX
        if index.is_file():
            names = sorted({str(name) for name in _read_json(index).get("weight_map", {}).values()})
        else:
            names = [TENSORS]
        for name in names:
            place = self._folder / name
            # A name in an index is a file beside it, and nothing elsewhere.
            if place.parent != self._folder or not place.is_file():
                raise self._without_safetensors(name)
            try:
                opened = self._stack.enter_context(safe_open(place, framework="np"))
            except (SafetensorError, OSError) as problem:
                raise EncoderUnsupported(f"{name} cannot be read: {problem}.", where=str(place)) from problem
            self._where.update(dict.fromkeys(opened.keys(), opened))
        return self

    def __exit__(self, *failure: object) -> None:
        self._stack.close()

    def get(self, name: str) -> NDArray[np.float32] | None:
        """A tensor as float32; None where there is none by this name."""
        # Folders of the first years call a norm's weight gamma and its bias beta.
        older = name.replace("LayerNorm.weight", "LayerNorm.gamma").replace(
            "LayerNorm.bias", "LayerNorm.beta"
        )
        names = (name, older, name.removeprefix(self._prefix), older.removeprefix(self._prefix))
        found = next((each for each in names if each in self._where), None)
        if found is None:
            return None
        try:
            return np.asarray(self._where[found].get_tensor(found)).astype(np.float32)
        except TypeError as problem:
            raise EncoderUnsupported(
                f"The tensor {found} is stored in a type that cannot be read here: {problem}.",
                where=str(self._folder),
                expected="float32 or float16",
            ) from problem

    def _without_safetensors(self, name: str) -> EncoderUnsupported:
        pickled = sorted(path.name for path in self._folder.iterdir() if path.suffix in (".bin", ".pt"))
        found = (
            f"; {pickled[0]} is a pickle, which can run any code when read, and is not opened"
            if pickled
            else ""
        )
        return EncoderUnsupported(
            f"This folder holds no {name}{found}.",
            where=str(self._folder),
            expected=f"the weights as {TENSORS}",
            hint="write the folder again with transformers, where you trust it: "
            "AutoModelForSequenceClassification.from_pretrained(FOLDER).save_pretrained(NEW_FOLDER)",
        )


def _put(tensor: Tensor, files: _TensorFiles, folder: EncoderFolder) -> None:
    found = files.get(tensor.name)
    is_output = tensor.name.startswith("classifier.") and "dense" not in tensor.name
    if found is None:
        raise EncoderUnsupported(
            f"The folder's weights lack the tensor {tensor.name}.",
            where=str(folder.path),
            expected=f"every tensor of {(folder.config.get('architectures') or ['the encoder'])[0]}",
        )
    if found.shape != tensor.shape:
        if is_output and isinstance(folder, ClassifierFolder) and found.shape[0] != tensor.shape[0]:
            raise HeadMismatch(
                f"The head has {found.shape[0]} outputs, and config.json names {len(folder.labels)} labels.",
                where=str(folder.path),
                expected="one name for every output",
                details={"outputs": found.shape[0], "labels": list(folder.labels)},
            )
        raise EncoderUnsupported(
            f"The tensor {tensor.name} has the shape {found.shape}, where KerasHub's has {tensor.shape}.",
            where=str(folder.path),
        )
    shared = files.get(tensor.shared_row) if tensor.shared_row else None
    tensor.assign(found, shared)


def _tokenizer(folder: EncoderFolder, tokenizer_class: Any) -> Any:
    """KerasHub's tokenizer, from whichever of its files the folder has."""
    path = folder.path
    place = path / "tokenizer.json"
    fast = _read_json(place) if place.is_file() else {}
    said = fast.get("model")
    model: dict[str, Any] = said if isinstance(said, dict) else {}
    if folder.model_type in ("bert", "distilbert", "mpnet"):
        return _wordpiece(path, fast, model, tokenizer_class)
    if model.get("type") == "BPE" and not (path / "merges.txt").is_file():
        merges = [each if isinstance(each, str) else " ".join(each) for each in model["merges"]]
        return tokenizer_class(vocabulary=model["vocab"], merges=merges)
    if folder.model_type in _SENTENCE_PIECES:
        return _sentence_pieces(path, _SENTENCE_PIECES[folder.model_type], tokenizer_class)
    try:
        return tokenizer_class.from_preset(str(path))
    except Exception as problem:
        raise EncoderUnsupported(
            f"KerasHub cannot open the folder's tokenizer: {str(problem).splitlines()[0]}", where=str(path)
        ) from problem


def _sentence_pieces(path: Path, name: str, tokenizer_class: Any) -> Any:
    """KerasHub's own converters leave the file open."""
    if not (path / name).is_file():
        raise EncoderUnsupported(
            "The folder holds no SentencePiece file.",
            where=str(path),
            expected=f"{name}; transformers 5 writes tokenizer.json alone, which KerasHub does not open",
        )
    return tokenizer_class((path / name).read_bytes())


def _wordpiece(path: Path, fast: Mapping[str, Any], model: Mapping[str, Any], tokenizer_class: Any) -> Any:
    if (path / "vocab.txt").is_file():
        vocabulary = (path / "vocab.txt").read_text(encoding="utf-8").splitlines()
    elif model.get("type") == "WordPiece" and isinstance(model.get("vocab"), dict):
        vocabulary = sorted(model["vocab"], key=model["vocab"].__getitem__)
    else:
        raise EncoderUnsupported(
            "The folder holds no vocabulary of pieces.",
            where=str(path),
            expected="vocab.txt, or a tokenizer.json of the kind WordPiece",
        )
    place = path / "tokenizer_config.json"
    said = _read_json(place) if place.is_file() else {}
    lowercase, accents = said.get("do_lower_case", True), said.get("strip_accents")
    cjk = said.get("tokenize_chinese_chars", True)
    normalizer = fast.get("normalizer")
    if isinstance(normalizer, dict) and normalizer.get("type") == "BertNormalizer":
        lowercase, accents = normalizer["lowercase"], normalizer["strip_accents"]
        cjk = normalizer["handle_chinese_chars"]
    return tokenizer_class(
        vocabulary=vocabulary,
        lowercase=bool(lowercase),
        # Where nothing is said, these tokenizers strip accents if they fold case; KerasHub's converter does not.
        strip_accents=bool(lowercase if accents is None else accents),
        split_on_cjk=bool(cjk),
    )


def _read_json(place: Path) -> dict[str, Any]:
    try:
        content = json.loads(place.read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        raise PresetUnknown(f"{place.name} cannot be read: {problem}.", where=str(place)) from problem
    if not isinstance(content, dict):
        raise PresetUnknown(f"{place.name} is no JSON object.", where=str(place))
    return content
