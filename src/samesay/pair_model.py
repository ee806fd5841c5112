"""A model of pairs for Python: opened, fitted, measured, asked and saved by one object."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from samesay.bundle import open_bundle
from samesay.data import PairTable
from samesay.data.python.objects import splits_of
from samesay.decision import predictions_of
from samesay.declaration import settings_of
from samesay.encoding import PairEncoder
from samesay.errors import UsageError
from samesay.evaluation import Evaluation, evaluate
from samesay.model import opening
from samesay.model.opening import classifier_of, open_model
from samesay.model.predictor import KerasPredictor
from samesay.pairs import (
    Answers,
    LabelSet,
    Prediction,
    ProgressListener,
    Scale,
    Sides,
)
from samesay.runs.fitting import fit_model
from samesay.runs.record import Opening, anywhere
from samesay.runs.trainable import TrainableModel
from samesay.runs.training_data import TrainingData
from samesay.training.recipe import Recipe, RunFiles

if TYPE_CHECKING:
    from samesay.runs.exporting import ExportResult, ModelFormat
    from samesay.training.fit import FitResult


class PairModel(TrainableModel):
    """A pretrained encoder with a head that says how two texts relate.

    >>> model = PairModel.from_preset("minilm", labels=["same", "different"])      # doctest: +SKIP
    >>> model.fit((first_texts, second_texts), labels, epochs=1)                   # doctest: +SKIP
    >>> model.predict((["Is it raining?"], ["Does it rain?"]))                     # doctest: +SKIP

    Pairs are given as a list of tuples of two texts or of ``Pair`` objects, a tuple of two columns of texts, a
    DataFrame, a ``PairTable``, or a dataset of ``tf.data``, grain or Hugging Face (``PairTable.from_inputs``);
    texts without names are in the order of ``sides``. Of datasets by split ``fit`` learns from ``train`` and chooses
    the epoch by ``validation``; ``evaluate`` takes ``test``, or else ``validation``.
    """

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
            return cls.of(opened, f"{name} with its own head, kept by keep_head")
        fresh = opened.head == "new"
        return cls.of(opened, Opening(name, new_head, seed if fresh else None, dropout if fresh else None))

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
        name = f"{kind.__module__}.{kind.__qualname__}"
        return cls(
            classifier=classifier, preset=name, head="kept", note=note, began=f"{name}, made in Python"
        )

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
        return cls.of(open_model(path), Opening(anywhere(path)))

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
        teacher: str | Path | None = None,
        unlabelled: Any = None,
        optimizer: Any = None,
        loss: Any = None,
        metrics: Sequence[Any] | None = None,
        callbacks: Sequence[Any] | None = None,
        progress: ProgressListener | None = None,
        **settings: Any,
    ) -> FitResult:
        """Fine-tune; the model ends with the weights of its best epoch.

        Args:
            x: Pairs, labelled or with ``y``.
            y: Labels by name, or by index into ``labels``, or scores on ``scale``; shape ``(n_pairs,)``.
            validation: Labelled pairs (or ``(x, y)``) to choose the best epoch by; without any the last is kept.
            recipe: How, as a ``Recipe`` or a mapping of settings.
            teacher: A saved model with the same label names, or the same scale, whose raw answers are learned beside
                the gold ones, as the recipe's ``teacher_weight`` and ``teacher_temperature`` say.
            unlabelled: More pairs, to learn the teacher's answers from.
            optimizer: Any Keras optimizer, with its rate or schedule, or the recipe's ``adam`` or ``adamw``.
            loss: Any Keras loss, or a function of true label indices and logits.
            metrics: Keras metrics beside the accuracy, on the training pairs.
            callbacks: Keras callbacks; those that look at validation find ``val_loss`` and ``val_accuracy``.
            progress: Hears how far it has come.
            **settings: Single settings of the recipe, such as ``epochs=1``, and of ``training.recipe.RunFiles``: a run
                that finds its own checkpoint in ``checkpoints="folder"`` resumes, but for what ``callbacks`` keep.

        Raises:
            UsageError: If a setting cannot be used or has no effect, or an optimizer, loss or callback is not Keras'.
            DataError: If the pairs cannot be used, or all carry one label, or the teacher has other labels.
            TrainingDiverged: If the loss became NaN or infinite; the model then has its best weights so far, or, if
                nothing was measured yet, those of its last checkpoint or those it began with.
            CheckpointMismatch: If the checkpoint belongs to another run.
            MemoryExhausted: If memory runs out; names the settings to lower.
        """
        from samesay.training.custom_objects import CustomObjects

        files = RunFiles(**{name: settings.pop(name) for name in settings_of(RunFiles) if name in settings})
        if isinstance(optimizer, str):
            settings["optimizer"], optimizer = optimizer, None
        if isinstance(loss, str):
            settings["loss"], loss = loss, None
        custom = CustomObjects.of(optimizer, loss, metrics, callbacks)
        chosen = Recipe.of(recipe, settings)
        custom.require_effect(chosen)
        validation = validation if validation is not None else splits_of(x).get("validation")
        data = TrainingData.of(
            self._table(x, y, prefer=("train",)),
            chosen,
            validation=self._validation(validation),
            unlabelled=None if unlabelled is None else self._unlabelled(unlabelled),
            teacher=str(teacher) if teacher is not None else None,
        )
        result = fit_model(self, data, chosen, custom=custom, files=files, progress=progress)
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
        """A smaller model, at first this one without some of its layers and tokens; ``fit`` it with a ``teacher``.

        Args:
            layers: How many stay, evenly spread from the first to the last, or their numbers, from 1.
            vocabulary: Pairs, as ``predict`` takes them: tokens that do not come up there are left out.

        Raises:
            UsageError: If nothing is to be left out, or there are no such layers.
            ModelError: If it cannot be made smaller.
        """
        from samesay.runs.student import student_of

        texts = None if vocabulary is None else self._unlabelled(vocabulary)
        return student_of(self, layers=layers, vocabulary=texts)[0]

    def save(
        self, path: str | Path, *, overwrite: bool = False, progress: ProgressListener | None = None
    ) -> Path:
        """Save as a bundle, or to one ``.keras`` file where ``path`` ends so; whole or not at all.

        A bundle holds the model for scoring, with or without Keras; a ``.keras`` file also holds the optimizer, so that
        training can go on.

        Raises:
            TargetExists: If the place is taken and ``overwrite`` is not set.
            DiskFull: If there is no room; nothing is left.
        """
        if Path(path).suffix == ".keras":
            from samesay.model.keras_file import save_keras_file

            return save_keras_file(self.classifier, Path(path), overwrite=overwrite)
        from samesay.runs.saving import save_model

        return save_model(self, Path(path), overwrite=overwrite, progress=progress).path

    def export(
        self, path: str | Path, *, to: ModelFormat = "huggingface", overwrite: bool = False
    ) -> ExportResult:
        """Write the model in another format, whole or not at all.

        Args:
            path: The new folder, or for ``keras`` the new file.
            to: ``huggingface``, a folder that ``transformers`` opens; ``onnx``, the ONNX graph; ``keras``, one file.
            overwrite: Replace what was exported to ``path`` before.

        Raises:
            TargetExists: If the place is taken.
            ModelError: If the format has no place for such a model.
            PartUnavailable: If the ONNX graph fails its parity check.
        """
        from samesay.runs.exporting import export_model

        return export_model(self, path, to=to, overwrite=overwrite)

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

    @classmethod
    def _of_keras_file(cls, path: Path) -> PairModel:
        import samesay.keras  # registers what the file may name  # noqa: F401
        from samesay.model.keras_file import load_keras_file

        classifier = load_keras_file(path)
        note = f"head kept: {classifier.answers.in_words}"
        began = f"the file {path.absolute()}"
        return cls(classifier=classifier, preset=str(path), head="kept", note=note, began=began)


def load(path: str | Path) -> PairModel:
    """Open a saved model (a bundle's folder or a ``.keras`` file) for fitting, measuring and asking.

    For scoring alone, ``samesay.Scorer.open`` needs no Keras.
    """
    return PairModel.load(path)
