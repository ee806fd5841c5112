"""One ``.keras`` file with everything: architecture, vocabulary, weights, label names, optimizer and its schedule."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from samesay.errors import BundleDamaged, NotABundle, TargetExists
from samesay.model.backend import keras, keras_hub
from samesay.model.presets import class_unknown
from samesay.storage import destination
from samesay.storage.durable import new_file_by_name

if TYPE_CHECKING:
    from samesay.model.classifier import PairClassifier


def save_keras_file(classifier: PairClassifier, path: Path, *, overwrite: bool = False) -> Path:
    """Write ``classifier`` to ``path``, whole or not at all.

    Raises:
        TargetExists: If there is such a file and ``overwrite`` is not set.
        DiskFull: If there is no room; nothing is left behind.
        OutputUnwritable: If the folder cannot be written to.
    """
    if path.exists() and not overwrite:
        raise TargetExists(
            f"{path} exists already.", where=str(path), hint="choose another name, or overwrite=True"
        )
    # Keras wants the suffix.
    with new_file_by_name(destination(path), replace=overwrite, suffix=".keras") as draft:
        classifier.save(draft)
    return path


def load_keras_file(path: Path) -> PairClassifier:
    """Read what ``save_keras_file`` wrote, in Keras' safe mode.

    Raises:
        NotABundle: If there is no such file, or it holds another model.
        BundleDamaged: If it cannot be read.
        EncoderUnsupported: If it was made with a class that Keras does not know.
    """
    if not path.is_file():
        raise NotABundle(
            f"There is no file {str(path)!r}.", where=str(path), expected="a .keras file of SameSay"
        )
    keras_hub()
    from samesay.model.classifier import PairClassifier

    try:
        with zipfile.ZipFile(path) as archive:
            broken = archive.testzip()
        if broken is not None:
            raise BundleDamaged(f"{path.name} is damaged at {broken}.", where=str(path))
        model = keras().saving.load_model(path, safe_mode=True)
    except (zipfile.BadZipFile, OSError, ValueError, TypeError, KeyError) as problem:
        unregistered = class_unknown(problem, where=str(path))
        if unregistered is not None:
            raise unregistered from problem
        raise BundleDamaged(
            f"{path.name} cannot be read as a Keras model: {str(problem).splitlines()[0]}", where=str(path)
        ) from problem
    if not isinstance(model, PairClassifier):
        raise NotABundle(
            f"{path.name} holds a {type(model).__name__}.",
            where=str(path),
            expected="a file that PairModel.save wrote",
        )
    return model
