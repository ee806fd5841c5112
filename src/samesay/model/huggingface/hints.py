"""What to do with a folder of Hugging Face's that holds no weights to open: commands that work when pasted."""

from __future__ import annotations

import shlex
from pathlib import Path

from samesay.errors import EncoderUnsupported
from samesay.model.huggingface.config import ADAPTER, CONFIG, TENSORS, has_classifier, in_short, read_json

_PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl")


def without_safetensors(folder: Path) -> EncoderUnsupported:
    """The error for a folder with no weights that are read here."""
    if (folder / ADAPTER).is_file():
        return adapter_alone(folder)
    pickled = sorted(path.name for path in folder.iterdir() if path.suffix in _PICKLES)
    found = (
        f"; {pickled[0]} is a pickle, which can run any code when read, and is not opened" if pickled else ""
    )
    config = read_json(folder / CONFIG)
    kind = "AutoModelForSequenceClassification" if has_classifier(config) else "AutoModel"
    new, source = f"{_name_of(folder)}-safetensors", _source(folder)
    # transformers 5 writes a tokenizer.json alone.
    pieces = sorted(folder.glob("*.model"))
    copied = "".join(f"; shutil.copy({str(place)!r}, {new!r})" for place in pieces)
    program = (
        f"import shutil; from transformers import {kind}, AutoTokenizer; "
        f"{kind}.from_pretrained({source}).save_pretrained({new!r}); "
        f"AutoTokenizer.from_pretrained({source}).save_pretrained({new!r}){copied}"
    )
    return EncoderUnsupported(
        f"This folder holds no {TENSORS}{found}.",
        where=str(folder),
        expected=f"the weights as {TENSORS}; where you trust others, transformers and torch write them as {new}",
        # Of the hub no pickle was fetched, and there may be one.
        hint=f"python -c {shlex.quote(program)}" if pickled or _is_snapshot(folder) else None,
    )


def adapter_alone(folder: Path) -> EncoderUnsupported:
    """The error for a folder with an adapter and without the model that it belongs to."""
    config = read_json(folder / ADAPTER)
    base = config.get("base_model_name_or_path")
    kind = (
        "AutoPeftModelForSequenceClassification" if config.get("task_type") == "SEQ_CLS" else "AutoPeftModel"
    )
    outputs = _outputs(folder)
    labels = f", num_labels={outputs}" if outputs is not None and kind != "AutoPeftModel" else ""
    new = f"{_name_of(folder)}-merged"
    tokenizer = folder if (folder / "tokenizer_config.json").is_file() else base
    program = (
        f"from peft import {kind}; from transformers import AutoTokenizer; "
        f"{kind}.from_pretrained({str(folder)!r}{labels}).merge_and_unload().save_pretrained({new!r}); "
        f"AutoTokenizer.from_pretrained({str(tokenizer)!r}).save_pretrained({new!r})"
    )
    return EncoderUnsupported(
        f"This folder holds an adapter (LoRA or the like) of the model {in_short(base)}, and not the model itself.",
        where=str(folder / ADAPTER),
        expected=f"a whole model; peft, transformers and torch merge the two into {new}",
        hint=f"python -c {shlex.quote(program)}" if isinstance(base, str) else None,
    )


def _outputs(folder: Path) -> int | None:
    """How many outputs the head has that was saved with an adapter."""
    place = folder / "adapter_model.safetensors"
    try:
        from safetensors import safe_open

        with safe_open(place, framework="np") as tensors:
            heads = [name for name in tensors.keys() if name.endswith(_HEADS)]  # noqa: SIM118 - no mapping
            return tensors.get_slice(min(heads, key=len)).get_shape()[0] if heads else None
    except Exception:  # whoever merges it says what is wrong with it
        return None


_HEADS = ("classifier.weight", "classifier.out_proj.weight", "score.weight")


def _is_snapshot(folder: Path) -> bool:
    """Whether it lies in a cache of the hub."""
    return folder.parent.name == "snapshots" and folder.parent.parent.name.startswith("models--")


def _name_of(folder: Path) -> str:
    """Of a new folder beside it; that of the model where it lies in a cache of the hub."""
    if _is_snapshot(folder):
        return folder.parent.parent.name.removeprefix("models--").replace("--", "-")
    return folder.resolve().name


def _source(folder: Path) -> str:
    """What ``from_pretrained`` is given: the folder, or the model of the hub at its commit."""
    if not _is_snapshot(folder):
        return repr(str(folder))
    repository = folder.parent.parent.name.removeprefix("models--").replace("--", "/", 1)
    return f"{repository!r}, revision={folder.name!r}"
