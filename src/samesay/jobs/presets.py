"""What can be trained from, with what SameSay itself can do with each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from samesay.export.families.table import supported_encoders
from samesay.model.encoders import supported_tokenizers
from samesay.model.presets.catalogue import Offer, offers


@dataclass(frozen=True)
class ListedPreset:
    """A preset, and what it can be used for.

    Attributes:
        offer: What it is, and whether it is on this machine.
        trains: Whether its tokenizer has a twin, without which it cannot be trained.
        scores_without_keras: Whether a model that was trained from it can be written as ONNX, too.
    """

    offer: Offer
    trains: bool
    scores_without_keras: bool

    def to_dict(self) -> dict[str, Any]:
        """The preset as JSON types."""
        offer = self.offer
        return {
            "name": offer.name,
            "family": offer.family.name,
            "parameters": offer.parameters,
            "bytes": offer.bytes,
            "cached": offer.cached,
            "trains": self.trains,
            "scores_without_keras": self.scores_without_keras,
            "description": offer.description,
        }


def list_presets(words: str = "", *, cached: bool = False) -> list[ListedPreset]:
    """The presets in whose name, family or description ``words`` occurs.

    Args:
        words: Case makes no difference; all of them where empty.
        cached: Only those that are on this machine.

    Raises:
        ExtraMissing: If KerasHub is not installed.
    """
    tokenizers, encoders = supported_tokenizers(), supported_encoders()
    return [
        ListedPreset(
            offer,
            trains=offer.family.tokenizer in tokenizers,
            scores_without_keras=offer.family.tokenizer in tokenizers and offer.family.backbone in encoders,
        )
        for offer in offers()
        if words.casefold() in f"{offer.name} {offer.family.name} {offer.description}".casefold()
        and (offer.cached or not cached)
    ]
