"""One ``.keras`` file with everything: architecture, vocabulary, weights, label names, optimizer and its schedule."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from samesay.bundle.canonical import parse
from samesay.errors import BundleDamaged, ModelError, NotABundle, TargetExists
from samesay.model.presets.declared_sizes import require_fitting, stored_shapes
from samesay.model.presets.resolve import class_unknown
from samesay.model.runtime.backend import keras, keras_hub
from samesay.storage import destination, new_file_by_name

if TYPE_CHECKING:
    from samesay.model.classifier import PairClassifier

_OURS = "samesay>PairClassifier"
_MODELS = ("Sequential", "Functional", "Model")
_ENCRYPTED = 0x1
_COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
# Keras compresses nothing; what was packed again by hand shrinks by half at most, and vocabularies are small.
_MOST_EXPANSION = 4


def save_keras_file(classifier: PairClassifier, path: Path, *, overwrite: bool = False) -> Path:
    """Write ``classifier`` to ``path``, whole or not at all."""
    if path.exists() and not overwrite:
        raise TargetExists(
            f"{path} exists already.", where=str(path), hint="choose another name, or overwrite=True"
        )
    # Keras wants the suffix.
    with new_file_by_name(destination(path), replace=overwrite, suffix=".keras") as draft:
        classifier.save(draft)
    return path


def load_keras_file(path: Path) -> PairClassifier:
    """Read what ``save_keras_file`` wrote, in Keras' safe mode; ``samesay.keras`` was imported before."""
    if not path.is_file():
        raise NotABundle(
            f"There is no file {str(path)!r}.", where=str(path), expected="a .keras file of SameSay"
        )
    keras_hub()
    try:
        _require_sound(path)
        model: PairClassifier = keras().saving.load_model(path, safe_mode=True)
        shape = tuple(model.task.output.shape)
        if shape != (None, len(model.answers.outputs)) or len(model.side_names) != 2:
            raise ValueError(f"its answers, of the shape {shape}, are not one a label, or its sides not two")
        _ = model.sides
        model.encoder.encode(["one"], ["other"])
    except (NotABundle, ModelError, MemoryError):
        raise
    except Exception as problem:  # whatever a layer raises of what it was configured with
        unregistered = class_unknown(problem, where=str(path))
        if unregistered is not None:
            raise unregistered from problem
        reason = next(iter(str(problem).splitlines()), type(problem).__name__)
        raise BundleDamaged(
            f"{path.name} cannot be read as a Keras model: {reason}",
            where=str(path),
            hint="restore it from a copy, or save the model again",
        ) from problem
    return model


def _require_sound(path: Path) -> None:
    """Refuse an archive, a configuration or weights that would take more memory or time than the file is large."""
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        for member in members:
            if member.flag_bits & _ENCRYPTED or member.compress_type not in _COMPRESSIONS:
                raise ValueError(f"{member.filename} is encrypted, or compressed in an unknown way")
        unpacked = sum(member.file_size for member in members)
        if unpacked > _MOST_EXPANSION * path.stat().st_size:
            raise ValueError(f"it would unpack to {unpacked:,} bytes")
        broken = archive.testzip()
        if broken is not None:
            raise ValueError(f"it is damaged at {broken}")
        _, config = (parse(archive.read(name)) for name in ("metadata.json", "config.json"))
        held = config.get("registered_name") or config.get("class_name")
        if held != _OURS and (config.get("registered_name") or held in _MODELS):
            raise NotABundle(
                f"{path.name} holds a {held!s:.80}.",
                where=str(path),
                expected="a file that PairModel.save wrote",
            )
        if held != _OURS:
            raise ValueError(f"it holds a {held!s:.80}, which is no model")
        weights = archive.read("model.weights.h5")
        require_fitting(config["config"]["task"], stored_shapes(io.BytesIO(weights), len(weights)))
