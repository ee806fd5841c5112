"""The classes of an encoder family by their names: KerasHub's, or ours where KerasHub has no such family.

A family is known by how its classes begin: ``Roberta`` of ``RobertaTextClassifier``, ``RobertaBackbone``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from samesay.model.runtime.backend import keras_hub

OWN_FAMILIES = {"mpnet": "MPNet"}
"""What Hugging Face calls a family that KerasHub lacks, to how our classes of it begin."""


def class_named(name: str) -> Any:
    """The class ``name``, such as ``RobertaTokenizer``; None where the installed KerasHub lacks it."""
    hub = keras_hub().models
    if name.startswith(tuple(OWN_FAMILIES.values())):
        from samesay.model.backbones import mpnet

        return getattr(mpnet, name)
    return getattr(hub, name, None)


def family_name(task: Any, names: Iterable[str]) -> str | None:
    """Which of ``names``, such as ``Roberta``, begins the classes of a task and its backbone; None for none of them.

    The classes themselves count, or ours in their place: another subclass may compute anything.
    """
    from samesay.model.backbones.exact_gelu import IN_PLACE_OF

    kinds = [IN_PLACE_OF.get(kind, kind) for kind in (type(task), type(getattr(task, "backbone", None)))]
    for name in names:
        if kinds == [class_named(f"{name}TextClassifier"), class_named(f"{name}Backbone")]:
            return name
    return None


def register_own_classes() -> None:
    """Make our classes known to Keras and to KerasHub's ``from_preset``."""
    from samesay.model.backbones import exact_gelu, mpnet  # noqa: F401 - registered when imported
