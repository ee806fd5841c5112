"""What a configuration of Keras' asks to be built, held against the headers of the weights beside it, before it is.

Keras makes a layer's weights as large as its configuration says and reads the stored ones afterwards: a wrong number
would take all memory, which ends the process without a word, or all time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from samesay.bundle.canonical import parse
from samesay.pairs import MOST_TOKENS

Shape = tuple[int, ...]

# Of KerasHub and ours. Others, and classes of a user's own, have settings that mean what only their code knows.
_BACKBONES = {
    "BertBackbone",
    "ExactGeluBertBackbone",
    "RobertaBackbone",
    "XLMRobertaBackbone",
    "DistilBertBackbone",
    "AlbertBackbone",
    "DebertaV3Backbone",
    "MPNetBackbone",
}
# No setting is a larger number, but for a seed, and for the sizes of a vocabulary, which the weights show.
_LARGEST_SETTING = 1 << 16
_LENGTHS = {"sequence_length", "max_sequence_length"}
_NOT_SIZES = {"seed", "shared_object_id", "compile_config"}
# ALBERT's layers share their weights, so that these do not tell how many there are; published ones have up to 24.
_MOST_SHARED_LAYERS = 1_000
# Where KerasHub's tokenizers would read a file that the configuration names; the assets of a saved model come later.
_VOCABULARIES = {"vocabulary", "merges", "proto"}


def require_preset(folder: Path) -> None:
    """Refuse a KerasHub preset whose configurations ask for other sizes than those of its weights."""
    for path in folder.rglob("*"):
        if not (path.is_file() or path.is_dir()):  # a pipe would be waited for
            raise ValueError(f"{path.relative_to(folder)} is no file")
    shapes: list[Shape] = []
    for weights in sorted(folder.glob("*.h5")):
        with weights.open("rb") as file:
            shapes += stored_shapes(file, weights.stat().st_size)
    for name in ("config.json", "task.json"):
        if (folder / name).is_file():
            require_fitting(parse((folder / name).read_bytes()), shapes)


def stored_shapes(file: IO[bytes], n_bytes: int) -> list[Shape]:
    """The shapes of a model's arrays in a file of Keras' weights (HDF5), by its headers.

    Args:
        file: The file.
        n_bytes: Its size.
    """
    import h5py

    with h5py.File(file, "r") as content:
        arrays = list(_arrays(content))
        if sum(array.size * array.dtype.itemsize for array in arrays) > n_bytes:
            raise ValueError("the weights declare more numbers than their file holds")
        # What an optimizer remembers is of the same shapes, and not of the model.
        return [tuple(array.shape) for array in arrays if not array.name.startswith("/optimizer/")]


def _arrays(content: Any) -> Iterator[Any]:
    import h5py

    groups, seen = [content], set()
    while groups:
        group = groups.pop()
        if hash(group.id) in seen:  # two names for one group: they may go round
            raise ValueError(f"the weights name {group.name} twice")
        seen.add(hash(group.id))
        for name in group:
            if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                raise ValueError(f"the weights link {name!r} to another place")
            member = group[name]
            if isinstance(member, h5py.Group):
                groups.append(member)
            elif not isinstance(member, h5py.Dataset) or member.external or member.is_virtual:
                raise ValueError(f"the weights take {name!r} from another file")
            elif member.shape is None:
                raise ValueError(f"the array {name!r} of the weights is empty")
            else:
                yield member


def require_fitting(config: Mapping[str, Any], shapes: list[Shape]) -> None:
    """Refuse a configuration of Keras' that asks for other sizes than those of the stored weights.

    Args:
        config: As Keras serializes an object.
        shapes: Of the arrays that are stored for it.
    """
    stored = Counter(shapes)
    largest = max((len(shapes), *(size for shape in stored for size in shape)))
    waiting: list[tuple[str, Any]] = [("", config)]
    while waiting:
        name, value = waiting.pop()
        if isinstance(value, int):
            counts = name.startswith("num_")
            if abs(value) > (
                MOST_TOKENS if name in _LENGTHS else max(largest, 0 if counts else _LARGEST_SETTING)
            ):
                raise ValueError(f"{name} is {value}, and nothing of the stored weights is that large")
        elif isinstance(value, list):
            waiting.extend((name, item) for item in value)
        elif isinstance(value, str) and name in _VOCABULARIES:
            raise ValueError(f"{name} names the file {value!r}")
        elif isinstance(value, dict):
            # Keras goes by the second name where it knows it.
            names = {str(value.get("class_name")), str(value.get("registered_name")).rpartition(">")[2]}
            for kind in names & _BACKBONES:
                _require_backbone(kind, value.get("config"), stored)
            if "num_classes" in value and "backbone" in value:
                _require_head(value["num_classes"], stored)
            waiting.extend((key, item) for key, item in value.items() if key not in _NOT_SIZES)


def _require_backbone(kind: str, config: Any, stored: Counter[Shape]) -> None:
    if not isinstance(config, dict):
        raise ValueError(f"{kind} has no settings")

    def size(name: str) -> int:
        value = config.get(name)
        if type(value) is not int or value < 1:
            raise ValueError(f"{name} is {value!r:.40}, where a whole number of at least 1 belongs")
        return value

    def require(name: str, *shape: int) -> None:
        if not stored[shape]:
            raise ValueError(f"{name} is {config[name]}, and the stored weights have no array of {shape}")

    hidden, heads, layers, inner = map(size, ("hidden_dim", "num_heads", "num_layers", "intermediate_dim"))
    shared = kind == "AlbertBackbone"
    width = size("embedding_dim") if shared else hidden
    require("hidden_dim", hidden)
    require("vocabulary_size", size("vocabulary_size"), width)
    require("num_heads", hidden, heads, hidden // heads)
    require("intermediate_dim", hidden, inner)
    if kind == "DebertaV3Backbone":  # positions are relative, in buckets to either side
        require("bucket_size", 2 * size("bucket_size"), hidden)
    else:
        require("max_sequence_length", size("max_sequence_length"), width)
    if "num_segments" in config:
        require("num_segments", size("num_segments"), width)
    if shared:
        if layers > _MOST_SHARED_LAYERS:
            raise ValueError(f"num_layers is {layers}, where at most {_MOST_SHARED_LAYERS} are known")
        layers = size("num_groups") * size("num_inner_repetitions")
    # Of layers that are left out Keras says nothing. Square kernels may be those of other layers, too.
    kernels = stored[hidden, inner]
    if kernels < layers or (kernels > layers and hidden != inner):
        raise ValueError(f"num_layers is {layers}, and the stored weights have {kernels}")


def _require_head(n_classes: Any, stored: Counter[Shape]) -> None:
    if type(n_classes) is not int or not any(shape[-1:] == (n_classes,) for shape in stored):
        raise ValueError(f"num_classes is {n_classes!r:.40}, and no array of the weights has as many columns")
