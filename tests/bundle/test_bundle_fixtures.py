"""Bundles of every format version stay readable: opened, scored and, with Keras, predicted alike."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from samesay.bundle import FORMAT_VERSION, open_bundle, read_pair_hashes
from samesay.bundle.layout import PARTS
from samesay.errors import BundleError
from samesay.pairs import Pair
from samesay.scoring import Scorer

FIXTURES = Path(__file__).parent / "fixtures"
VERSIONS = sorted(
    int(path.name.removeprefix("version_")) for path in FIXTURES.glob("version_*") if path.is_dir()
)


def expected(version: int) -> tuple[list[Pair], np.ndarray, list[list[int]]]:
    noted = json.loads((FIXTURES / f"version_{version}_expected.json").read_text(encoding="utf-8"))
    return (
        [Pair(each["first"], each["second"]) for each in noted["pairs"]],
        np.array([each["probabilities"] for each in noted["pairs"]], np.float32),
        [each["tokens_lost"] for each in noted["pairs"]],
    )


def test_every_version_up_to_todays_has_its_frozen_bundle() -> None:
    assert list(range(1, FORMAT_VERSION + 1)) == VERSIONS


@pytest.mark.parametrize("version", VERSIONS)
def test_a_frozen_bundle_opens_and_answers_as_on_its_first_day(version: int) -> None:
    path = FIXTURES / f"version_{version}"
    bundle = open_bundle(path)
    assert bundle.undeclared == ()
    assert bundle.manifest.answers.names == ("different", "same")
    assert str(bundle.manifest.sides) == "hypothesis,premise"
    assert bundle.manifest.decision.temperature == 1.25
    assert bundle.manifest.decision.biases == {"different": 0.25, "same": -0.25}
    assert bundle.manifest.data["counts"] == {"different": 32, "same": 32}
    assert len(read_pair_hashes(bundle.part("pair_hashes"))["train"]) == 8
    pairs, probabilities, tokens_lost = expected(version)
    scores = Scorer.open(path).read(pairs)
    np.testing.assert_allclose(scores.values, probabilities, atol=1e-5)
    assert scores.tokens_lost.tolist() == tokens_lost
    assert len(np.unique(scores.values.round(4), axis=0)) == len(pairs)


def test_the_frozen_policy_decides_as_on_its_first_day() -> None:
    noted = json.loads((FIXTURES / "version_1_expected.json").read_text(encoding="utf-8"))["pairs"]
    answers = Scorer.open(FIXTURES / "version_1").score(expected(1)[0])
    assert [(one.label, one.abstained) for one in answers] == [
        (one["label"], one["abstained"]) for one in noted
    ]
    assert {one.abstained for one in answers} == {True, False}


def test_the_keras_part_of_a_frozen_bundle_answers_alike() -> None:
    import keras_hub

    path = FIXTURES / "version_1"
    task = keras_hub.models.TextClassifier.from_preset(str(open_bundle(path).part("keras")))
    pairs = [
        pair for pair in expected(1)[0] if "[" not in pair.second
    ]  # KerasHub takes that for its separator
    answers = task.predict(([pair.first for pair in pairs], [pair.second for pair in pairs]), verbose=0)
    np.testing.assert_allclose(np.asarray(answers), Scorer.open(path, threads=1).logits(pairs), atol=1e-4)


def test_a_flipped_byte_in_any_file_of_a_real_bundle_is_refused(tmp_path: Path) -> None:
    path = Path(shutil.copytree(FIXTURES / "version_1", tmp_path / "model"))
    files = sorted(file for file in path.rglob("*") if file.is_file())
    assert len(files) == 13
    for file in files:
        content = file.read_bytes()
        place = len(content) // 2
        file.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        with pytest.raises(BundleError) as error:
            open_bundle(path)
        assert file.relative_to(path).as_posix() in (error.value.where or "")
        file.write_bytes(content)


def test_the_table_of_parts_is_the_one_that_frozen_versions_were_written_with() -> None:
    """Whoever changes this table changes what old releases read: see the rule in samesay.bundle.layout."""
    assert FORMAT_VERSION == 1
    assert {name: (part.place, part.required, part.needs_verdict) for name, part in PARTS.items()} == {
        "architecture": ("architecture", ("config.json", "task.json"), False),
        "keras": ("keras", ("config.json", "task.json"), False),
        "onnx": ("onnx", ("model.onnx", "encoder.json"), True),
        "card": ("README.md", (), False),
        "report": ("report", (), False),
        "pair_hashes": ("pair_hashes.txt.gz", (), False),
        "recipe": ("recipe.yaml", (), False),
    }
