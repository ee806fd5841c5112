"""The classes of an encoder family by their names: KerasHub's, or ours where KerasHub has no such family.

A family is known by how its classes begin: ``Roberta`` of ``RobertaTextClassifier``, ``RobertaBackbone``.
"""

from __future__ import annotations

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


def is_published(task: Any, task_name: str, backbone_name: str) -> bool:
    """Whether a task and its backbone are of the classes by these names, or of ours in their place.

    Of the classes themselves: another subclass may compute anything.
    """
    from samesay.model.backbones.exact_gelu import IN_PLACE_OF

    classes = type(task), type(getattr(task, "backbone", None))
    names = class_named(task_name), class_named(backbone_name)
    return tuple(IN_PLACE_OF.get(kind, kind) for kind in classes) == names


def register_own_classes() -> None:
    """Make our classes known to Keras and to KerasHub's ``from_preset``."""
    from samesay.model.backbones import exact_gelu, mpnet  # noqa: F401 - registered when imported
