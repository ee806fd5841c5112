"""A folder of Hugging Face's: its encoder with a new head, or with the head that lies there, of the same logits.

KerasHub gives architecture and tokenizer classes; every tensor is put in its place by
``samesay.model.huggingface.layout``, and none may be missing or of another shape. What the files say is read by
``huggingface_settings``, ``huggingface_weights`` and ``huggingface_vocabulary``, which trust none of it.
"""

from __future__ import annotations

import math
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from samesay.errors import EncoderUnsupported, HeadMismatch, SameSayError, UsageError
from samesay.model.backbones.families import class_named
from samesay.model.huggingface.hints import ADAPTER, adapter_alone
from samesay.model.huggingface.layout import LAYOUTS, POSITION_OFFSET, Layout, Tensor
from samesay.model.huggingface.settings import in_short, odd, read_settings, require_shapes
from samesay.model.huggingface.vocabulary import length_limit, open_tokenizer
from samesay.model.huggingface.weights import TENSORS, TENSORS_INDEX, TensorFiles, read_json
from samesay.pairs import Activation, Answers, LabelSet, Scale, Sides

__all__ = [
    "CONFIG",
    "TENSORS",
    "TENSORS_INDEX",
    "ClassifierFolder",
    "describe",
    "has_classifier",
    "open_classifier",
]

CONFIG = "config.json"
MODULES = "modules.json"

_KIND = "ForSequenceClassification"
_PROBLEM_TYPES = ("single_label_classification", "multi_label_classification", "regression")
_MOST_LABELS = 10_000
# A pair of RoBERTa's: four special tokens and one a side.
_FEWEST_POSITIONS = 6
_GELUS = ("gelu", "gelu_new", "gelu_fast", "gelu_pytorch_tanh")


@dataclass(frozen=True)
class ClassifierFolder:
    """What the files say of a head, without opening the weights.

    Attributes:
        path: The folder.
        config: ``config.json``.
        answers: The names of the classes in the order of the outputs, or the scale of a head with one output.
        named: Whether somebody named them: ``LABEL_0``, ``LABEL_1`` … are what stands there where nobody did.
        sides: The order of the sides, where SameSay wrote the folder.
        temperature: What the logits are to be divided by, where an early SameSay wrote the folder; 1 elsewhere.
        max_length: The most tokens of a pair that it was meant to read.
    """

    path: Path
    config: Mapping[str, Any]
    answers: Answers
    named: bool
    sides: Sides | None
    temperature: float
    max_length: int

    @property
    def outputs(self) -> int:
        """Of its last layer."""
        return 1 if isinstance(self.answers, Scale) else len(self.answers)


def has_classifier(config: Mapping[str, Any]) -> bool:
    """Whether a ``config.json`` says that it is a sequence classifier's, of whatever family."""
    architectures = config.get("architectures")
    return isinstance(architectures, list) and any(str(name).endswith(_KIND) for name in architectures)


def encoder_folder(folder: Path) -> Path:
    """Where ``config.json`` lies: in ``folder``, or in the one that its ``modules.json`` calls the transformer.

    Raises:
        EncoderUnsupported: If ``modules.json`` cannot be read, or there is an adapter alone.
    """
    if (folder / CONFIG).is_file():
        return folder
    if (folder / ADAPTER).is_file():
        raise adapter_alone(folder)
    modules = (
        read_json(folder / MODULES, kind=list)
        if (folder / MODULES).is_file()
        else [{"path": "0_Transformer"}]
    )
    for module in modules:
        path = module.get("path") if isinstance(module, dict) else None
        # A folder of this one, and nothing elsewhere.
        if isinstance(path, str) and path and Path(path).name == path and (folder / path / CONFIG).is_file():
            return folder / path
    return folder


def describe(folder: Path) -> ClassifierFolder:
    """Read what a classifier's folder says of itself.

    Raises:
        EncoderUnsupported: If its family has no layout here, or a setting cannot be used.
        HeadMismatch: If its head is not one for one label or one score a pair.
    """
    config = read_json(folder / CONFIG)
    layout = _layout(folder, config)
    where = str(folder / CONFIG)
    if not has_classifier(config):
        _require_head(folder, config, layout)
    read_settings(config, layout.shape.settings, where=where)
    problem_type = config.get("problem_type")
    if problem_type is not None and problem_type not in _PROBLEM_TYPES:
        raise odd("problem_type", problem_type, ", ".join(_PROBLEM_TYPES) + ", or none", where=where)
    names = config.get("id2label")
    count = _count(folder, config, layout)
    if problem_type == "multi_label_classification":
        raise HeadMismatch(
            "The head of this folder may give several labels to one pair.",
            where=where,
            expected='"problem_type": "single_label_classification", or none',
        )
    if problem_type == "regression" and count > 1:
        raise HeadMismatch(
            f"The head of this folder gives {count} numbers for a pair.",
            where=where,
            expected="one number, or a probability for each label; or pairs of yours, to train a new head on",
            hint=f"samesay train DATA --preset {shlex.quote(str(folder))} --new-head --output MODEL",
            details={"problem_type": problem_type, "num_labels": count},
        )
    if count == 1:
        answers, named = Scale(0, 1, activation_of(folder, config)), False
    else:
        answers, named = _labels(names, count, where)
    ours = config.get("samesay")
    ours = ours if isinstance(ours, dict) else {}
    return ClassifierFolder(
        folder,
        config,
        answers,
        named,
        _sides(ours.get("sides"), where),
        _temperature(ours.get("temperature", 1.0), where),
        _max_length(folder, config, layout),
    )


def activation_of(folder: Path, config: Mapping[str, Any]) -> Activation:
    """What a head's one output goes through; of a regression nothing, else a sigmoid, where nobody says."""
    place = folder / "config_sentence_transformers.json"
    sections = config.get("sentence_transformers"), read_json(place) if place.is_file() else None
    saids = [section.get("activation_fn") for section in sections if isinstance(section, dict)]
    # Each of the three was where it stood for some years.
    saids.append(config.get("sbert_ce_default_activation_function"))
    said = next((one for one in saids if one is not None), None)
    if said is None:
        return "identity" if config.get("problem_type") == "regression" else "sigmoid"
    known: dict[str, Activation] = {"Sigmoid": "sigmoid", "Identity": "identity"}
    name = said.rpartition(".")[2] if isinstance(said, str) else None
    if name not in known:
        raise HeadMismatch(
            f"The one output of this folder's head goes through {in_short(said)}.",
            where=str(folder),
            expected="torch.nn.modules.activation.Sigmoid or torch.nn.modules.linear.Identity",
        )
    return known[name]


def open_classifier(folder: ClassifierFolder) -> Any:
    """The KerasHub task with the folder's encoder, head and tokenizer.

    Raises:
        EncoderUnsupported: If the folder computes something that KerasHub's classes do not, or holds no
            safetensors, or lacks a tensor.
        HeadMismatch: If the head has another number of outputs than the folder has labels.
    """
    return _open(
        folder.path,
        folder.config,
        outputs=folder.outputs,
        with_head=True,
        exactly=True,
        max_length=folder.max_length,
    )


def open_encoder(folder: Path, *, outputs: int, exactly: bool = False, **settings: Any) -> Any:
    """The KerasHub task with the folder's encoder and tokenizer, and a new head.

    Args:
        folder: With ``config.json``.
        outputs: Of the new head.
        exactly: Compute hidden states as the folder's own library does. Otherwise a BERT's GELU and the epsilon of
            norms are KerasHub's, whose steps are faster: training adapts to the difference.
        **settings: Of the KerasHub task, such as ``dropout``.

    Raises:
        EncoderUnsupported: If its family has no layout here, or its files cannot be used.
        TokenizerUnsupported: If its tokenizer is not one that KerasHub's encodes like.
    """
    config = read_json(folder / CONFIG)
    limit = _max_length(folder, config, _layout(folder, config))
    return _open(
        folder, config, outputs=outputs, with_head=False, exactly=exactly, max_length=limit, **settings
    )


def _open(
    folder: Path,
    config: Mapping[str, Any],
    *,
    outputs: int,
    with_head: bool,
    exactly: bool,
    max_length: int,
    **settings: Any,
) -> Any:
    layout = _layout(folder, config)
    where = str(folder / CONFIG)
    values = read_settings(config, layout.shape.settings, where=where)
    exact_gelu = _require_same_computation(config, values, layout, where=where, exactly=exactly)
    with TensorFiles(folder, layout.shape) as files:
        require_shapes(layout.shape, values, files.shapes, where=where)
        if with_head:
            _require_outputs(files, layout, outputs, folder)
        try:
            task = _task(folder, layout, values, outputs, max_length, exact_gelu=exact_gelu, **settings)
        except (SameSayError, MemoryError):
            raise
        except Exception as problem:
            raise EncoderUnsupported(
                f"KerasHub cannot build this folder's encoder: {str(problem).splitlines()[0] or problem!r}",
                where=where,
                expected=f"the settings of {layout.architecture}",
            ) from problem
        for tensor in layout.tensors(task):
            of_head = not tensor.name.startswith(layout.shape.prefix)
            # A pooler is the encoder's, and not saved with all of them.
            absent = "pooler" in tensor.name and tensor.name not in files
            if with_head or not (of_head or absent):
                _put(tensor, files, folder, layout)
    return task


def _task(
    folder: Path,
    layout: Layout,
    values: Mapping[str, Any],
    outputs: int,
    max_length: int,
    *,
    exact_gelu: bool,
    **settings: Any,
) -> Any:
    arguments = layout.shape.arguments(values)
    # RoBERTa's first positions are for padding.
    arguments.setdefault("max_sequence_length", values["max_position_embeddings"] - POSITION_OFFSET)
    backbone_class, task_class = class_named(layout.backbone), class_named(layout.task)
    if exact_gelu:
        from samesay.model.backbones.exact_gelu import ExactGeluBertBackbone, ExactGeluBertTextClassifier

        backbone_class, task_class = ExactGeluBertBackbone, ExactGeluBertTextClassifier
    backbone = backbone_class(**arguments)
    tokenizer = open_tokenizer(
        folder, layout.model_type, task_class.preprocessor_cls.tokenizer_cls, rows=values["vocab_size"]
    )
    preprocessor = task_class.preprocessor_cls(tokenizer, sequence_length=max_length)
    return task_class(backbone=backbone, preprocessor=preprocessor, num_classes=outputs, **settings)


def _layout(folder: Path, config: Mapping[str, Any]) -> Layout:
    """The family's; where nobody says which it is, as in the first folders, that of the tensors."""
    known = {layout.model_type: layout for layout in LAYOUTS}
    family = config.get("model_type")
    if isinstance(family, str) and family in known:
        return known[family]
    if family is None and "registered_name" not in config:
        fitting = []
        for layout in LAYOUTS:
            with TensorFiles(folder, layout.shape) as files:
                if files.prefixed and set(layout.shape.axes) <= set(files.shapes):
                    fitting.append(layout)
        if len(fitting) == 1:
            return fitting[0]
    raise EncoderUnsupported(
        f"This folder holds {config.get('architectures') or 'no architecture'} of the family {in_short(family)}.",
        where=str(folder / CONFIG),
        expected=f"a sequence classifier of one of the families {', '.join(known)}",
    )


def _require_head(folder: Path, config: Mapping[str, Any], layout: Layout) -> None:
    """Refuse a folder without a head; where it says nothing of its architecture the weights decide."""
    architectures = config.get("architectures")
    if architectures is not None and not isinstance(architectures, list):
        raise odd("architectures", architectures, "a list of names", where=str(folder / CONFIG))
    if not architectures:
        with TensorFiles(folder, layout.shape) as files:
            if f"{layout.shape.output}.weight" in files:
                return
    raise EncoderUnsupported(
        f"This folder holds {architectures or 'no classification head'} of the family {layout.model_type!r}.",
        where=str(folder / CONFIG),
        expected=f"a sequence classifier such as {layout.architecture}; or pairs of yours, to train a head on",
        hint=f"samesay train DATA --preset {shlex.quote(str(folder))} --output MODEL",
    )


def _count(folder: Path, config: Mapping[str, Any], layout: Layout) -> int:
    """How many outputs the head has, by its names, or by their number, or by its weights."""
    where = str(folder / CONFIG)
    names = config.get("id2label")
    if names is not None and not isinstance(names, dict):
        raise odd("id2label", names, "an object of indices and names", where=where)
    if names is not None:
        if not 1 <= len(names) <= _MOST_LABELS:
            raise odd("id2label", names, f"1 to {_MOST_LABELS:,} indices and names", where=where)
        return len(names)
    count = config.get("num_labels")
    if count is not None:
        if type(count) is not int or not 1 <= count <= _MOST_LABELS:
            raise odd("num_labels", count, f"a whole number from 1 to {_MOST_LABELS:,}", where=where)
        return count
    with TensorFiles(folder, layout.shape) as files:
        shape = files.shapes.get(f"{layout.shape.output}.weight", ())
    return shape[0] if shape and 1 <= shape[0] <= _MOST_LABELS else 2


def _labels(names: Any, count: int, where: str) -> tuple[LabelSet, bool]:
    generic = tuple(f"LABEL_{index}" for index in range(count))
    if names is None:
        return LabelSet(generic), False
    expected = f'"0" to "{count - 1}", each with a name of its own'
    given = [names.get(str(index)) for index in range(count)]
    if not all(isinstance(name, str) for name in given):
        wrong = next(index for index, name in enumerate(given) if not isinstance(name, str))
        raise HeadMismatch(
            f"id2label names the class {wrong} {in_short(given[wrong])}.", where=where, expected=expected
        )
    try:
        "".join(given).encode()
        ordered = LabelSet(tuple(name.strip() for name in given))
    except (UsageError, UnicodeEncodeError) as problem:
        raise HeadMismatch(
            f"id2label does not name each class once: {problem}", where=where, expected=expected
        ) from problem
    return ordered, ordered.names != generic


def _sides(said: Any, where: str) -> Sides | None:
    if said is None:
        return None
    texts = [one for one in said if isinstance(one, str) and one] if isinstance(said, list) else []
    if len(texts) != 2 or len(set(texts)) != 2 or len(said) != 2:
        raise odd("samesay.sides", said, "two different names", where=where)
    return Sides(*texts)


def _temperature(said: Any, where: str) -> float:
    number = isinstance(said, int | float) and not isinstance(said, bool)
    if not number or not 1e-6 <= said <= 1e6 or not math.isfinite(said):
        raise odd("samesay.temperature", said, "a number from 1e-6 to 1e6", where=where)
    return float(said)


def _max_length(folder: Path, config: Mapping[str, Any], layout: Layout) -> int:
    where = str(folder / CONFIG)
    values = read_settings(config, layout.shape.settings, where=where)
    positions = values["max_position_embeddings"]
    if "max_sequence_length" not in layout.shape.arguments(values):
        positions -= POSITION_OFFSET
    limit = min(positions, length_limit(folder) or positions)
    if limit < _FEWEST_POSITIONS:
        raise EncoderUnsupported(
            f"This folder's model reads {limit} tokens, which is no room for a pair.",
            where=where,
            expected=f"max_position_embeddings and model_max_length of {_FEWEST_POSITIONS} tokens or more",
        )
    return limit


def _require_same_computation(
    config: Mapping[str, Any], values: Mapping[str, Any], layout: Layout, *, where: str, exactly: bool
) -> bool:
    """Refuse what KerasHub would compute otherwise; tell whether the exact GELU has to be put in."""
    activation = values[layout.activation_key]
    exact_gelu = exactly and layout.model_type == "bert" and activation == "gelu"
    differences = []
    accepted = layout.activations if exactly else _GELUS
    if activation not in accepted and not exact_gelu:
        differences.append((layout.activation_key, activation, " or ".join(accepted)))
    if exactly and layout.epsilon_key is not None:
        epsilon = values[layout.epsilon_key]
        if abs(epsilon - layout.epsilon) > 1e-6:
            differences.append((layout.epsilon_key, epsilon, layout.epsilon))
    for key, expected, absent in (*_REQUIRED, *layout.requires):
        found = config.get(key)
        found = absent if found is None else found
        if key == "pos_att_type":  # a list, or as the first folders have it "p2c|c2p"
            found = sorted(map(str, found if isinstance(found, list) else str(found).split("|")))
        if found != expected:
            differences.append((key, found, expected))
    if differences:
        raise EncoderUnsupported(
            "This folder's model computes what KerasHub's does not: "
            + ", ".join(f"{key} is {in_short(found)}" for key, found, _ in differences)
            + ".",
            where=where,
            expected=", ".join(f"{key} {expected}" for key, _, expected in differences),
        )
    return exact_gelu


_REQUIRED = (
    ("position_embedding_type", "absolute", "absolute"),
    ("is_decoder", False, False),
    ("add_cross_attention", False, False),
)
"""Of every family: a setting, as it has to be, and what it is where it is absent."""


def _require_outputs(files: TensorFiles, layout: Layout, outputs: int, folder: Path) -> None:
    name = f"{layout.shape.output}.weight"
    found = files.shapes.get(name)
    if found is not None and found[:1] != (outputs,):
        raise HeadMismatch(
            f"The head has {found[0] if found else 'no'} outputs, and config.json names {outputs} "
            f"{'label' if outputs == 1 else 'labels'}.",
            where=str(folder),
            expected="one name for every output",
            details={"outputs": list(found), "labels": outputs},
        )


def _put(tensor: Tensor, files: TensorFiles, folder: Path, layout: Layout) -> None:
    found = files.get(tensor.name)
    if found is None:
        raise EncoderUnsupported(
            f"The folder's weights lack the tensor {tensor.name}.",
            where=str(folder),
            expected=f"every tensor of {layout.architecture}",
        )
    shared = files.get(tensor.shared_row) if tensor.shared_row else None
    if found.shape != tensor.shape or (shared is not None and shared.shape[1:] != tensor.shape[1:]):
        raise EncoderUnsupported(
            f"The tensor {tensor.name} has the shape {found.shape}, where KerasHub's has {tensor.shape}.",
            where=str(folder),
        )
    tensor.assign(found, shared)
