"""What a dataset's card says of its files: the ``configs`` in the YAML above a README.md of the Hugging Face hub.

Each configuration declares its files by split, with wildcards of which ``*`` stays within a folder and ``**`` does not.
Knows names of files, no hub and no contents.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from samesay.data.splits import canonical_split

Splits = dict[str, tuple[str, ...]]
"""The name of a split to its files in reading order, as paths in the repository."""


def declared_files(card: Path, tables: Sequence[str]) -> tuple[dict[str, Splits], str | None]:
    """Configuration, then split, to files; and the configuration that is meant where none is named, if it says so.

    Returns:
        Nothing of what the card declares without a file among ``tables``, and nothing at all of a card that declares
        no files or cannot be read.
    """
    import fsspec.utils
    import huggingface_hub

    def matching(patterns: Any, folder: str) -> tuple[str, ...]:
        listed = [patterns] if isinstance(patterns, str) else list(patterns or ())
        found: dict[str, None] = {}
        for pattern in listed:
            wanted = re.compile(fsspec.utils.glob_translate(folder + str(pattern).removeprefix("./")))
            found |= dict.fromkeys(name for name in tables if wanted.match(name))
        return tuple(found)

    files: dict[str, Splits] = {}
    default = None
    try:
        configs = (huggingface_hub.metadata_load(card) or {}).get("configs") or ()
        for config in configs:
            name = str(config.get("config_name", "default"))
            folder = f"{config['data_dir'].strip('/')}/" if config.get("data_dir") else ""
            splits: Splits = {}
            declared = dict(_patterns(config.get("data_files")))
            for split, patterns in declared.items():
                usual = canonical_split(split)
                found = matching(patterns, folder)
                if found:
                    splits[split if usual in declared else usual] = found
            if splits:
                files[name] = splits
                default = name if config.get("default") is True else default
    except Exception:  # a card is anybody's text: YAML and shapes of every kind; the files' names say enough
        return {}, None
    return files, default


def _patterns(declared: Any) -> Iterable[tuple[str, Any]]:
    """Split and patterns, of the forms in which a card may say it; what names no split is the train split."""
    if isinstance(declared, Mapping):
        return [(str(split), patterns) for split, patterns in declared.items()]
    if isinstance(declared, list) and declared and isinstance(declared[0], Mapping):
        return [(str(entry["split"]), entry["path"]) for entry in declared]
    return [("train", declared)]
