"""``config.json`` and the other JSON of a folder of Hugging Face's, read without trusting any of it."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from samesay.errors import EncoderUnsupported

CONFIG = "config.json"
MODULES = "modules.json"
ADAPTER = "adapter_config.json"
TENSORS = "model.safetensors"
TENSORS_INDEX = "model.safetensors.index.json"

MOST_JSON_BYTES = 64_000_000
"""Of one file; the largest tokenizer.json of these families has 17 MB."""

_KIND = "ForSequenceClassification"
_SHOWN = 60


def read_json(place: Path, *, kind: type[dict] | type[list] = dict) -> Any:
    """A JSON object, or list, of a folder that somebody else made."""
    try:
        if not place.is_file() or place.stat().st_size > MOST_JSON_BYTES:
            raise ValueError(f"it is no file of at most {MOST_JSON_BYTES // 10**6} MB")
        content = json.loads(place.read_bytes())
    except (OSError, ValueError, RecursionError) as problem:
        reason = "it is nested too deep" if isinstance(problem, RecursionError) else str(problem)
        raise EncoderUnsupported(
            f"{place.name} cannot be read: {reason}.",
            where=str(place),
            expected="JSON as transformers writes it",
        ) from problem
    if not isinstance(content, kind):
        raise EncoderUnsupported(
            f"{place.name} is {in_short(content)}.",
            where=str(place),
            expected="a JSON object" if kind is dict else "a JSON list",
        )
    return content


def json_or_nothing(place: Path) -> dict[str, Any]:
    """A JSON object; an empty one where there is none that can be read."""
    try:
        return read_json(place)
    except EncoderUnsupported:
        return {}


def has_classifier(config: Mapping[str, Any]) -> bool:
    """Whether a ``config.json`` says that it is a sequence classifier's, of whatever family."""
    architectures = config.get("architectures")
    return isinstance(architectures, list) and any(str(name).endswith(_KIND) for name in architectures)


@dataclass(frozen=True)
class Setting:
    """One setting of ``config.json``.

    Attributes:
        key: Its name there.
        kind: What may stand there.
        default: What ``transformers`` takes it for where it is absent.
        argument: Of the KerasHub backbone, where it is one of its arguments.
        low: The least number.
        high: The largest number.
        optional: Whether null is as good as nothing.
        offset: How much larger it is than the argument.
    """

    key: str
    kind: Literal["whole number", "number", "text"]
    default: Any
    argument: str | None = None
    low: float = -math.inf
    high: float = math.inf
    optional: bool = False
    offset: int = 0

    @property
    def expected(self) -> str:
        """In words."""
        if self.kind == "text":
            return "a text"
        if not math.isfinite(self.high):
            return f"a {self.kind} of at least {self.low:,g}"
        return f"a {self.kind} from {self.low:,g} to {self.high:,g}"

    def admits(self, value: Any) -> bool:
        """Whether ``value``, of any JSON type, may stand there."""
        if value is None:
            return self.optional
        if self.kind == "text":
            return isinstance(value, str)
        number = int if self.kind == "whole number" else int | float
        if isinstance(value, bool) or not isinstance(value, number):
            return False
        return self.low <= value <= self.high and value not in (math.inf, -math.inf)


def read_settings(config: Mapping[str, Any], settings: Iterable[Setting], *, where: str) -> dict[str, Any]:
    """The settings' values, ``transformers``' own where they are absent."""
    values = {}
    for setting in settings:
        value = config.get(setting.key, setting.default)
        if not setting.admits(value):
            raise odd(setting.key, value, setting.expected, where=where)
        values[setting.key] = setting.default if value is None else value
    return values


def odd(key: str, value: object, expected: str, *, where: str) -> EncoderUnsupported:
    """The error for a setting that cannot be used."""
    received = in_short(value)
    return EncoderUnsupported(
        f"The setting {key!r} is {received}.",
        where=where,
        expected=f"{key}: {expected}",
        details={"setting": key, "received": received},
    )


def in_short(value: object) -> str:
    """``value`` as it stands in JSON, the start of it."""
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    # The decimals of a number of thousands of digits, and the text of a nested list, are not even made.
    if isinstance(value, int) and abs(value) >= 10**_SHOWN:
        return "a number of more than 60 digits"
    if isinstance(value, list | dict):
        kind = "list" if isinstance(value, list) else "object"
        return f"a {kind} of {len(value)}"
    text = repr(value)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
