"""Presets from hubs by the real code of KerasHub, kagglehub and huggingface_hub: a hub on loopback, caches, offline."""

from __future__ import annotations

import json
import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from fake_hub import COMMIT, NOWHERE, ask_apart, fake_hub
from samesay.cli.main import cli
from samesay.errors import HubUnreachable
from samesay.model.presets.installed import kaggle_folder
from samesay.model.presets.resolve import open_task, resolve
from tiny_hugging_face import save_tiny_hugging_face_bert

OPEN = """
import json, sys
from samesay.errors import SameSayError
from samesay.pair_model import PairModel

for name in sys.argv[1:]:
    try:
        row = PairModel.from_preset(name, ["different", "same"]).predict((["a dog runs"], ["the cat sleeps"]))
        print(json.dumps({"row": row.tolist()}))
    except SameSayError as error:
        print(json.dumps(error.to_dict()))
"""


def opened(cache: Path, *names: str, **environment: str) -> list[dict[str, Any]]:
    """What opening each of the presets ends in."""
    return ask_apart(OPEN, cache, *names, **environment)


def test_a_hugging_face_model_opens_online_then_offline_and_refusals_are_told_apart(
    tmp_path: Path, tiny_preset: Path
) -> None:
    good = save_tiny_hugging_face_bert(tmp_path / "good")
    unheard_of = shutil.copytree(good, tmp_path / "unheard-of")
    (unheard_of / "config.json").write_text(json.dumps({"model_type": "unheard-of"}))
    without = shutil.copytree(good, tmp_path / "without")
    (without / "model.safetensors").rename(without / "pytorch_model.bin")
    models = {"me/tiny": good, "me/unheard-of": unheard_of, "me/without": without, "me/keras": tiny_preset}
    refused = {"me/private": (401, "RepoNotFound"), "me/gated": (403, "GatedRepo"), "me/forbidden": (403, "")}
    names = [f"hf://{name}" for name in (*models, *refused, "me/nothing")]
    cache = tmp_path / "cache"
    with fake_hub(models, refused) as address:
        answers = opened(cache, *names, HF_ENDPOINT=address, HF_HUB_OFFLINE="0")
    found = dict(zip(names, answers, strict=True))
    (row,) = found["hf://me/tiny"]["row"]
    assert sum(row) == pytest.approx(1, abs=1e-5)
    assert found["hf://me/unheard-of"]["code"] == "encoder-unsupported"
    assert "unheard-of" in found["hf://me/unheard-of"]["message"]
    assert found["hf://me/without"]["code"] == "encoder-unsupported"
    assert "model.safetensors" in found["hf://me/without"]["message"]
    # The hub is asked again: the pickle was not fetched.
    assert (
        f"from_pretrained('me/without', revision='{COMMIT}')"
        in shlex.split(found["hf://me/without"]["hint"])[2]
    )
    assert sum(found["hf://me/keras"]["row"][0]) == pytest.approx(1, abs=1e-5)
    for name, status in (("private", 401), ("gated", 403), ("forbidden", 403)):
        error = found[f"hf://me/{name}"]
        assert (error["code"], error["details"].get("status")) == ("preset-unknown", status), error
        assert "HF_TOKEN" in error["hint"]
    assert found["hf://me/nothing"]["code"] == "preset-unknown"

    offline = opened(cache, "hf://me/tiny", "hf://me/nothing", HF_ENDPOINT=NOWHERE, HF_HUB_OFFLINE="1")
    assert offline[0]["row"] == found["hf://me/tiny"]["row"]
    assert offline[1]["code"] == "hub-unreachable"


@pytest.fixture
def kaggle_cache(tmp_path: Path, tiny_preset: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache that holds a (tiny) bert_tiny_en_uncased of version 3, unmarked, on a machine without a network."""
    monkeypatch.setenv("KAGGLEHUB_CACHE", str(tmp_path))
    for variable in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(variable, NOWHERE)
    for variable in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(variable, raising=False)
    variation = tmp_path / "models" / "keras" / "bert" / "keras" / "bert_tiny_en_uncased"
    shutil.copytree(tiny_preset, variation / "3")
    return variation


def mark_each_file(variation: Path) -> None:
    for file in (variation / "3").rglob("*"):
        if file.is_file():
            mark = variation / ".complete" / "3" / f"{file.relative_to(variation / '3')}.complete"
            mark.parent.mkdir(parents=True, exist_ok=True)
            mark.touch()


@pytest.mark.parametrize("marked", ["in one piece", "file by file", "file by file, without task.json"])
@pytest.mark.parametrize("name", ["bert_tiny_en_uncased", "kaggle://keras/bert/keras/bert_tiny_en_uncased"])
def test_a_preset_of_the_kaggle_cache_opens_without_a_network(
    kaggle_cache: Path, marked: str, name: str
) -> None:
    if marked == "in one piece":
        (kaggle_cache / "3.complete").touch()
    else:
        if "without" in marked:  # as backbones are published: KerasHub asks the hub for it every time
            (kaggle_cache / "3" / "task.json").unlink()
        mark_each_file(kaggle_cache)
    task = open_task(resolve(name), num_classes=3)
    assert task.backbone.hidden_dim == 16
    assert task.num_classes == 3


def test_what_was_fetched_by_half_is_not_taken(kaggle_cache: Path) -> None:
    mark_each_file(kaggle_cache)
    (kaggle_cache / ".complete" / "3" / "model.weights.h5.complete").unlink()
    assert kaggle_folder("kaggle://keras/bert/keras/bert_tiny_en_uncased") is None
    with pytest.raises(HubUnreachable, match="is not on this machine"):
        open_task(resolve("bert_tiny_en_uncased"), num_classes=3)


def test_presets_are_listed_with_what_is_here(
    kaggle_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (kaggle_cache / "3.complete").touch()
    repository = tmp_path / "hub" / "models--me--tiny"
    save_tiny_hugging_face_bert(repository / "snapshots" / ("c" * 40))
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text("c" * 40)
    monkeypatch.setattr("huggingface_hub.utils._cache_manager.HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr("samesay.model.presets.installed._MINILM_MODULE", "no_such_wheel_at_all")
    monkeypatch.setattr("samesay.model.presets.installed._NAME", "no-such-weights")

    def listed(*words: str) -> dict[str, dict[str, Any]]:
        result = CliRunner().invoke(cli, ["presets", *words, "--json"], standalone_mode=False)
        assert result.exception is None, result.exception
        return {preset["name"]: preset for preset in json.loads(result.stdout)["presets"]}

    everything = listed()
    tiny = everything["bert_tiny_en_uncased"]
    assert (tiny["family"], tiny["parameters"], tiny["cached"]) == ("Bert", 4_385_920, True)
    assert tiny["trains"]
    assert tiny["scores_without_keras"]
    size = sum(file.stat().st_size for file in (kaggle_cache / "3").rglob("*") if file.is_file())
    assert tiny["bytes"] == size
    base = everything["roberta_base_en"]
    assert (base["family"], base["cached"], base["bytes"]) == ("Roberta", False, 4 * base["parameters"])
    assert everything["hf://me/tiny"]["family"] == "Bert"
    assert set(listed("--cached")) == {"bert_tiny_en_uncased", "hf://me/tiny"}
    assert "roberta_base_en" in listed("ROBERTA")
    assert "bert_tiny_en_uncased" not in listed("ROBERTA")
    shown = CliRunner().invoke(cli, ["presets", "tiny"], standalone_mode=False).stdout
    assert "4,385,920" in shown
    assert "on this machine" in shown
