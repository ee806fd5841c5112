"""The recipe file beside a saved model: what of its run `samesay train` can repeat, and in words what it cannot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from samesay.data import PairTable
from samesay.data.options import OF_FILES
from samesay.encoding import PairEncoder
from samesay.model.encoders import is_own
from samesay.model.runtime.backend import backend_versions
from samesay.recipes.rendering import as_yaml
from samesay.recipes.run import Run, saved_settings
from samesay.runs.record import anywhere

if TYPE_CHECKING:
    from samesay.data.table import Asked
    from samesay.runs.record import TrainingRecord
    from samesay.runs.trainable import TrainableModel

_OF_THE_MODEL = ("sides", "labels", "scale")


def recipe_to_repeat(model: TrainableModel, run: Run | None) -> str:
    """The recipe file of the model's training run, with every default decided.

    Args:
        model: With the record of its run.
        run: What the run was asked for by name, if it was; otherwise it is what the record knows, and what no file can
            hold stands in the heading and under ``lacks``.
    """
    record = model.record
    assert record is not None
    if run is None:
        run = run_in_python(model, record)
    settings = saved_settings(replace(record.recipe, max_length=model.max_length))
    left_out = {*record.replaced, *record.custom_objects}
    values = {**run.given(), **{name: value for name, value in settings.items() if name not in left_out}}
    if model.hub is not None and "preset" in values:
        values["preset"] = model.hub.pinned
    versions = {"samesay": version("samesay"), **backend_versions()}
    written = f"Written with {', '.join(f'{name} {value}' for name, value in versions.items())}."
    return as_yaml(values, heading=(*_heading(run, record), written))


def run_in_python(model: TrainableModel, record: TrainingRecord) -> Run:
    """What of a run of ``PairModel.fit`` has a name, and under ``lacks`` what has none."""
    lacks = {name: what for name, what in record.custom_objects.items() if name != "metrics"}
    values: dict[str, Any] = {"sides": model.sides}
    if model.scale is not None:
        values |= {"task": model.answers.task, "scale": model.scale}
    for name, found in (("preset", _preset(model, record)), ("data", _data(model, record))):
        if isinstance(found, str):
            lacks[name] = found
        else:
            values |= found
    for name, table, roles in (
        ("validation", record.data.validation, ("first", "second", "label", "score")),
        ("unlabelled", record.data.unlabelled, ("first", "second")),
    ):
        if table is None:
            continue
        if _is_read_alike(table, model, values, roles):
            assert table.origin.asked is not None
            values[name] = table.origin.asked.source
        else:
            lacks[name] = _in_words(table)
    tables = [table for table in (record.data.pairs, record.data.validation) if table is not None]
    if model.scale is None and not ("data" in values and all(_says_labels(one, model) for one in tables)):
        values["labels"] = model.labels.names
    return replace(
        Run.of(values),
        teacher=anywhere(record.data.teacher) if record.data.teacher is not None else None,
        lacks=lacks or None,
        data_fingerprint=record.data.pairs.fingerprint(),
        validation_fingerprint=record.data.validation.fingerprint()
        if record.data.validation is not None
        else None,
    )


def _heading(run: Run, record: TrainingRecord) -> list[str]:
    if run.lacks is None:
        lines = ["The recipe of this model. To repeat it: samesay train --config recipe.yaml --output OTHER"]
    else:
        lines = [
            "What a file can hold of the run that this model comes from. By itself it does not repeat that run, which "
            "had besides:",
            *(f"- {name}: {what}" for name, what in run.lacks.items()),
            "samesay train --config refuses it until something else is named on the command line in the place of each, "
            "or its line under lacks is removed: then it trains by the rest, which is another run.",
        ]
    if "metrics" in record.custom_objects:
        lines.append(
            f"The metrics {record.custom_objects['metrics']} were measured, too; they change nothing that is learned."
        )
    return lines


def _preset(model: TrainableModel, record: TrainingRecord) -> dict[str, Any] | str:
    """How the model that the run began with is opened again, or in words what it was."""
    began, task = record.began, model.task
    own = [part for part in (task.backbone, task.preprocessor) if is_own(part)]
    if own or not isinstance(model.classifier.encoder, PairEncoder):
        # The command line imports no module of the user's.
        names = ", ".join(f"{type(part).__module__}.{type(part).__qualname__}" for part in own)
        what = began if isinstance(began, str) else began.preset
        return f"{what}, with classes of your own ({names or type(task.preprocessor.tokenizer).__qualname__})"
    if isinstance(began, str):
        return began
    if began.seed is not None and began.seed != record.recipe.seed:
        return f"{began.preset} with a new head of seed {began.seed}, where the seed of the run is {record.recipe.seed}"
    return {"preset": began.preset, "new_head": began.new_head}


def _data(model: TrainableModel, record: TrainingRecord) -> dict[str, Any] | str:
    """How the training pairs are read again, or in words what they were."""
    asked = record.data.pairs.origin.asked
    if asked is None:
        return _in_words(record.data.pairs)
    if not _has_order_of(asked, model):
        assert asked.labels is not None
        names = ", ".join(asked.labels)
        return f"{asked.source}, whose numbers stand for {names} in this order, and not in the model's"
    # Sides, labels and scale are the model's.
    given = {name: value for name, value in asked.reading.given().items() if name not in _OF_THE_MODEL}
    return {"data": asked.source, **given}


def _is_read_alike(
    table: PairTable, model: TrainableModel, values: Mapping[str, Any], roles: tuple[str, ...]
) -> bool:
    """Whether a run that reads its training pairs by ``values`` would read these as they were read."""
    asked = table.origin.asked
    if asked is None or asked.reading.format is not None:
        return False
    if asked.reading.where != (values.get("where") if "label" in roles else None):
        return False
    reading = asked.reading.given()
    if "label" in roles:
        same = reading.get("rename_labels") == values.get("rename_labels") and _has_order_of(asked, model)
    else:
        same = not table.origin.rows_dropped  # without labels all rows are read
    columns = [
        {role: column for role, column in (columns or {}).items() if role in roles}
        for columns in (reading.get("columns"), values.get("columns"))
    ]
    others = [name for name in ("allow_empty_sides", "decimal_comma", *OF_FILES) if name != "format"]
    return same and columns[0] == columns[1] and all(reading.get(name) == values.get(name) for name in others)


def _has_order_of(asked: Asked, model: TrainableModel) -> bool:
    """Whether numbers in the source, if they stand for labels, do so in the model's order."""
    return not asked.numbered or asked.labels == model.labels


def _says_labels(table: PairTable, model: TrainableModel) -> bool:
    """Whether the source alone tells the model's labels in their order."""
    asked = table.origin.asked
    return (
        asked is not None
        and not asked.given_labels
        and (asked.labels, asked.sides) == (model.labels, model.sides)
    )


def _in_words(table: PairTable) -> str:
    if table.origin.files:
        return f"pairs chosen in Python out of {table.origin}"
    return f"pairs in memory ({table.origin.source})"
