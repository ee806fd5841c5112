"""A recipe file to plain values, with the line of every key. Knows YAML and TOML, and not what a recipe may say.

A file of a stranger: of bounded size and depth, each key once, no aliases (which grow without bound) and no tags (which
name types to build).
"""

from __future__ import annotations

import importlib
import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

from samesay.errors import ExtraMissing, RecipeInvalid

# A whole recipe with all comments has a quarter. Python's reader of TOML takes time by the square of a key's dots.
MOST_BYTES = 32_768
_MOST_DEPTH = 8
SUFFIXES = (".yaml", ".yml", ".toml")

# The core schema of YAML 1.2. PyYAML reads 1.1, to which `yes` is true and `1e-4` is a text.
_TAG = "tag:yaml.org,2002:"
CORE_SCHEMA: dict[str, tuple[str, list[str]]] = {
    _TAG + "null": (r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    _TAG + "bool": (r"^(?:true|True|TRUE|false|False|FALSE)$", list("tTfF")),
    _TAG + "int": (r"^[-+]?[0-9]+$", list("-+0123456789")),
    _TAG + "float": (r"^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$", list("-+.0123456789")),
}
_BUILD: dict[str, Callable[[str], Any]] = {
    _TAG + "str": str,
    _TAG + "null": lambda _: None,
    _TAG + "bool": lambda text: text.lower() == "true",
    _TAG + "int": int,
    _TAG + "float": float,
}


@dataclass(frozen=True)
class RecipeText:
    """What a recipe file says.

    Attributes:
        path: As the user wrote it.
        values: Plain values by key.
        lines: The line of each key, from 1.
    """

    path: str
    values: dict[str, Any]
    lines: dict[str, int]

    def place(self, name: str) -> str:
        """``file:line`` of a key."""
        return f"{self.path}:{self.lines[name]}" if name in self.lines else self.path


def read_recipe_text(path: str | Path) -> RecipeText:
    """Read a recipe file, YAML or TOML by its name.

    Raises:
        RecipeInvalid: If it is not there, too large, not UTF-8, or not valid in its format; with the line.
        ExtraMissing: For YAML without PyYAML.
    """
    place = Path(path)
    if place.is_dir():
        hint = f"{place / 'recipe.yaml'}" if (place / "recipe.yaml").is_file() else None
        raise RecipeInvalid(
            f"{path} is a folder.", where=str(path), expected="a recipe file, .yaml or .toml", hint=hint
        )
    if place.suffix.lower() not in SUFFIXES:
        raise RecipeInvalid(
            f"Cannot tell the format of {str(path)!r}.",
            where=str(path),
            expected=f"a name that ends in {', '.join(SUFFIXES)}",
        )
    try:
        with place.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except FileNotFoundError:
        raise RecipeInvalid(
            f"There is no recipe file {str(path)!r}.", where=str(path), hint="samesay config prints one"
        ) from None
    except OSError as problem:
        raise RecipeInvalid(
            f"{path} cannot be read: {problem.strerror or problem}.",
            where=str(path),
            expected="a recipe file",
        ) from None
    if len(content) > MOST_BYTES:
        raise RecipeInvalid(
            "The recipe is too large.", where=str(path), expected=f"at most {MOST_BYTES:,} bytes"
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = content[: problem.start].count(b"\n") + 1
        raise RecipeInvalid(
            "The recipe is not UTF-8.", where=f"{path}:{line}", expected="text in UTF-8"
        ) from None
    read = (_read_toml if place.suffix.lower() == ".toml" else _read_yaml)(text, str(path))
    for key, value in read.values.items():
        fault = _fault(value)
        if fault is not None:
            _refuse(f"{key} {fault}.", str(path), read.lines.get(key))
    return read


def _fault(value: Any, depth: int = 1) -> str | None:
    """What no setting can be: nested too deep, or a number too large for the machine, with which sums may overflow."""
    if depth > _MOST_DEPTH:
        return "is nested too deep for a recipe"
    if isinstance(value, dict | list):
        parts = value.values() if isinstance(value, dict) else value
        return next((fault for part in parts if (fault := _fault(part, depth + 1))), None)
    too_large = isinstance(value, int) and not -(2**63) <= value < 2**63
    return "holds a number that no setting can have" if too_large else None


def _read_toml(text: str, path: str) -> RecipeText:
    try:
        values = tomllib.loads(text)
    except (ValueError, RecursionError) as problem:  # ValueError also of a number of thousands of digits
        found = re.search(r"\(at line (\d+)", str(problem))
        _refuse(f"This is not TOML: {problem}.", path, int(found[1]) if found else None)
    lines: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        head = re.match(r"""\s*\[?\s*["']?([^"'\s=.\]]+)["']?\s*[=.\]]""", line)
        if head and head[1] in values:
            lines.setdefault(head[1], number)
    return RecipeText(path, values, lines)


def _read_yaml(text: str, path: str) -> RecipeText:
    yaml = pyyaml()

    class Loader(yaml.BaseLoader):
        """Composes nodes of the core schema; builds no object."""

        depth = 0

        def compose_node(self, parent: Any, index: Any) -> Any:
            event = self.peek_event()
            line = event.start_mark.line + 1
            if isinstance(event, yaml.events.AliasEvent) or event.anchor is not None:
                _refuse("A recipe holds no anchors and no aliases.", path, line)
            if self.depth >= _MOST_DEPTH:
                _refuse("This is nested too deep for a recipe.", path, line)
            self.depth += 1
            node = super().compose_node(parent, index)
            self.depth -= 1
            return node

    for tag, (pattern, first) in CORE_SCHEMA.items():
        Loader.add_implicit_resolver(tag, re.compile(pattern), first)
    loader = None
    try:
        loader = Loader(text)
        node = loader.get_single_node()
    except yaml.YAMLError as problem:
        mark = getattr(problem, "problem_mark", None)
        said = getattr(problem, "problem", None) or str(problem).splitlines()[0]
        quotes = "a text with signs of YAML in it, such as - : # [ {, goes in quotes"
        _refuse(f"This is not YAML: {said}.", path, mark.line + 1 if mark else None, hint=quotes)
    finally:
        if loader is not None:
            loader.dispose()
    if node is None:
        return RecipeText(path, {}, {})
    values = _built(yaml, node, path)
    if not isinstance(values, dict):
        _refuse("A recipe is keys with values.", path, node.start_mark.line + 1)
    return RecipeText(path, values, {key.value: key.start_mark.line + 1 for key, _ in node.value})


def _built(yaml: ModuleType, node: Any, path: str) -> Any:
    line = node.start_mark.line + 1
    if isinstance(node, yaml.SequenceNode) and node.tag == _TAG + "seq":
        return [_built(yaml, one, path) for one in node.value]
    if isinstance(node, yaml.MappingNode) and node.tag == _TAG + "map":
        found: dict[str, Any] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                _refuse("A key is a text.", path, line)
            if key.value in found:
                _refuse(f"The key {key.value!r} is there twice.", path, line)
            found[key.value] = _built(yaml, value, path)
        return found
    if isinstance(node, yaml.ScalarNode) and node.tag in _BUILD:
        try:
            return _BUILD[node.tag](node.value)
        except ValueError as problem:
            _refuse(f"This cannot be read: {problem}.", path, line)
    _refuse(f"A recipe holds no values of the type {node.tag!r}.", path, line)


def pyyaml() -> ModuleType:
    """The module ``yaml``.

    Raises:
        ExtraMissing: If PyYAML is not installed.
    """
    try:
        return importlib.import_module("yaml")
    except ModuleNotFoundError:
        raise ExtraMissing.of("train", "PyYAML", "A recipe in YAML") from None


def _refuse(message: str, path: str, line: int | None, *, hint: str | None = None) -> NoReturn:
    place = path if line is None else f"{path}:{line}"
    raise RecipeInvalid(message, where=place, hint=hint or "samesay config prints a whole recipe")
