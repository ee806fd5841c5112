"""The safetensors of a folder of Hugging Face's: shapes from their headers, tensors by the family's own names.

Pickled weights are never read. What an index names is a file of the folder, and nothing elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samesay.errors import EncoderUnsupported, ExtraMissing
from samesay.model.huggingface.config import TENSORS, TENSORS_INDEX, in_short, odd, read_json
from samesay.model.huggingface.families import Family
from samesay.model.huggingface.hints import without_safetensors

_READ_TYPES = ("F16", "BF16", "F32", "F64")


class TensorFiles:
    """The folder's safetensors, one file or several; a context that closes them.

    Attributes:
        shapes: Of every tensor, by the family's own names, without reading one.
        prefixed: Whether their names here begin with the family's.

    Args:
        folder: Where they lie.
        family: Whose names they have. A folder may leave out their prefix, as an encoder without a head is saved, or
            have them after another one, as wrappers do.
    """

    def __init__(self, folder: Path, family: Family) -> None:
        self._folder = folder
        self._family = family
        self._stack = ExitStack()
        self._names: dict[str, tuple[Any, str]] = {}
        self.shapes: dict[str, tuple[int, ...]] = {}
        self.prefixed = False

    def __enter__(self) -> TensorFiles:
        try:
            import safetensors
        except ModuleNotFoundError:
            raise ExtraMissing.of("train", "safetensors", "Opening a Hugging Face folder") from None
        held: dict[str, Any] = {}
        for place, named in self._files().items():
            try:
                opened = self._stack.enter_context(safetensors.safe_open(place, framework="np"))
                keys = list(opened.keys())
            except Exception as problem:  # of Rust: a header that is too long, overlaps, or is no JSON
                self._stack.close()
                raise EncoderUnsupported(
                    f"{place.name} cannot be read: {problem}.", where=str(place), expected="whole safetensors"
                ) from problem
            if not named <= set(keys):
                self._stack.close()
                raise EncoderUnsupported(
                    f"The index names the tensor {min(named - set(keys))!r} in {place.name}, which has none of it.",
                    where=str(self._folder / TENSORS_INDEX),
                )
            held.update(dict.fromkeys(keys, opened))
        self._name(held)
        return self

    def __exit__(self, *failure: object) -> None:
        self._stack.close()

    def __contains__(self, name: str) -> bool:
        return name in self._names

    def get(self, name: str) -> NDArray[np.float32] | None:
        """A tensor as float32; None where there is none by this name."""
        if name not in self._names:
            return None
        file, stored = self._names[name]
        kind = file.get_slice(stored).get_dtype()
        try:
            if kind not in _READ_TYPES:
                raise TypeError(f"it is of {kind}")
            return np.asarray(file.get_tensor(stored)).astype(np.float32)
        except TypeError as problem:
            raise EncoderUnsupported(
                f"The tensor {stored} is stored in a type that cannot be read here: {problem}.",
                where=str(self._folder),
                expected=", ".join(_READ_TYPES),
            ) from problem

    def _files(self) -> dict[Path, set[str]]:
        """Every file, and the tensors that an index looks for in it."""
        index = self._folder / TENSORS_INDEX
        if (self._folder / TENSORS).is_file() or not index.is_file():
            place = self._folder / TENSORS
            if not place.is_file():
                raise without_safetensors(self._folder)
            return {place: set()}
        weight_map = read_json(index).get("weight_map")
        if not isinstance(weight_map, dict) or not weight_map:
            raise EncoderUnsupported(
                f"The index has the weight_map {in_short(weight_map)}.",
                where=str(index),
                expected="an object: the name of every tensor, and the file beside the index that holds it",
            )
        files: dict[Path, set[str]] = {}
        for tensor, name in weight_map.items():
            files.setdefault(self._beside(name, index), set()).add(tensor)
        return files

    def _beside(self, name: object, index: Path) -> Path:
        place = self._folder / name if isinstance(name, str) and name.isprintable() else None
        if place is None or place.name != name or not place.is_file() or not self._is_own(place):
            raise EncoderUnsupported(
                f"The index names the file {in_short(name)}.",
                where=str(index),
                expected="a file that lies beside the index, and no link out of the folder",
            )
        return place

    def _is_own(self, place: Path) -> bool:
        """Whether it is the folder's, or, in a cache of the hub, a link to its model's blobs."""
        folder = self._folder.resolve()
        homes = [folder]
        if folder.parent.name == "snapshots":
            homes.append(folder.parent.parent / "blobs")
        return place.resolve().parent in homes

    def _name(self, held: Mapping[str, Any]) -> None:
        """Call every tensor by the family's own name for it."""
        prefix = self._family.prefix
        anchor = next(iter(self._family.axes))  # the word embeddings
        found = [name for name in held if name == anchor or name.endswith(f".{anchor}")]
        if len(found) > 1:
            self._stack.close()
            raise EncoderUnsupported(
                f"The weights hold {len(found)} encoders: {', '.join(sorted(found)[:3])}.",
                where=str(self._folder),
                expected="one",
            )
        theirs = found[0].removesuffix(anchor) if found else prefix
        self.prefixed = theirs == prefix or theirs.endswith(f".{prefix}")
        outer = theirs.removesuffix(prefix) if self.prefixed else ""
        for stored, file in held.items():
            if theirs and stored.startswith(theirs):
                name = prefix + stored.removeprefix(theirs)
            elif theirs:
                name = stored.removeprefix(outer)
            else:
                name = stored if stored.startswith(self._family.output) else prefix + stored
            # Folders of the first years call a norm's weight gamma and its bias beta.
            name = name.replace("LayerNorm.gamma", "LayerNorm.weight").replace(
                "LayerNorm.beta", "LayerNorm.bias"
            )
            self._names[name] = file, stored
            self.shapes[name] = tuple(file.get_slice(stored).get_shape())


def require_shapes(
    family: Family, values: Mapping[str, Any], shapes: Mapping[str, tuple[int, ...]], *, where: str
) -> None:
    """Compare settings with the shapes that the weights' headers give, before anything is built.

    Args:
        family: The family that they belong to.
        values: Its settings.
        shapes: Of every tensor, by the family's own names for them.
        where: The place of ``config.json``.
    """
    for after, axes in family.axes.items():
        name, keys = family.prefix + after, axes.split()
        found = shapes.get(name)
        if found is None:
            raise EncoderUnsupported(f"The folder's weights lack the tensor {name}.", where=where)
        if found != tuple(_size(key, values) for key in keys):
            said = ", ".join(f"{key} {values[key.partition('*')[0]]:,}" for key in keys)
            raise EncoderUnsupported(
                f"The tensor {name} has the shape {found}, where config.json says {said}.",
                where=where,
                expected=f"settings that are those of the weights: {', '.join(keys)} of {found}",
                details={"tensor": name, "shape": list(found), "settings": keys},
            )
    numbered = re.compile(re.escape(family.prefix + family.layer) + r"(\d{1,9})\.")
    matches = (numbered.match(name) for name in shapes)
    layers = {int(match[1]) for match in matches if match is not None}
    counted = family.key_of(family.counted)
    if len(layers) != values[counted] or max(layers) != len(layers) - 1:
        raise EncoderUnsupported(
            f"The weights hold {len(layers)} layers, and config.json says {counted} {values[counted]:,}.",
            where=where,
            expected=f"{counted} {len(layers)}",
        )
    of_heads, of_hidden = family.key_of("num_heads"), family.key_of("hidden_dim")
    heads, hidden = values[of_heads], values[of_hidden]
    if hidden % heads:
        raise odd(of_heads, heads, f"a number that divides {of_hidden} {hidden:,}", where=where)


def _size(axis: str, values: Mapping[str, Any]) -> int:
    """Of an axis, such as ``hidden_size`` or ``position_buckets*2``."""
    key, _, factor = axis.partition("*")
    return values[key] * int(factor or 1)
