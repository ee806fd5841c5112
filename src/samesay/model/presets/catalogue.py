"""What can be trained from: KerasHub's presets, the wheel, and what lies in the caches of the two hubs.

Downloads nothing. The lists are KerasHub's own; which of its tokenizers and encoders SameSay knows is asked elsewhere.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from samesay.model.backbones.families import OWN_FAMILIES, class_named
from samesay.model.huggingface.config import json_or_nothing
from samesay.model.huggingface.hub import SCHEME as HUGGING_FACE
from samesay.model.presets.installed import (
    MINILM,
    MINILM_WHEEL,
    MPNET,
    UPSTREAMS,
    WHEELS,
    kaggle_folder,
    minilm_folder,
    mpnet_files,
)
from samesay.model.runtime.backend import keras_hub

BYTES_A_PARAMETER = 4
"""Most presets are stored as 32-bit floats; a preset stored as 16-bit floats takes half of what is estimated."""


@dataclass(frozen=True)
class Family:
    """An architecture for which KerasHub has a text classifier.

    Attributes:
        name: Such as ``Roberta``.
        backbone: The class name of its encoder.
        tokenizer: The class name of its tokenizer.
    """

    name: str
    backbone: str
    tokenizer: str


@dataclass(frozen=True)
class Offer:
    """An encoder that ``--preset`` accepts.

    Attributes:
        name: What is written after ``--preset``.
        family: Its architecture.
        parameters: Of the encoder without a head; ``None`` where nobody says.
        bytes: On disk, an estimate for what is not on this machine.
        cached: Whether it is on this machine, whole as far as the cache says.
        description: In the words of its publisher: language, case, corpora.
    """

    name: str
    family: Family
    parameters: int | None
    bytes: int
    cached: bool
    description: str


def offers() -> list[Offer]:
    """Every preset of KerasHub by family and size, then the wheel and the models in the Hugging Face cache."""
    found = [offer for task in _text_classifiers() for offer in _builtin(task)]
    found.sort(key=lambda offer: (offer.family.name, offer.parameters or 0, offer.name))
    families = {_letters(offer.family.name): offer.family for offer in found}
    own = [_family(class_named(f"{name}TextClassifier")) for name in OWN_FAMILIES.values()]
    families |= {_letters(family.name): family for family in own}
    return [*found, *_wheels(families), *_hugging_face_cache(families)]


def _text_classifiers() -> list[Any]:
    hub = keras_hub().models
    # Some classes are exported under two names.
    classes: set[Any] = {
        one for one in vars(hub).values() if inspect.isclass(one) and issubclass(one, hub.TextClassifier)
    }
    return [one for one in classes if one.backbone_cls is not None and one.preprocessor_cls is not None]


def _family(task: Any) -> Family:
    backbone = task.backbone_cls.__name__
    return Family(backbone.removesuffix("Backbone"), backbone, task.preprocessor_cls.tokenizer_cls.__name__)


def _builtin(task: Any) -> Iterator[Offer]:
    family = _family(task)
    for name, preset in task.presets.items():
        facts = preset["metadata"]
        folder = kaggle_folder(preset["kaggle_handle"])
        yield Offer(
            name=name,
            family=family,
            parameters=facts["params"],
            bytes=facts["params"] * BYTES_A_PARAMETER if folder is None else _size(folder),
            cached=folder is not None,
            description=" ".join(facts["description"].split()),
        )


def _wheels(families: dict[str, Family]) -> Iterator[Offer]:
    folder = minilm_folder()
    if folder is not None:
        about = f"{UPSTREAMS[MINILM].name}, English, carried by the installed wheel {MINILM_WHEEL}."
        yield Offer(MINILM, families["bert"], None, _size(folder), cached=True, description=about)
    if files := mpnet_files():
        about = f"{UPSTREAMS[MPNET].name}, English, carried by the installed wheels {WHEELS[0]} to {WHEELS[-1][-3:]}."
        yield Offer(MPNET, families["mpnet"], None, _bytes_of(files), cached=True, description=about)


def _hugging_face_cache(families: dict[str, Family]) -> Iterator[Offer]:
    from huggingface_hub import scan_cache_dir
    from huggingface_hub.errors import CacheNotFound

    try:
        cache = scan_cache_dir()
    except (CacheNotFound, OSError):  # another user's, too
        return
    for repository in sorted(cache.repos, key=lambda one: one.repo_id):
        if repository.repo_type != "model" or not repository.revisions:
            continue
        newest = max(repository.revisions, key=lambda one: one.last_modified)
        files = {
            str(file.file_path.relative_to(newest.snapshot_path)): file.file_path for file in newest.files
        }
        family = _family_of(files.get("config.json"), families)
        if family is not None and any(name.endswith((".safetensors", ".weights.h5")) for name in files):
            name = f"{HUGGING_FACE}{repository.repo_id}"
            about = "In the Hugging Face cache of this machine."
            yield Offer(name, family, None, newest.size_on_disk, cached=True, description=about)


def _family_of(config: Path | None, families: dict[str, Family]) -> Family | None:
    """The family that a ``config.json``, of Hugging Face or of Keras, names; none that KerasHub classifies with."""
    if config is None:
        return None
    facts = json_or_nothing(config)
    name = facts.get("model_type") or str(facts.get("class_name", "")).removesuffix("Backbone")
    return families.get(_letters(str(name)))


def _letters(name: str) -> str:
    """``xlm-roberta`` and ``XLMRoberta`` are one."""
    return "".join(letter for letter in name.casefold() if letter.isalnum())


def _size(folder: Path) -> int:
    return _bytes_of(file for file in folder.rglob("*") if file.is_file())


def _bytes_of(files: Iterable[Path]) -> int:
    return sum(file.stat().st_size for file in files)
