"""No command tells anybody anything: what is written under an empty home, and what is asked of any network."""

from __future__ import annotations

import json
import os
import re
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.version import Version

from commands import outcome
from samesay import _privacy
from samesay.cli.main import COMMANDS
from watched import Watched, watch

TESTS = Path(__file__).parents[1]
# docs/privacy.md says what each is.
KEPT = re.compile(r"\.keras/keras\.json|\.cache/matplotlib/fontlist-\S+\.json|\.cache/samesay/\S+")
SETTINGS = ["--epochs", "1", "--batch-size", "16", "--quiet"]


def commands(preset: Path) -> list[list[str]]:
    """Every command, with work that it succeeds at; models are left in the working folder."""
    first, second = "the dog runs in the park", "a dog runs"
    return [
        ["doctor"],
        ["models"],
        ["completion", "bash"],
        ["presets"],
        ["data", "show", "pairs.csv"],
        ["audit", "pairs.csv"],
        ["config"],
        ["train", "pairs.csv[:16]", "--preset", str(preset), "--output", "model", *SETTINGS],
        ["train", "generated:32", "--preset", str(preset), "--new-head", "--output", "nli", *SETTINGS],
        ["repair", "nli", "--below", "0", "--output", "repaired"],
        ["student", "model", "--layers", "1", "--output", "student"],
        ["inspect", "model"],
        ["verify", "model"],
        ["evaluate", "model", "pairs.csv", "--report", "report.html"],
        ["compare", "model", "baseline:majority", "--data", "pairs.csv"],
        ["calibrate", "model", "pairs.csv", "--max-overlap", "1"],
        ["check", "model"],
        ["score", "model", first, second, "--json"],
        ["score", "model", "--input", "pairs.csv", "--output", "scored.csv", "--jobs", "2"],
        ["rank", "model", "--input", "pairs.csv", "--column", "premise", "--query", first],
        ["duplicates", "model", "pairs.csv", "--column", "premise"],
        ["embed", "pairs.csv[:4]", "--column", "premise", "--model", "minilm", "--output", "vectors.npy"],
        ["export", "model", "folder", "--to", "huggingface"],
        ["import", "folder", "--output", "imported"],
    ]


@pytest.fixture(scope="module")
def run(tiny_preset: Path, tmp_path_factory: pytest.TempPathFactory) -> Watched:
    folder = tmp_path_factory.mktemp("watched")
    animals = ("dog", "cat", "man", "woman")
    rows = [
        f"the {one} runs,a {other} runs,{'same' if one == other else 'different'}"
        for one in animals
        for other in animals
    ]
    (folder / "pairs.csv").write_text("\n".join(["premise,hypothesis,label", *rows * 7]), encoding="utf-8")
    asked = commands(tiny_preset)
    (folder / "commands.json").write_text(json.dumps(asked), encoding="utf-8")
    program = [sys.executable, str(TESTS / "commands_in_turn.py"), "commands.json", "statuses.json"]
    watched = watch(program, folder)
    assert watched.status == 0, watched.output
    statuses = json.loads((folder / "statuses.json").read_text(encoding="utf-8"))
    assert [one for one in statuses if one[1] != 0] == [], watched.output
    assert {words[0] for words in asked} == set(COMMANDS)
    return watched


def test_no_command_leaves_an_identity_or_events_in_the_users_home(run: Watched) -> None:
    assert [path for path in run.files if not KEPT.fullmatch(path)] == []


def test_no_command_asks_any_network_also_from_threads_and_processes_of_its_own(run: Watched) -> None:
    if run.asked is None:
        pytest.skip("no network of our own can be made here: `unshare --map-root-user --net` fails")
    assert run.asked == []


def test_what_is_watched_for_would_be_seen(tmp_path: Path) -> None:
    code = "import socket\ntry: socket.create_connection(('192.0.2.1', 443))\nexcept OSError: pass\n"
    code += "try: socket.getaddrinfo('collector.example', 443)\nexcept OSError: pass\n"
    seen = watch([sys.executable, "-c", f"import onnxruntime\n{code}"], tmp_path)
    assert seen.status == 0, seen.output
    if seen.asked is not None:
        assert "collector.example" in seen.asked
        assert "connections begun: 1" in seen.asked
    if Version(version("onnxruntime")) >= Version("1.29"):
        assert any(path.endswith("deviceid") for path in seen.files)


def test_what_a_user_has_decided_stays(tmp_path: Path) -> None:
    code = "from samesay import Scorer\nimport onnxruntime"
    program = [sys.executable, "-c", code]
    assert watch(program, tmp_path).files == []
    assert watch(program, tmp_path, ORT_DISABLE_TELEMETRY="").files == []
    if Version(version("onnxruntime")) >= Version("1.29"):
        assert any(
            path.endswith("deviceid") for path in watch(program, tmp_path, ORT_DISABLE_TELEMETRY="0").files
        )


def test_doctor_tells_whose_telemetry_is_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    def told() -> str:
        findings = json.loads(outcome(capsys, "doctor", "--json")[1])["findings"]
        return next(one["value"] for one in findings if one["name"] == "telemetry")

    for name in _privacy.SWITCHES:
        monkeypatch.delenv(name, raising=False)
    _privacy.switch_off()
    assert told() == "switched off"
    monkeypatch.setenv("HF_HUB_DISABLE_TELEMETRY", "0")
    assert "HF_HUB_DISABLE_TELEMETRY" in told()
    _privacy.switch_off()
    assert os.environ["HF_HUB_DISABLE_TELEMETRY"] == "0"


def test_nothing_of_ours_imports_onnx_runtime_but_the_place_that_switches_it_off() -> None:
    root = TESTS.parent
    importing = re.compile(r"^\s*(import onnxruntime|from onnxruntime)", re.MULTILINE)
    found = {
        path.name
        for folder in ("src", "benchmarks", "examples")
        for path in (root / folder).rglob("*.py")
        if importing.search(path.read_text(encoding="utf-8"))
    }
    # The peer is started by what has imported SameSay, in an environment that lacks it.
    assert found == {"_privacy.py", "scoring_speed_peer.py"}
