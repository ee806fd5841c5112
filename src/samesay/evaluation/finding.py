"""One thing to know before metrics, or data, are relied on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Weight = Literal["fault", "caution"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong, or needs care, in words.

    Attributes:
        code: Stable, such as ``labels-permuted`` or ``shared-pairs``.
        weight: ``fault`` where metrics do not mean what they seem to, ``caution`` where they need care.
        text: A sentence or two, with counts.
        places: Where the first of the rows are that it is about.
    """

    code: str
    weight: Weight
    text: str
    places: tuple[str, ...] = ()

    @property
    def is_fault(self) -> bool:
        """Whether metrics do not mean what they seem to."""
        return self.weight == "fault"

    def to_dict(self) -> dict[str, Any]:
        """The finding as JSON types; ``places`` where there are any."""
        fields: dict[str, Any] = {"code": self.code, "weight": self.weight, "text": self.text}
        return {**fields, "places": list(self.places)} if self.places else fields
