"""What lies at a path that is not a saved model, and what its owner can do with it."""

from __future__ import annotations

import json
from pathlib import Path

from samesay.bundle.builtin import place_of
from samesay.bundle.layout import MANIFEST_NAME
from samesay.errors import NotABundle, hub_address, near
from samesay.printable import command

_NAME_THE_OUTPUT = "name the folder that samesay train wrote as its --output"

# What a file is, by the ending of its name: what it is called, said and done about.
_ARCHIVE = ("archive", "an archive", "unpack it and name the folder")
_FILES = {
    ".keras": (
        "keras-file",
        "a single Keras file, not a saved model of SameSay",
        "load it in Python: samesay.load(…)",
    ),
    ".onnx": (
        "onnx-file",
        "a bare ONNX graph: its labels and its tokenizer are not in it",
        "name the folder of the saved model that it comes from",
    ),
    **dict.fromkeys((".zip", ".tar", ".tgz", ".tar.gz", ".tar.xz", ".tar.zst", ".7z"), _ARCHIVE),
    "": ("file", "a file", _NAME_THE_OUTPUT),
}


def is_bundle(path: str | Path) -> bool:
    """Whether ``path`` is a folder that says it is a saved model, or a built-in one; nothing in it is checked."""
    return (place_of(path) / MANIFEST_NAME).is_file()


def not_a_bundle(path: Path) -> NotABundle:
    """The error for ``path``, which is no saved model: what it is instead, and what to do."""
    if not path.exists():
        kind, message, hint = _missing(path)
    else:
        kind, what, hint = _folder(path) if path.is_dir() else _file(path)
        message = f"{path} {what}."
    return NotABundle(
        message,
        where=str(path),
        expected=f"the folder of a saved model, with a {MANIFEST_NAME} in it",
        hint=hint,
        details={"found": kind},
    )


def _folder(path: Path) -> tuple[str, str, str]:
    try:
        names = {entry.name for entry in path.iterdir()}
    except OSError as error:
        return "unreadable", f"cannot be read: {error.strerror}", "check the rights on it"
    config = _json(path / "config.json")
    train = command("samesay", "train", "DATA", "--preset", path, "--output", "my-model")
    if {"task.json", "metadata.json"} & names and "registered_name" in config:
        what = "is a KerasHub preset, not a saved model of SameSay"
        return "keras-hub-preset", what, f"train from it: {train}"
    if {"modules.json", "config_sentence_transformers.json"} & names:
        what = "is a sentence-transformers folder, not a saved model of SameSay"
        return "sentence-transformers", what, f"train from its encoder: {train}"
    if {"model_type", "architectures"} & config.keys():
        imported = command("samesay", "import", path, "--output", "my-model")
        what = "is a Hugging Face model folder, not a saved model of SameSay"
        return "hugging-face", what, f"keep its classifier: {imported}; or train from its encoder: {train}"
    if "saved_model.pb" in names:
        hint = "train a model with samesay train, or load this one with TensorFlow"
        return "tensorflow", "is a TensorFlow SavedModel", hint
    inside = sorted(name for name in names if is_bundle(path / name))
    if inside:
        what = f"is not a saved model; it holds {len(inside)}: {', '.join(inside[:5])}"
        return "parent", what, f"name one of them, such as {path / inside[0]}"
    if not names:
        return "empty-folder", "is an empty folder", "was the training that writes it finished?"
    return "folder", f"is a folder without a {MANIFEST_NAME}", _NAME_THE_OUTPUT


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
    kind, what, hint = next(found for ending, found in _FILES.items() if path.name.lower().endswith(ending))
    return kind, f"is {what}", hint


def _json(path: Path) -> dict[str, object]:
    """A small JSON object, or nothing if it is none."""
    try:
        value = json.loads(path.read_bytes()[: 1 << 20])
    except (OSError, ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
