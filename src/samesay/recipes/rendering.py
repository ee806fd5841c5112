"""The keys of a recipe as YAML or TOML, each below its meaning, and as a JSON schema."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from samesay.recipes.run import RECIPE_VERSION, VERSION_KEY, keys, sections
from samesay.recipes.text import CORE_SCHEMA, pyyaml

_WIDTH = 100


def as_yaml(values: Mapping[str, Any], *, heading: Sequence[str] = ()) -> str:
    """A recipe file in YAML with the keys that ``values`` has, in the declared order.

    Args:
        values: Values by key.
        heading: Lines of comment above them.
    """
    yaml = pyyaml()

    class Dumper(yaml.SafeDumper):
        """Quotes what either version of YAML would not read as a text."""

    for tag, (pattern, first) in CORE_SCHEMA.items():
        Dumper.add_implicit_resolver(tag, re.compile(pattern), first)

    def entry(name: str, value: Any) -> str:
        plain = list(value) if isinstance(value, tuple) else value
        return yaml.dump(
            {name: plain}, Dumper=Dumper, default_flow_style=False, allow_unicode=True, sort_keys=False
        )

    return _rendered(values, heading, entry)


def as_toml(values: Mapping[str, Any], *, heading: Sequence[str] = ()) -> str:
    """The same in TOML; a key without a value is a comment there, since TOML has no null."""

    def entry(name: str, value: Any) -> str:
        return f"# {name} =\n" if value is None else f"{name} = {_toml_value(value)}\n"

    return _rendered(values, heading, entry)


def json_schema() -> dict[str, Any]:
    """What a recipe file may say, as JSON Schema (2020-12); a key may be null, which stands for its default."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A SameSay recipe",
        "type": "object",
        "properties": {
            VERSION_KEY: {"const": RECIPE_VERSION, "description": "The version of the format."},
            **{name: key.json_schema() for name, key in keys().items()},
        },
        "additionalProperties": False,
    }


def _rendered(values: Mapping[str, Any], heading: Sequence[str], entry: Callable[[str, Any], str]) -> str:
    parts = [_comment(line) for line in heading]
    parts.append(entry(VERSION_KEY, RECIPE_VERSION))
    for title, section in sections().items():
        parts.append(f"\n# {title}\n# {'-' * len(title)}\n")
        parts += [
            f"\n{_comment(key.plain_meaning)}{entry(name, values[name])}"
            for name, key in section.items()
            if name in values
        ]
    return "".join(parts)


def _comment(text: str) -> str:
    return "".join(f"# {line}\n" for line in textwrap.wrap(text, _WIDTH - 2, break_long_words=False))


def _toml_value(value: Any) -> str:
    if isinstance(value, str):
        # A JSON string is a TOML string, but for the one control character that JSON lets stand.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{_toml_value(name)} = {_toml_value(one)}' for name, one in value.items())}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_toml_value, value))}]"
    return repr(value)
