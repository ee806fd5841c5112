"""The built-in models as they lie in the package: they fit into the wheel, and git does not leave them out of it."""

from __future__ import annotations

import io
import subprocess
import zipfile
from pathlib import Path

import pytest

import samesay
from samesay.bundle import BUILTIN_MODELS, open_bundle

PACKAGE = Path(samesay.__file__).parent
MODELS = PACKAGE / "bundle" / "models"
LARGEST_MODELS, LARGEST_WHEEL = 45_000_000, 100_000_000

present = pytest.mark.skipif(not MODELS.is_dir(), reason="this checkout holds no built-in models")


def zipped(files: list[Path]) -> int:
    """Bytes of a zip, which a wheel is."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for place in files:
            archive.write(place, place.relative_to(PACKAGE))
    return len(packed.getvalue())


@present
def test_the_wheel_stays_within_its_sizes() -> None:
    files = [place for place in PACKAGE.rglob("*") if place.is_file() and "__pycache__" not in place.parts]
    models = [place for place in files if place.is_relative_to(MODELS)]
    assert zipped(models) <= LARGEST_MODELS
    assert zipped(files) <= LARGEST_WHEEL


@present
@pytest.mark.parametrize("name", [one.name for one in BUILTIN_MODELS])
def test_a_model_is_whole_and_trains_on(name: str) -> None:
    bundle = open_bundle(name)
    assert bundle.undeclared == ()
    assert bundle.has("onnx")
    assert bundle.has("architecture") or bundle.manifest.dimension is not None
    assert bundle.manifest.decision.symmetric == (name == "builtin:same")


def test_git_keeps_what_a_model_is_made_of() -> None:
    # hatchling leaves out what git ignores.
    names = ["samesay.json", "README.md", "recipe.yaml", "onnx/model.onnx", "onnx/encoder.json"]
    names += ["architecture/config.json", "architecture/assets/tokenizer/vocabulary.txt"]
    places = [str(MODELS / "nli" / name) for name in names]
    try:
        done = subprocess.run(
            ["git", "check-ignore", *places], cwd=PACKAGE, capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        pytest.skip("git is not installed")
    assert done.stdout == ""
