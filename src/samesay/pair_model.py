"""A model of pairs for Python: opened, fitted, measured, asked and saved by one object."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from samesay.bundle import Manifest, open_bundle
from samesay.data import PairTable, require_contrast
from samesay.data.python.objects import splits_of
from samesay.decision import Decision, predictions_of
from samesay.encoding import PairEncoder, summarise
from samesay.errors import UsageError
from samesay.evaluation import Evaluation, evaluate
from samesay.model import opening
from samesay.model.huggingface.hub import HubModel
from samesay.model.opening import OpenedModel, classifier_of, open_model
from samesay.model.predictor import KerasPredictor
from samesay.pairs import (
    Answers,
    LabelSet,
    Prediction,
    ProgressListener,
    Scale,
    Sides,
)
from samesay.runs.record import Opening, TrainingRecord, anywhere, as_opened
from samesay.runs.token_cache import encoded_pairs
from samesay.storage import destination
from samesay.training.recipe import WIDE_ENCODER, Recipe

if TYPE_CHECKING:
    from samesay.jobs.export import ExportFormat, ExportResult
    from samesay.model.classifier import PairClassifier
    from samesay.training.fit import FitResult


class PairModel:
    """A pretrained encoder with a head that says how two texts relate.

    >>> model = PairModel.from_preset("minilm", labels=["same", "different"])      # doctest: +SKIP
    >>> model.fit((first_texts, second_texts), labels, epochs=1)                   # doctest: +SKIP
    >>> model.predict((["Is it raining?"], ["Does it rain?"]))                     # doctest: +SKIP

    Pairs are given as a list of tuples of two texts or of ``Pair`` objects, a tuple of two columns of texts, a
    DataFrame, a ``PairTable``, or a dataset of ``tf.data``, grain or Hugging Face (``PairTable.from_inputs``);
    texts without names are in the order of ``sides``. Of datasets by split ``fit`` learns from ``train`` and chooses
    the epoch by ``validation``; ``evaluate`` takes ``test``, or else ``validation``.

    Attributes:
        classifier: The Keras model; ``fit``, ``evaluate`` and ``predict`` of its own take raw text pairs, too.
        preset: What it was opened from.
        head: ``"kept"`` or ``"new"``.
        note: The same in words.
        record: The training run, once there was one here.
        manifest: What the bundle says that it was opened from, if it was.
        hub: Where on the Hugging Face hub its encoder is from, and at which commit.
        folder: The Hugging Face folder that it was opened from, if it was.
        facts: What the manifest records of its origin beside the preset's name.
        decision: How a label comes out of logits, as ``samesay calibrate`` fits it.
    """

    def __init__(
        self,
        classifier: PairClassifier,
        *,
        preset: str,
        head: str,
        note: str,
        manifest: Manifest | None = None,
        began: Opening | str | None = None,
    ) -> None:
        self.classifier = classifier
        self.preset = preset
        self.head = head
        self.note = note
        self.record: TrainingRecord | None = None
        self.manifest = manifest
        self.decision = manifest.decision if manifest else Decision()
        self.hub: HubModel | None = None
        self.folder: Path | None = None
        self.facts: dict[str, Any] = {}
        # How its weights come about again, for the recipe of what it will be.
        self._began = began or f"{preset}, made in Python"

    @classmethod
    def from_preset(
        cls,
        preset: str | Path,
        labels: LabelSet | Sequence[str] | None = None,
        *,
        sides: Sides | Sequence[str] | None = None,
        max_length: int | None = None,
        dropout: float | None = None,
        new_head: bool = False,
        keep_head: bool = False,
        seed: int = 0,
        scale: Scale | Sequence[float] | None = None,
    ) -> PairModel:
        """Open a pretrained encoder.

        Args:
            preset: A KerasHub name, ``minilm``, ``hf://…``, ``kaggle://…``, a folder, or a saved model.
            labels: The names of the classes; may be absent where the preset has a head with names.
            sides: What the first and second text are called, in reading order.
            max_length: The limit in tokens; the preset's own where absent.
            dropout: Before a new head; KerasHub's default where absent.
            new_head: Make a new head also where a saved one fits.
            keep_head: Keep a Hugging Face folder's head in any case; ``labels`` then name its outputs.
            seed: Decides the new head's weights.
            scale: The lowest and the highest score, for a similarity model instead of naming classes.

        Raises:
            HeadMismatch: If the saved head was trained for other labels.
            ModelError: If there is no such preset, or it cannot be used.
        """
        if labels is not None and scale is not None:
            raise UsageError("Labels and a scale are given.", expected="one of them", where="scale")
        answers: Answers | None = None
        if scale is not None:
            answers = Scale.of(scale)
        elif labels is not None:
            answers = LabelSet.of(labels)
        opened = open_model(
            preset,
            answers,
            sides=Sides.of(sides) if sides is not None else None,
            max_length=max_length,
            dropout=dropout,
            new_head=new_head,
            keep_head=keep_head,
            seed=seed,
        )
        name = anywhere(preset)
        if keep_head:
            return cls._of(opened, f"{name} with its own head, kept by keep_head")
        fresh = opened.head == "new"
        return cls._of(opened, Opening(name, new_head, seed if fresh else None, dropout if fresh else None))

    @classmethod
    def from_task(
        cls,
        task: Any,
        labels: LabelSet | Sequence[str],
        *,
        sides: Sides | Sequence[str] | None = None,
        max_length: int | None = None,
    ) -> PairModel:
        """A KerasHub text classifier made in Python; its classes may be the user's own.

        A preprocessor of an own class is called as it is: what it cuts is not counted. A model with an own backbone or
        preprocessor is saved without an ONNX part, which its manifest says, and answers by Keras.

        Args:
            task: With a preprocessor, and a head of logits. Own classes are registered with Keras
                (``keras.saving.register_keras_serializable``), so that a saved model can be opened.
            labels: The names of the classes, in the order of the logits.
            sides: What the first and second text are called, in reading order.
            max_length: The limit in tokens; the preprocessor's own where absent.

        Raises:
            UsageError: If the head is not one of logits for these labels, or the task could not be opened once saved.
            ModelError: If its preprocessor cannot be used.
        """
        names = LabelSet.of(labels)
        order = Sides.of(sides) if sides is not None else Sides()
        classifier = classifier_of(task, names, sides=order, max_length=max_length)
        kind = type(task)
        note = f"head kept: {', '.join(names)}"
        if not isinstance(classifier.encoder, PairEncoder):
            note += f"; {type(task.preprocessor).__name__} encodes the texts, and what it cuts is not counted"
        return cls(classifier, preset=f"{kind.__module__}.{kind.__qualname__}", head="kept", note=note)

    @classmethod
    def from_parts(
        cls,
        *,
        backbone: Any,
        preprocessor: Any,
        labels: LabelSet | Sequence[str],
        sides: Sides | Sequence[str] | None = None,
        max_length: int | None = None,
        dropout: float | None = None,
    ) -> PairModel:
        """A backbone and a preprocessor, with a new head; otherwise as ``from_task``.

        Raises:
            UsageError: If no registered class of text classifiers belongs to the backbone's class.
            ModelError: If the preprocessor cannot be used.
        """
        names = LabelSet.of(labels)
        task = opening.task_of(backbone, preprocessor, len(names), dropout=dropout)
        model = cls.from_task(task, names, sides=sides, max_length=max_length)
        model.head = "new"
        model.note = model.note.replace("head kept:", f"new head for {len(names)} labels:")
        return model

    @classmethod
    def load(cls, path: str | Path) -> PairModel:
        """Open a saved model, or a ``.keras`` file that SameSay wrote; a ``.keras`` file brings its optimizer.

        Raises:
            BundleError: If it is not one, or is damaged.
            UsageError: If the ``.keras`` file holds something else.
        """
        if Path(path).suffix == ".keras":
            return cls._of_keras_file(Path(path))
        open_bundle(path, verify=False)
        return cls._of(open_model(path), Opening(anywhere(path)))

    @property
    def task(self) -> Any:
        """The KerasHub text classifier, sharing its weights with this model."""
        return self.classifier.task

    @property
    def labels(self) -> LabelSet:
        """The names of the classes, in the order of the columns of ``predict``."""
        return self.classifier.labels

    @property
    def scale(self) -> Scale | None:
        """The lowest and the highest score of a similarity model; None for one of classes."""
        return self.classifier.scale

    @property
    def answers(self) -> Answers:
        """The label names, or the scale of the scores."""
        return self.classifier.answers

    @property
    def sides(self) -> Sides:
        """What the first and the second text are called."""
        return self.classifier.sides

    @property
    def max_length(self) -> int:
        """The most tokens of a pair that are read."""
        return self.classifier.encoder.max_length

    @property
    def predictor(self) -> KerasPredictor:
        """The model as a ``Predictor``, with its decision policy."""
        return KerasPredictor(self.classifier, decision=self.decision)

    def fit(
        self,
        x: Any,
        y: Any = None,
        *,
        validation: Any = None,
        recipe: Recipe | Mapping[str, Any] | None = None,
        progress: ProgressListener | None = None,
        checkpoints: str | Path | None = None,
        checkpoint_every: float = 60.0,
        tensorboard: str | Path | None = None,
        optimizer: Any = None,
        loss: Any = None,
        metrics: Sequence[Any] | None = None,
        callbacks: Sequence[Any] | None = None,
        teacher: str | Path | None = None,
        unlabelled: Any = None,
        **settings: Any,
    ) -> FitResult:
        """Fine-tune; the model ends with the weights of its best epoch.

        Args:
            x: Pairs, labelled or with ``y``.
            y: Labels by name, or by index into ``labels``, or scores on ``scale``; shape ``(n_pairs,)``.
            validation: Labelled pairs (or ``(x, y)``) to choose the best epoch by; the last is kept where absent.
            recipe: How, as a ``Recipe`` or a mapping; its defaults where absent.
            progress: Hears how far it has come.
            checkpoints: A folder; a run that finds its own checkpoint there goes on from it, but for what
                ``callbacks`` keep for themselves.
            checkpoint_every: At least this many seconds from one checkpoint to the next; 0 saves after every step.
            tensorboard: A folder for logs that TensorBoard reads.
            optimizer: Any Keras optimizer, with its rate or schedule, or the recipe's ``adam`` or ``adamw``.
            loss: Any Keras loss, or a function of true label indices and logits.
            metrics: Keras metrics beside the accuracy, on the pairs that are learned from.
            callbacks: Keras callbacks; those that look at validation find ``val_loss`` and ``val_accuracy``.
            teacher: A saved model with the same label names, or the same scale, whose raw answers are learned beside
                the gold ones, as the recipe's ``teacher_weight`` and ``teacher_temperature`` say.
            unlabelled: More pairs, to learn the teacher's answers from.
            **settings: Single settings of the recipe, such as ``epochs=1``.

        Raises:
            UsageError: If a setting cannot be used or does nothing, or an optimizer, loss or callback is not Keras'.
            DataError: If the pairs cannot be used, or all carry one label, or the teacher has other labels.
            TrainingDiverged: If the loss is no longer a number; the model then has its best weights so far, or, where
                nothing was measured yet, those of its last checkpoint or those it began with.
            CheckpointMismatch: If the checkpoint belongs to another run.
            MemoryExhausted: If memory runs out; names the settings to lower.
        """
        from samesay.runs.teacher import require_no_pupil, taught_pairs
        from samesay.training.custom_objects import OwnParts
        from samesay.training.fit import TrainingPairs, fit

        if self.scale is not None and self.scale.activation == "identity":
            raise UsageError(
                "The model answers with its output as it is, and SameSay trains the share of a scale.",
                where="model",
                expected="a head of SameSay's",
                hint="open it with new_head=True, on the command line --new-head",
            )
        if isinstance(optimizer, str):
            settings["optimizer"], optimizer = optimizer, None
        if isinstance(loss, str):
            settings["loss"], loss = loss, None
        own_parts = OwnParts.of(optimizer, loss, metrics, callbacks)
        chosen = Recipe.of(recipe, settings)
        own_parts.require_effect(chosen)
        if teacher is None:
            require_no_pupil(chosen, unlabelled)
        elif loss is not None or metrics:
            raise UsageError(
                "A loss or metric of your own sees no teacher.", where="teacher", expected="the recipe's loss"
            )
        validation = validation if validation is not None else splits_of(x).get("validation")
        if validation is None:
            chosen.require_no_validation()
        chosen = as_opened(chosen.for_task(self.answers.task), self._began, self.max_length)
        # A backbone of the user's own need not say how wide it is; the wide ones' rate is the careful one.
        chosen = chosen.for_encoder(int(getattr(self.task.backbone, "hidden_dim", WIDE_ENCODER)))
        table = self._table(x, y, prefer=("train",))
        require_contrast(table)
        held_out = self._validation(validation)
        encoded = encoded_pairs(self.classifier.encoder, table)
        pairs = TrainingPairs(encoded, self._targets(table))
        more = None if unlabelled is None else self._unlabelled(unlabelled)
        if teacher is not None:
            pairs = taught_pairs(teacher, self.classifier, pairs, table, more, progress=progress)
        # From the first step on it is another model; a run that learned nothing gives its weights back.
        began, self._began = self._began, f"{self.preset}, fitted before"
        try:
            result = fit(
                self.classifier,
                pairs,
                chosen,
                validation=self._encoded(held_out) if held_out is not None else None,
                own_parts=own_parts,
                progress=progress,
                checkpoints=destination(checkpoints) if checkpoints else None,
                checkpoint_every=checkpoint_every,
                origin=self.preset,
                tensorboard=Path(tensorboard) if tensorboard else None,
            )
        except UsageError:  # before the first step
            self._began = began
            raise
        if not result.history:
            self._began = began
        else:
            self.record = TrainingRecord(
                chosen,
                table,
                held_out,
                result,
                summarise(pairs.encoded),
                unlabelled=more,
                teacher=anywhere(teacher) if teacher is not None else None,
                began=began,
                own_parts=own_parts.names(),
                replaced=own_parts.replaced(),
            )
            # A policy that was fitted to other weights says nothing about these.
            self.decision = Decision()
        if result.diverged is not None:
            raise result.diverged
        return result

    def evaluate(self, x: Any, y: Any = None, *, progress: ProgressListener | None = None) -> Evaluation:
        """Measure on pairs with labels or scores.

        Raises:
            LabelMismatch: If they carry labels that the model lacks.
            ScoreInvalid: If they carry a score outside its scale.
        """
        table = self._table(x, y, prefer=("test", "validation"))
        return evaluate(self.predictor, table, progress=progress)

    def predict(self, x: Any) -> NDArray[np.float32]:
        """Probabilities, shape ``(n_pairs, n_labels)``, rows in the order of the pairs; also for one pair.

        A similarity model gives scores, shape ``(n_pairs,)``.
        """
        return self.predictor.predict(x)

    def score(self, x: Any) -> list[Prediction]:
        """For each pair: label and probabilities by name, or the score; what was cut, what is empty."""
        table = self._unlabelled(x)
        read = self.predictor.read(table)
        return predictions_of(read, table.first, table.second, self.answers, self.sides, self.decision)

    def student(
        self,
        *,
        layers: int | Sequence[int] | None = None,
        vocabulary: Any = None,
    ) -> PairModel:
        """A smaller model that begins as this one without some of its layers and tokens; ``fit`` it with a ``teacher``.

        Args:
            layers: How many stay, evenly spread from the first to the last, or their numbers, from 1.
            vocabulary: Pairs, as ``predict`` takes them: tokens that do not come up there are left out.

        Raises:
            UsageError: If nothing is to be left out, or there are no such layers.
            ModelError: If it cannot be made smaller.
        """
        from samesay.jobs.student import student_model

        texts = None if vocabulary is None else self._unlabelled(vocabulary)
        return student_model(self, layers=layers, vocabulary=texts)[0]

    def save(
        self, path: str | Path, *, overwrite: bool = False, progress: ProgressListener | None = None
    ) -> Path:
        """Save as a bundle, or to one ``.keras`` file where ``path`` ends so; whole or not at all.

        A bundle holds the model for scoring, with or without Keras; a ``.keras`` file also holds the optimizer, so that
        training can go on.

        Raises:
            TargetExists: If the place is taken and ``overwrite`` is not set.
            DiskFull: If there is no room; nothing is left behind.
        """
        if Path(path).suffix == ".keras":
            from samesay.model.keras_file import save_keras_file

            return save_keras_file(self.classifier, Path(path), overwrite=overwrite)
        from samesay.runs.saving import save_model

        return save_model(self, Path(path), overwrite=overwrite, progress=progress).path

    def export(
        self, path: str | Path, *, to: ExportFormat = "huggingface", overwrite: bool = False
    ) -> ExportResult:
        """Write the model in another format, whole or not at all.

        Args:
            path: The new folder, or for ``keras`` the new file.
            to: ``huggingface``, a folder that ``transformers`` opens; ``onnx``, the checked graph; ``keras``, one file.
            overwrite: Replace what was exported to ``path`` before.

        Raises:
            TargetExists: If the place is taken.
            ModelError: If the format has no place for such a model.
            PartUnavailable: If the ONNX graph fails its parity check.
        """
        from samesay.jobs.export import export

        return export(self, path, to=to, overwrite=overwrite)

    def _table(self, x: Any, y: Any = None, *, prefer: Sequence[str] = ()) -> PairTable:
        table = PairTable.from_inputs(
            x,
            y,
            labels=None if isinstance(x, PairTable) or self.scale else self.labels,
            scale=self.scale,
            sides=self.sides,
            prefer=prefer,
        )
        return table.with_answers(self.answers)

    def _unlabelled(self, x: Any) -> PairTable:
        return PairTable.from_inputs(x, sides=self.sides, need_labels=False, allow_empty_sides=True)

    def _validation(self, validation: Any) -> PairTable | None:
        if validation is None:
            return None
        # (x, y), where x itself is two lists, a DataFrame or pairs; two lists of texts alone carry no labels.
        if isinstance(validation, tuple) and len(validation) == 2:
            return self._table(*validation)
        return self._table(validation, prefer=("validation", "test"))

    def _encoded(self, table: PairTable) -> Any:
        from samesay.training.fit import TrainingPairs

        return TrainingPairs(encoded_pairs(self.classifier.encoder, table), self._targets(table))

    def _targets(self, table: PairTable) -> NDArray[Any]:
        """Label indices, or shares of the scale."""
        if self.scale is not None:
            return self.scale.to_unit(table.gold_scores())
        assert table.label_ids is not None
        return table.label_ids

    @classmethod
    def _of(cls, opened: OpenedModel, began: Opening | str) -> PairModel:
        manifest = None
        if opened.preset.kind == "saved model" and opened.head == "kept":
            manifest = open_bundle(opened.preset.name, verify=False).manifest
        model = cls(
            opened.classifier,
            preset=opened.preset.name,
            head=opened.head,
            note=opened.note,
            manifest=manifest,
            began=began,
        )
        model.hub = opened.preset.hub
        if opened.preset.kind == "hugging face folder":
            model.folder = Path(opened.preset.location)
        if model.hub is not None:
            model.facts["hub"] = model.hub.to_dict()
        return model

    @classmethod
    def _of_keras_file(cls, path: Path) -> PairModel:
        import samesay.keras  # registers what the file may name  # noqa: F401
        from samesay.model.keras_file import load_keras_file

        classifier = load_keras_file(path)
        note = f"head kept: {classifier.answers.in_words}"
        return cls(classifier, preset=str(path), head="kept", note=note, began=f"the file {path.absolute()}")


def load(path: str | Path) -> PairModel:
    """Open a saved model (a bundle's folder or a ``.keras`` file) for fitting, measuring and asking.

    For scoring alone, ``samesay.Scorer.open`` needs no Keras.
    """
    return PairModel.load(path)
