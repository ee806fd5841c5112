"""Models of the Hugging Face hub to a folder on this disk, all of its files at one commit, by the hub's own library.

An address is ``hf://owner/name[@revision]``. What is in the cache is found without a connection.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from pathlib import Path

from samesay.errors import PresetUnknown
from samesay.model.huggingface.config import CONFIG, json_or_nothing

SCHEME = "hf://"
_ADDRESS = re.compile(r"hf://(?P<repository>\w[\w.-]*/\w[\w.-]*)(?:@(?P<revision>[^:@\s]+))?", re.ASCII)

# No pickle among them. What a model is comes first, so that nobody waits for weights that cannot be used.
_FACTS = ("*.json", "*.txt", "*.model", "assets/*", "adapter_model.safetensors")
_ELSEWHERE = ("onnx/*", "openvino/*", "coreml/*")
_WEIGHTS = ("model*.safetensors", "0_*/*.safetensors", "*.weights.h5")


@dataclass(frozen=True, slots=True)
class HubModel:
    """A model of the hub.

    Attributes:
        repository: ``owner/name``.
        revision: The branch, tag or commit that was asked for; the default branch where absent.
        commit: What that was when it was fetched; empty before.
    """

    repository: str
    revision: str | None = None
    commit: str = ""

    @classmethod
    def parse(cls, text: str) -> HubModel:
        """Read an address."""
        found = _ADDRESS.fullmatch(text)
        if found is None:
            raise PresetUnknown(
                f"Cannot read the address {text!r}.",
                where="preset",
                expected="hf://owner/name, or hf://owner/name@revision with a branch, a tag or a commit",
            )
        return cls(found["repository"], found["revision"])

    @property
    def pinned(self) -> str:
        """The address of the same files at any later time."""
        return f"{SCHEME}{self.repository}@{self.commit}"

    def to_dict(self) -> dict[str, str | None]:
        """As JSON types: the address without its revision, that, and the commit."""
        return {"address": f"{SCHEME}{self.repository}", "revision": self.revision, "commit": self.commit}


@functools.lru_cache(maxsize=64)  # a run opens it several times; a hub that changes meanwhile changes nothing
def fetch(model: HubModel) -> tuple[Path, str]:
    """The folder of a model's files and their commit, fetched if they are not in the cache."""
    from huggingface_hub import snapshot_download

    folder = Path(snapshot_download(model.repository, revision=model.revision, allow_patterns=list(_FACTS)))
    commit = folder.name
    if _wants_weights(folder):
        # By the commit: a branch may have moved on since.
        snapshot_download(
            model.repository, revision=commit, allow_patterns=list(_WEIGHTS), ignore_patterns=list(_ELSEWHERE)
        )
    return folder, commit


def _wants_weights(folder: Path) -> bool:
    """Whether they are of a kind that may be opened: of KerasHub, or of a family that is known here."""
    from samesay.model.huggingface.families import FAMILIES

    places = [place for place in (folder / CONFIG, *sorted(folder.glob(f"*/{CONFIG}"))) if place.is_file()]
    configs = [config for place in places[:8] if (config := json_or_nothing(place))]
    known = [None, *(family.model_type for family in FAMILIES)]
    return any(config.get("model_type") in known for config in configs)
