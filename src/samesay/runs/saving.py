"""A model becomes a bundle: its Keras part, a checked ONNX part, what it learned from, plots, the card."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from samesay.bundle import (
    BundleDraft,
    Manifest,
    is_bundle,
    open_bundle,
    read_pair_hashes,
    write_bundle,
    write_pair_hashes,
)
from samesay.evaluation import (
    Evaluation,
    save_answers_plot,
    save_learning_curves,
)
from samesay.export import Verdict, write_onnx_part
from samesay.model.presets.installed import upstream_of
from samesay.model.runtime.backend import backend_versions
from samesay.pairs import Progress, ProgressListener
from samesay.recipes.run import Run
from samesay.runs.saved_recipe import recipe_to_repeat
from samesay.storage import require_room

if TYPE_CHECKING:
    from samesay.data import PairTable
    from samesay.runs.record import TrainingRecord
    from samesay.runs.trainable import TrainableModel
    from samesay.runs.training_data import TrainingData


@dataclass(frozen=True)
class SavedModel:
    """A bundle that was written.

    Attributes:
        path: Its folder.
        onnx: What the parity check of its ONNX part said.
    """

    path: Path
    onnx: Verdict


def save_model(
    model: TrainableModel,
    path: Path,
    *,
    overwrite: bool = False,
    evaluation: Evaluation | None = None,
    run: Run | None = None,
    progress: ProgressListener | None = None,
) -> SavedModel:
    """Write ``model`` as a bundle, whole or not at all.

    A failed parity check of the ONNX part is recorded and loses nothing: the Keras part is always saved.

    Args:
        model: What to save.
        path: Where.
        overwrite: Replace a bundle that is there.
        evaluation: Metrics on the validation pairs, for the manifest and the card.
        run: Where the pairs and the encoder came from, for the recipe; what the model knows of it where absent.
        progress: Hears the stage ``save``.

    Raises:
        TargetExists: If the place is taken.
        DiskFull: If there is no room; nothing is left.
    """
    tell = progress or (lambda _: None)
    tell(Progress("save", 0, 2))
    with write_bundle(path, overwrite=overwrite) as draft:
        keras_folder = draft.folder("keras")
        require_room(keras_folder, _room_for(model.task.weights))
        model.task.save_to_preset(str(keras_folder))
        tell(Progress("save", 1, 2))
        verdict = write_onnx_part(
            model.task,
            model.classifier.encoder,
            draft.folder("onnx"),
            answers=model.answers,
            sides=model.sides,
        )
        draft.add("onnx", verdict=verdict.status, detail=verdict.to_dict())
        if model.record is not None:
            _put_record(draft, model.record, evaluation)
            write_pair_hashes(draft.file("pair_hashes"), _seen(model, model.record))
            draft.file("recipe").write_text(recipe_to_repeat(model, run), encoding="utf-8", newline="\n")
        elif model.manifest is not None and is_bundle(model.preset):
            # What the bundle that it was opened from has learned from, it has learned from.
            opened = open_bundle(model.preset, verify=False)
            if opened.has("pair_hashes"):
                shutil.copyfile(opened.part("pair_hashes"), draft.file("pair_hashes"))
        facts = Manifest(
            task=model.answers.task,
            answers=model.answers,
            sides=model.sides,
            max_length=model.max_length,
            decision=model.decision,
            **known_facts(model, evaluation),
        )
        draft.finish(facts, upstream=upstream_of(model.preset))
    tell(Progress("save", 2, 2))
    return SavedModel(path, verdict)


def _room_for(weights: Sequence[Any]) -> int:
    """Bytes of a model with ``weights``: its Keras part, and as much for the ONNX part, tokenizer and plots."""
    # HDF5 spends 2 to 3 KB on each array.
    return sum(2 * 4 * math.prod(one.shape) + 4096 for one in weights)


def _put_record(draft: BundleDraft, record: TrainingRecord, evaluation: Evaluation | None) -> None:
    report = draft.folder("report")
    others = {f"-seed-{seed}": result for seed, result in record.other_seeds.items()}
    for suffix, result in {"": record.result, **others}.items():
        lines = (json.dumps(entry) + "\n" for entry in result.history)
        (report / f"history{suffix}.jsonl").write_text("".join(lines), encoding="utf-8")
        curves = report / f"learning_curves{suffix}.png"
        save_learning_curves(result.history, curves, best_epoch=result.best_epoch)
    if evaluation is not None:
        save_answers_plot(evaluation, report / "answers.png")


def _seen(model: TrainableModel, record: TrainingRecord) -> dict[str, NDArray[np.uint64]]:
    """The numbers of the pairs of its run, and of those that the bundle it was opened from had seen."""
    seen = {"train": [record.pair_hashes()], "validation": []}
    if record.data.validation is not None:
        seen["validation"].append(record.data.validation.pair_hashes())
    opened = open_bundle(model.preset, verify=False) if is_bundle(model.preset) else None
    if opened is not None and opened.has("pair_hashes"):
        for split, numbers in read_pair_hashes(opened.part("pair_hashes")).items():
            seen.setdefault(split, []).append(numbers)
    return {split: np.concatenate(numbers) for split, numbers in seen.items() if numbers}


def known_facts(model: TrainableModel, evaluation: Evaluation | None) -> dict[str, Any]:
    """What the manifest records beside labels and sides; ``evaluation`` only for a model that was just trained."""
    record = model.record
    versions = {"samesay": version("samesay"), **backend_versions(), "onnxruntime": version("onnxruntime")}
    if record is None:
        # Saved as it was opened: what was known of it still holds.
        kept = model.manifest
        if kept is None:
            recipe = {"preset": model.preset, "head": model.head, **model.facts}
            return {"recipe": recipe, "versions": versions}
        return {"metrics": kept.metrics, "data": kept.data, "recipe": kept.recipe, "versions": versions}
    table, result = record.data.pairs, record.result
    return {
        "metrics": {evaluation.source: metrics_for_card(evaluation)} if evaluation is not None else {},
        "data": {
            "source": table.origin.source,
            "split": table.origin.split,
            "fingerprint": table.fingerprint(),
            **_counts(table),
            "rows_read": table.origin.rows_read,
            "rows_dropped": table.origin.rows_dropped,
            "columns": table.origin.columns,
            **_held_out(record.data),
            "truncation": {
                "pairs": record.truncation.pairs,
                "truncated": record.truncation.pairs_cut,
                "ledger": record.truncation.to_dict(),
            },
            "notes": list(table.origin.notes),
        },
        "recipe": {
            "preset": model.preset,
            "head": model.head,
            **model.facts,
            **result.settings,
            "max_length": model.max_length,
            "best_epoch": result.best_epoch,
            "interrupted": result.interrupted,
            **({"seeds": record.seeds} if record.seeds else {}),
            "steps": result.steps,
            "seconds": result.seconds,
            "pairs_per_second": result.pairs_per_second,
            "padding_share": result.padding_share,
        },
        "versions": versions,
    }


def _held_out(data: TrainingData) -> dict[str, Any]:
    return {"held_share": data.held_share} if data.held_share else {}


def _counts(table: PairTable) -> dict[str, Any]:
    if table.scale is None:
        return {"counts": table.label_counts()}
    return {"pairs": len(table), "mean_score": float(table.require_gold().mean())}


def metrics_for_card(evaluation: Evaluation) -> Mapping[str, Any]:
    """An evaluation as the manifest keeps it, the majority or the mean score beside it."""
    constant = evaluation.constant
    baselines = {constant.name: constant.metrics}
    return {**evaluation.metrics, "pairs": evaluation.n_pairs, "baselines": baselines}
