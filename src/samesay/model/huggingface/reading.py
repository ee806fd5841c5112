"""A folder of Hugging Face's: its encoder with a new head, or with the head that lies there, of the same logits.

KerasHub gives architecture and tokenizer classes; every tensor is put in its place by ``families``, and none may be
missing or of another shape. What the files say is read by ``config``, ``weights`` and ``tokenizer_reading``, which
trust none of it.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from samesay.errors import EncoderUnsupported, HeadMismatch, SameSayError, UsageError
from samesay.model.backbones.families import class_named
from samesay.model.huggingface.config import (
    ADAPTER,
    CONFIG,
    MODULES,
    has_classifier,
    in_short,
    odd,
    read_json,
    read_settings,
)
from samesay.model.huggingface.families import FAMILIES, Family
from samesay.model.huggingface.hints import adapter_alone
from samesay.model.huggingface.tensors import Tensor
from samesay.model.huggingface.tokenizer_reading import length_limit, open_tokenizer
from samesay.model.huggingface.weights import TensorFiles, require_shapes
from samesay.pairs import Activation, Answers, LabelSet, Scale, Sides

_PROBLEM_TYPES = ("single_label_classification", "multi_label_classification", "regression")
_MOST_LABELS = 10_000
# A pair of RoBERTa's: four special tokens and one a side.
_FEWEST_POSITIONS = 6
_GELUS = ("gelu", "gelu_new", "gelu_fast", "gelu_pytorch_tanh")

_REQUIRED = (
    ("position_embedding_type", "absolute", "absolute"),
    ("is_decoder", False, False),
    ("add_cross_attention", False, False),
)
"""Of every family: a setting, as it has to be, and what it is where it is absent."""


@dataclass(frozen=True)
class ClassifierFolder:
    """What the files say of a head, without opening the weights.

    Attributes:
        path: The folder.
        answers: The names of the classes in the order of the outputs, or the scale of a head with one output.
        named: Whether somebody named them: ``LABEL_0``, ``LABEL_1`` … are what stands there where nobody did.
        sides: The order of the sides, where SameSay wrote the folder.
        max_length: The most tokens of a pair that it was meant to read.
    """

    path: Path
    answers: Answers
    named: bool
    sides: Sides | None
    max_length: int


def encoder_folder(folder: Path) -> Path:
    """Where ``config.json`` lies: in ``folder``, or in the one that its ``modules.json`` calls the transformer."""
    if (folder / CONFIG).is_file():
        return folder
    if (folder / ADAPTER).is_file():
        raise adapter_alone(folder)
    modules = [{"path": "0_Transformer"}]
    if (folder / MODULES).is_file():
        modules = read_json(folder / MODULES, kind=list)
    for module in modules:
        path = module.get("path") if isinstance(module, dict) else None
        # A folder of this one, and nothing elsewhere.
        if isinstance(path, str) and path and Path(path).name == path and (folder / path / CONFIG).is_file():
            return folder / path
    return folder


def describe(folder: Path) -> ClassifierFolder:
    """Read what a classifier's folder says of itself."""
    read = _Folder(folder)
    config, where = read.config, read.where
    if not has_classifier(config):
        read.require_head()
    _ = read.values
    problem_type = config.get("problem_type")
    if problem_type is not None and problem_type not in _PROBLEM_TYPES:
        raise odd("problem_type", problem_type, ", ".join(_PROBLEM_TYPES) + ", or none", where=where)
    count = read.outputs()
    if problem_type == "multi_label_classification":
        raise several_labels(where)
    if problem_type == "regression" and count > 1:
        raise HeadMismatch(
            f"The head of this folder gives {count} numbers for a pair.",
            where=where,
            expected="one number, or a probability for each label; or pairs of yours, to train a new head on",
            hint=f"samesay train DATA --preset {shlex.quote(str(folder))} --new-head --output MODEL",
            details={"problem_type": problem_type, "num_labels": count},
        )
    if count == 1:
        ours = config.get("samesay")
        answers = Scale(*_scale(ours, where), activation_of(folder, config))
        named = isinstance(ours, dict) and "scale" in ours
    else:
        answers, named = _labels(config.get("id2label"), count, where)
    return ClassifierFolder(folder, answers, named, _sides(config.get("samesay"), where), read.max_length())


def several_labels(where: str) -> HeadMismatch:
    """The error for a head that may give several labels to one pair."""
    return HeadMismatch(
        "The head of this folder may give several labels to one pair.",
        where=where,
        expected='"problem_type": "single_label_classification", or none',
    )


def open_classifier(folder: ClassifierFolder) -> Any:
    """The KerasHub task with the folder's encoder, head and tokenizer."""
    outputs = len(folder.answers.outputs)
    return _Folder(folder.path).open(outputs=outputs, with_head=True, exactly=True)


def open_encoder(folder: Path, *, outputs: int, exactly: bool = False, **settings: Any) -> Any:
    """The KerasHub task with the folder's encoder and tokenizer, and a new head.

    Args:
        folder: With ``config.json``.
        outputs: Of the new head.
        exactly: Compute hidden states as the folder's own library does. Otherwise a BERT's GELU and the epsilon of
            norms are KerasHub's, whose steps are faster: training adapts to the difference.
        **settings: Of the KerasHub task, such as ``dropout``.
    """
    return _Folder(folder).open(outputs=outputs, with_head=False, exactly=exactly, **settings)


class _Folder:
    """A folder with its configuration and its family."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.where = str(path / CONFIG)
        self.config: Mapping[str, Any] = read_json(path / CONFIG)
        self.family = self._family()

    @cached_property
    def values(self) -> dict[str, Any]:
        """The family's settings."""
        return read_settings(self.config, self.family.settings, where=self.where)

    def weights(self) -> TensorFiles:
        return TensorFiles(self.path, self.family)

    def _family(self) -> Family:
        """The family; where nobody says which it is, as in the first folders, that of the tensors."""
        known = {family.model_type: family for family in FAMILIES}
        name = self.config.get("model_type")
        if isinstance(name, str) and name in known:
            return known[name]
        if name is None and "registered_name" not in self.config:
            fitting = []
            for family in FAMILIES:
                with TensorFiles(self.path, family) as files:
                    if files.prefixed and all(family.prefix + axis in files.shapes for axis in family.axes):
                        fitting.append(family)
            if len(fitting) == 1:
                return fitting[0]
        held = self.config.get("architectures") or "no architecture"
        raise EncoderUnsupported(
            f"This folder holds {held} of the family {in_short(name)}.",
            where=self.where,
            expected=f"a sequence classifier of one of the families {', '.join(known)}",
        )

    def require_head(self) -> None:
        """Refuse a folder without a head; where it says nothing of its architecture the weights decide."""
        architectures = self.config.get("architectures")
        if architectures is not None and not isinstance(architectures, list):
            raise odd("architectures", architectures, "a list of names", where=self.where)
        if not architectures:
            with self.weights() as files:
                if f"{self.family.output}.weight" in files:
                    return
        held = architectures or "no classification head"
        raise EncoderUnsupported(
            f"This folder holds {held} of the family {self.family.model_type!r}.",
            where=self.where,
            expected=f"a sequence classifier such as {self.family.architecture}; or pairs of yours, to train a head on",
            hint=f"samesay train DATA --preset {shlex.quote(str(self.path))} --output MODEL",
        )

    def outputs(self) -> int:
        """How many outputs the head has, by its names, or by their number, or by its weights."""
        names, count = self.config.get("id2label"), self.config.get("num_labels")
        if names is not None:
            if not isinstance(names, dict):
                raise odd("id2label", names, "an object of indices and names", where=self.where)
            if not 1 <= len(names) <= _MOST_LABELS:
                raise odd("id2label", names, f"1 to {_MOST_LABELS:,} indices and names", where=self.where)
            return len(names)
        if count is not None:
            if type(count) is not int or not 1 <= count <= _MOST_LABELS:
                raise odd("num_labels", count, f"a whole number from 1 to {_MOST_LABELS:,}", where=self.where)
            return count
        with self.weights() as files:
            shape = files.shapes.get(f"{self.family.output}.weight", ())
        return shape[0] if shape and 1 <= shape[0] <= _MOST_LABELS else 2

    def max_length(self) -> int:
        """The most tokens of a pair that the folder's model is meant to read."""
        positions = self.family.arguments(self.values)["max_sequence_length"]
        limit = min(positions, length_limit(self.path) or positions)
        if limit < _FEWEST_POSITIONS:
            raise EncoderUnsupported(
                f"This folder's model reads {limit} tokens, which is no room for a pair.",
                where=self.where,
                expected=f"max_position_embeddings and model_max_length of {_FEWEST_POSITIONS} tokens or more",
            )
        return limit

    def open(self, *, outputs: int, with_head: bool, exactly: bool, **settings: Any) -> Any:
        """The task, with the head that lies there or with a new one."""
        family, max_length = self.family, self.max_length()
        exact_gelu = self._require_same_computation(exactly=exactly)
        with self.weights() as files:
            require_shapes(family, self.values, files.shapes, where=self.where)
            if with_head:
                self._require_outputs(files, outputs)
            try:
                task = self._task(outputs, max_length, exact_gelu=exact_gelu, **settings)
            except (SameSayError, MemoryError):
                raise
            except Exception as problem:
                raise EncoderUnsupported(
                    f"KerasHub cannot build this folder's encoder: {str(problem).splitlines()[0] or problem!r}",
                    where=self.where,
                    expected=f"the settings of {family.architecture}",
                ) from problem
            for tensor in family.tensors(task):
                of_head = not tensor.name.startswith(family.prefix)
                # A pooler is the encoder's, and not saved with all of them.
                absent = "pooler" in tensor.name and tensor.name not in files
                if with_head or not (of_head or absent):
                    self._put(tensor, files)
        return task

    def _task(self, outputs: int, max_length: int, *, exact_gelu: bool, **settings: Any) -> Any:
        backbone_class, task_class = class_named(self.family.backbone), class_named(self.family.task)
        if exact_gelu:
            from samesay.model.backbones.exact_gelu import ExactGeluBertBackbone, ExactGeluBertTextClassifier

            backbone_class, task_class = ExactGeluBertBackbone, ExactGeluBertTextClassifier
        backbone = backbone_class(**self.family.arguments(self.values))
        tokenizer = open_tokenizer(
            self.path,
            self.family.tokenizer,
            task_class.preprocessor_cls.tokenizer_cls,
            rows=self.values["vocab_size"],
        )
        preprocessor = task_class.preprocessor_cls(tokenizer, sequence_length=max_length)
        return task_class(backbone=backbone, preprocessor=preprocessor, num_classes=outputs, **settings)

    def _require_same_computation(self, *, exactly: bool) -> bool:
        """Refuse what KerasHub would compute otherwise; return whether the exact GELU has to be put in."""
        family = self.family
        activation = self.values[family.activation_key]
        exact_gelu = exactly and family.model_type == "bert" and activation == "gelu"
        differences = []
        accepted = family.activations if exactly else _GELUS
        if activation not in accepted and not exact_gelu:
            differences.append((family.activation_key, activation, " or ".join(accepted)))
        if exactly and family.epsilon is not None:
            epsilon = self.values["layer_norm_eps"]
            if abs(epsilon - family.epsilon) > 1e-6:
                differences.append(("layer_norm_eps", epsilon, family.epsilon))
        for key, expected, absent in (*_REQUIRED, *family.requires):
            found = self.config.get(key)
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
                where=self.where,
                expected=", ".join(f"{key} {expected}" for key, _, expected in differences),
            )
        return exact_gelu

    def _require_outputs(self, files: TensorFiles, outputs: int) -> None:
        found = files.shapes.get(f"{self.family.output}.weight")
        if found is not None and found[:1] != (outputs,):
            raise HeadMismatch(
                f"The head has {found[0] if found else 'no'} outputs, and config.json names {outputs} "
                f"{'label' if outputs == 1 else 'labels'}.",
                where=str(self.path),
                expected="one name for every output",
                details={"outputs": list(found), "labels": outputs},
            )

    def _put(self, tensor: Tensor, files: TensorFiles) -> None:
        found = files.get(tensor.name)
        if found is None:
            raise EncoderUnsupported(
                f"The folder's weights lack the tensor {tensor.name}.",
                where=str(self.path),
                expected=f"every tensor of {self.family.architecture}",
            )
        shared = files.get(tensor.shared_row) if tensor.shared_row else None
        if found.shape != tensor.shape or (shared is not None and shared.shape[1:] != tensor.shape[1:]):
            raise EncoderUnsupported(
                f"The tensor {tensor.name} has the shape {found.shape}, where KerasHub's has {tensor.shape}.",
                where=str(self.path),
            )
        tensor.assign(found, shared)


def activation_of(folder: Path, config: Mapping[str, Any]) -> Activation:
    """What a head's one output goes through; of a regression nothing, else a sigmoid, where nobody says."""
    place = folder / "config_sentence_transformers.json"
    sections = config.get("sentence_transformers"), read_json(place) if place.is_file() else None
    found = [section.get("activation_fn") for section in sections if isinstance(section, dict)]
    # Each of the three was where it stood for some years.
    found.append(config.get("sbert_ce_default_activation_function"))
    given = next((one for one in found if one is not None), None)
    if given is None:
        return "identity" if config.get("problem_type") == "regression" else "sigmoid"
    known: dict[str, Activation] = {"Sigmoid": "sigmoid", "Identity": "identity"}
    name = given.rpartition(".")[2] if isinstance(given, str) else None
    if name not in known:
        raise HeadMismatch(
            f"The one output of this folder's head goes through {in_short(given)}.",
            where=str(folder),
            expected="torch.nn.modules.activation.Sigmoid or torch.nn.modules.linear.Identity",
        )
    return known[name]


def _labels(names: Any, count: int, where: str) -> tuple[LabelSet, bool]:
    """The labels, and whether somebody named them."""
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


def _scale(ours: Any, where: str) -> tuple[float, float]:
    """The scale of the scores, where SameSay wrote the folder; 0 to 1 where nobody says."""
    ends = ours.get("scale", [0, 1]) if isinstance(ours, dict) else [0, 1]
    if not (isinstance(ends, list) and len(ends) == 2 and all(isinstance(end, int | float) for end in ends)):
        raise odd("samesay.scale", ends, "two numbers, the lower one first", where=where)
    return float(ends[0]), float(ends[1])


def _sides(ours: Any, where: str) -> Sides | None:
    given = ours.get("sides") if isinstance(ours, dict) else None
    if given is None:
        return None
    texts = [one for one in given if isinstance(one, str) and one] if isinstance(given, list) else []
    if len(texts) != 2 or len(set(texts)) != 2 or len(given) != 2:
        raise odd("samesay.sides", given, "two different names", where=where)
    return Sides(*texts)
