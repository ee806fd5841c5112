"""What lies at a path that is not a saved model, and what its owner can do with it."""

from __future__ import annotations

import json
from pathlib import Path

from samesay.bundle.builtin import place_of
from samesay.bundle.layout import MANIFEST_NAME
from samesay.errors import NotABundle, hub_address, near
from samesay.printable import command

_ARCHIVES = (".zip", ".tar", ".tgz", ".tar.gz", ".tar.xz", ".tar.zst", ".7z")


def is_bundle(path: str | Path) -> bool:
    """Whether ``path`` is a folder that says it is a saved model, or a built-in one; nothing in it is checked."""
    return (place_of(path) / MANIFEST_NAME).is_file()


def not_a_bundle(path: Path) -> NotABundle:
    """The error for ``path``, which is no saved model: what it is instead, and what to do."""
    kind, message, hint = _recognise(path)
    return NotABundle(
        message,
        where=str(path),
        expected=f"the folder of a saved model, with a {MANIFEST_NAME} in it",
        hint=hint,
        details={"found": kind},
    )


def _recognise(path: Path) -> tuple[str, str, str]:
    if not path.exists():
        return _missing(path)
    if not path.is_dir():
        return _file(path)
    try:
        names = {entry.name for entry in path.iterdir()}
    except OSError as error:
        return "unreadable", f"{path} cannot be read: {error.strerror}.", "check the rights on it"
    config = _json(path / "config.json")
    train = command("samesay", "train", "DATA", "--preset", path, "--output", "my-model")
    if {"task.json", "metadata.json"} & names and "registered_name" in config:
        return (
            "keras-hub-preset",
            f"{path} is a KerasHub preset, not a saved model of SameSay.",
            f"train from it: {train}",
        )
    if "modules.json" in names or "config_sentence_transformers.json" in names:
        return (
            "sentence-transformers",
            f"{path} is a sentence-transformers folder, not a saved model of SameSay.",
            f"train from its encoder: {train}",
        )
    if "model_type" in config or "architectures" in config:
        return (
            "hugging-face",
            f"{path} is a Hugging Face model folder, not a saved model of SameSay.",
            f"keep its classifier: {command('samesay', 'import', path, '--output', 'my-model')}; "
            f"or train from its encoder: {train}",
        )
    if "saved_model.pb" in names:
        return (
            "tensorflow",
            f"{path} is a TensorFlow SavedModel.",
            "train a model with samesay train, or load this one with TensorFlow",
        )
    inside = sorted(name for name in names if is_bundle(path / name))
    if inside:
        return (
            "parent",
            f"{path} is not a saved model; it holds {len(inside)}: {', '.join(inside[:5])}.",
            f"name one of them, such as {path / inside[0]}",
        )
    if not names:
        return "empty-folder", f"{path} is an empty folder.", "was the training that writes it finished?"
    return (
        "folder",
        f"{path} is a folder without a {MANIFEST_NAME}.",
        "name the folder that samesay train wrote as its --output",
    )


def _missing(path: Path) -> tuple[str, str, str]:
    if address := hub_address(path):
        imported = command("samesay", "import", address, "--output", path.name.partition("@")[0])
        return "hub-name", f"There is no folder {path}; a model on a hub is imported first.", imported
    try:
        beside = [entry.name for entry in path.absolute().parent.iterdir() if is_bundle(entry)]
    except OSError:
        beside = []
    close = near(path.name, beside) or sorted(beside)[:3]
    hint = (
        f"saved models beside it: {', '.join(close)}"
        if close
        else "train one: samesay train DATA --preset P --output DIR"
    )
    return "nothing", f"There is nothing at {path}.", hint


def _file(path: Path) -> tuple[str, str, str]:
    name = path.name.lower()
    if name.endswith(".keras"):
        return (
            "keras-file",
            f"{path} is a single Keras file, not a saved model of SameSay.",
            "load it in Python: samesay.load(…)",
        )
    if name.endswith(".onnx"):
        return (
            "onnx-file",
            f"{path} is a bare ONNX graph: its labels and its tokenizer are not in it.",
            "name the folder of the saved model that it comes from",
        )
    if name.endswith(_ARCHIVES):
        return "archive", f"{path} is an archive.", "unpack it and name the folder"
    return "file", f"{path} is a file.", "name the folder that samesay train wrote as its --output"


def _json(path: Path) -> dict[str, object]:
    """A small JSON object, or nothing if it is none."""
    try:
        value = json.loads(path.read_bytes()[: 1 << 20])
    except (OSError, ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
