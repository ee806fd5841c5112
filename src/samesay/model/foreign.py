"""Classifiers of others, answered by their own library: transformers, or sentence-transformers for its cross-encoders.

So runs what its authors measured, of whatever family, on torch. A folder that ``samesay import`` opens can be made a
model of SameSay's instead, which needs neither library. Nothing is downloaded and no code of a folder is run.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from samesay.data.python.inputs import texts_from
from samesay.decision import Decision, Predictions, values_of
from samesay.errors import EncoderUnsupported, ExtraMissing, HeadMismatch, UsageError
from samesay.model.huggingface.config import CONFIG, has_classifier, json_or_nothing
from samesay.model.huggingface.reading import activation_of, several_labels
from samesay.pairs import Answers, LabelSet, Scale, Sides
from samesay.printable import command

if TYPE_CHECKING:
    from numpy.typing import NDArray

Library = Literal["transformers", "sentence-transformers"]
LIBRARIES: tuple[Library, ...] = ("transformers", "sentence-transformers")

_BATCH = 32  # what CrossEncoder.predict takes where nobody says
# Tokenizers without a limit of their own say 1e30.
_NO_LIMIT = 1_000_000
# Families whose positions count from 2.
_COUNTING_FROM_2 = {
    "roberta",
    "xlm-roberta",
    "xlm-roberta-xl",
    "camembert",
    "mpnet",
    "longformer",
    "data2vec-text",
}


@dataclass(frozen=True)
class ForeignClassifier:
    """A folder opened by its own library.

    Attributes:
        tokenizer: As ``transformers`` made it.
        max_length: The most tokens of a pair that are read, special ones included.
        label_names: Of the outputs in their order, as ``id2label`` has them.
        logits: From pairs of texts to the model's outputs, shape ``(n_pairs, n_outputs)``.
    """

    tokenizer: Any
    max_length: int
    label_names: tuple[str, ...]
    logits: Callable[[Sequence[tuple[str, str]]], NDArray[np.float32]]

    def tokens_lost(self, pairs: Sequence[tuple[str, str]]) -> NDArray[np.int32]:
        """How many tokens of each side are not read, shape ``(n_pairs, 2)``."""
        lost = np.zeros((len(pairs), 2), np.int32)
        if not pairs:
            return lost
        texts = [list(side) for side in zip(*pairs, strict=True)]
        lengths = [len(ids) for ids in self.tokenizer(*texts, verbose=False)["input_ids"]]
        for place in np.flatnonzero(np.array(lengths) > self.max_length).tolist():
            first, second = pairs[place]
            whole = self.tokenizer([first], [second], verbose=False)
            read = self.tokenizer([first], [second], truncation=True, max_length=self.max_length)
            for side in (0, 1):
                lost[place, side] = whole.sequence_ids(0).count(side) - read.sequence_ids(0).count(side)
        return lost


class ForeignPredictor:
    """Answers of a foreign classifier: the softmax of its logits, or of one output its own activation.

    Attributes:
        answers: Its labels; of one output a scale, 0 to 1 until it is put on that of the data, which no folder names.
        sides: What the first and the second text of a pair are called.
    """

    def __init__(self, classifier: ForeignClassifier, answers: Answers, sides: Sides) -> None:
        self._classifier = classifier
        self.answers = answers
        self.sides = sides

    def predict(self, pairs: Any) -> NDArray[np.float32]:
        """Probabilities ``(n_pairs, n_labels)`` or scores ``(n_pairs,)``, in the order of ``pairs``."""
        logits = self._classifier.logits(_as_tuples(pairs, self.sides))
        return values_of(logits, self.answers, Decision())

    def read(self, pairs: Any) -> Predictions:
        """Probabilities or scores, and how many tokens of each side were not read; tokenizes twice."""
        texts = _as_tuples(pairs, self.sides)
        return Predictions(self.predict(texts), self._classifier.tokens_lost(texts))


def _as_tuples(pairs: Any, sides: Sides) -> list[tuple[str, str]]:
    return list(zip(*texts_from(pairs, sides=sides), strict=True))


def library_of(folder: Path) -> Library | None:
    """Whose sequence classifier lies in ``folder``; None where it is none."""
    config = json_or_nothing(folder / CONFIG)
    if not has_classifier(config):
        return None
    marks = ("sentence_transformers", "sbert_ce_default_activation_function")
    ours = any(mark in config for mark in marks) or (folder / "config_sentence_transformers.json").is_file()
    return "sentence-transformers" if ours else "transformers"


def sides_of(folder: Path) -> Sides | None:
    """Which text comes first, where SameSay wrote the folder; no format of others' says it."""
    ours = json_or_nothing(folder / CONFIG).get("samesay")
    sides = ours.get("sides") if isinstance(ours, dict) else None
    return Sides(*map(str, sides)) if isinstance(sides, list) and len(sides) == 2 else None


def open_foreign(folder: Path, library: Library, *, sides: Sides) -> ForeignPredictor:
    """Open a sequence classifier by its own library.

    Args:
        folder: With ``config.json``, weights as safetensors and the tokenizer's files.
        library: By which.
        sides: What the texts are called, in the order in which the model reads them.
    """
    config = json_or_nothing(folder / CONFIG)
    if not has_classifier(config):
        raise HeadMismatch(
            f"{folder} holds {config.get('architectures') or 'no model'}, not a classifier of sequences.",
            where=str(folder / CONFIG),
            expected="a folder whose architecture ends in ForSequenceClassification",
        )
    if config.get("problem_type") == "multi_label_classification":
        raise several_labels(str(folder / CONFIG))
    opened = _OPENERS[library](folder)
    one_output = len(opened.label_names) == 1
    answers = Scale(0, 1, activation_of(folder, config)) if one_output else LabelSet(opened.label_names)
    return ForeignPredictor(opened, answers, sides)


def open_by_transformers(folder: Path) -> ForeignClassifier | None:
    """A sequence classifier by transformers and in float32; None where that library or torch is not installed."""
    if any(importlib.util.find_spec(name) is None for name in ("torch", "transformers")):
        return None
    return _by_transformers(folder, wide=True)


def _by_transformers(folder: Path, *, wide: bool = False) -> ForeignClassifier:
    try:
        import torch  # pyright: ignore[reportMissingImports] - not among our extras
        import transformers  # pyright: ignore[reportMissingImports] - not among our extras
    except ImportError as error:
        raise _missing("torch transformers", folder) from error
    with _Quiet(transformers):
        try:
            # Pickled weights can run any code.
            model, report = transformers.AutoModelForSequenceClassification.from_pretrained(
                folder, local_files_only=True, use_safetensors=True, output_loading_info=True
            )
            tokenizer = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
        except (OSError, ValueError, KeyError, RuntimeError, ImportError) as error:
            raise _unopened(folder, "transformers", error) from error
    if report["missing_keys"]:
        raise HeadMismatch(
            f"{folder} lacks weights, which transformers made up: {', '.join(sorted(report['missing_keys'])[:3])}.",
            where=str(folder),
            expected="a trained model, its head included",
        )
    device = "cuda" if torch.cuda.is_available() else "cpu"
    model.eval().to(device)
    if wide:
        model.float()
    limit = tokens_read(tokenizer, model.config)

    def logits(pairs: Sequence[tuple[str, str]]) -> NDArray[np.float32]:
        rows = np.empty((len(pairs), model.config.num_labels), np.float32)
        by_length = np.argsort([len(first) + len(second) for first, second in pairs], kind="stable")
        for start in range(0, len(pairs), _BATCH):
            places = by_length[start : start + _BATCH]
            firsts, seconds = ([pairs[place][side] for place in places] for side in (0, 1))
            batch = tokenizer(
                firsts, seconds, padding=True, truncation=True, max_length=limit, return_tensors="pt"
            )
            with torch.inference_mode():
                rows[places] = model(**batch.to(device)).logits.float().cpu().numpy()
        return rows

    return ForeignClassifier(tokenizer, limit, _names(model.config, folder), logits)


def _by_sentence_transformers(folder: Path) -> ForeignClassifier:
    try:
        import sentence_transformers  # pyright: ignore[reportMissingImports] - not among our extras
        import torch  # pyright: ignore[reportMissingImports] - not among our extras
        import transformers  # pyright: ignore[reportMissingImports] - not among our extras
    except ImportError as error:
        raise _missing("torch sentence-transformers", folder) from error
    with _Quiet(transformers):
        try:
            encoder = sentence_transformers.CrossEncoder(
                str(folder), local_files_only=True, model_kwargs={"use_safetensors": True}
            )
        except (OSError, ValueError, KeyError, RuntimeError, ImportError) as error:
            raise _unopened(folder, "sentence-transformers", error) from error
    # The name before release 6 is deprecated there, so that to look for it is to be warned.
    said = encoder.max_seq_length if hasattr(encoder, "max_seq_length") else encoder.max_length
    limit = said or tokens_read(encoder.tokenizer, encoder.config)

    def logits(pairs: Sequence[tuple[str, str]]) -> NDArray[np.float32]:
        if not pairs:
            return np.empty((0, encoder.num_labels), np.float32)
        answers = encoder.predict(
            list(pairs), batch_size=_BATCH, show_progress_bar=False, activation_fn=torch.nn.Identity()
        )
        return np.asarray(answers, np.float32).reshape(len(pairs), encoder.num_labels)

    return ForeignClassifier(encoder.tokenizer, limit, _names(encoder.config, folder), logits)


_OPENERS = {"transformers": _by_transformers, "sentence-transformers": _by_sentence_transformers}


class _Quiet:
    """Keeps ``transformers`` from drawing bars while a folder is opened."""

    def __init__(self, transformers: Any) -> None:
        self._logging = transformers.utils.logging

    def __enter__(self) -> None:
        self._verbosity, self._bars = self._logging.get_verbosity(), self._logging.is_progress_bar_enabled()
        self._logging.set_verbosity_error()
        self._logging.disable_progress_bar()

    def __exit__(self, *failure: object) -> None:
        self._logging.set_verbosity(self._verbosity)
        if self._bars:
            self._logging.enable_progress_bar()


def _names(config: Any, folder: Path) -> tuple[str, ...]:
    names = tuple(str(config.id2label[index]).strip() for index in range(config.num_labels))
    try:
        return LabelSet(names).names
    except UsageError as problem:
        raise HeadMismatch(
            f"id2label does not name each class once: {problem.message}", where=str(folder / CONFIG)
        ) from problem


def tokens_read(tokenizer: Any, config: Any) -> int:
    """The most tokens that the tokenizer gives and the positions reach."""
    positions = getattr(config, "max_position_embeddings", None) or _NO_LIMIT
    if config.model_type in _COUNTING_FROM_2:
        positions -= 2
    return min(tokenizer.model_max_length, positions, _NO_LIMIT)


def _missing(packages: str, folder: Path) -> ExtraMissing:
    return ExtraMissing(
        f"Answering by {folder} as it is needs {packages.replace(' ', ' and ')}, which are not installed.",
        where=str(folder),
        hint=f"pip install {packages}; or make it a model of SameSay's: "
        + command("samesay", "import", folder, "--output", "my-model"),
        details={"packages": packages.split()},
    )


def _unopened(folder: Path, library: str, error: Exception) -> EncoderUnsupported:
    return EncoderUnsupported(
        f"{library} cannot open {folder}: {str(error).strip().splitlines()[0] if str(error).strip() else error!r}",
        where=str(folder),
        expected="a sequence classifier with its weights as safetensors and its tokenizer's files",
    )
