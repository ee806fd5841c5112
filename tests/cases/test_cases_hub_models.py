"""Models of a hub: all files of one commit, which the saved model records and a later run can ask for."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from commands import outcome
from fake_hub import COMMIT, NOWHERE, ask_apart, commit_of, fake_hub
from tiny_hugging_face import save_tiny_hugging_face_bert

COMMANDS = """
import json, sys
from click.testing import CliRunner
from samesay.cli.main import cli
from samesay.errors import SameSayError

for words in json.loads(sys.argv[1]):
    done = CliRunner().invoke(cli, words, standalone_mode=False)
    error = done.exception
    assert error is None or isinstance(error, (SameSayError, SystemExit)), repr(error)
    print(json.dumps(error.to_dict() if isinstance(error, SameSayError) else {"code": None}))
"""


def run(cache: Path, *commands: list[Any], **environment: str) -> list[dict[str, Any]]:
    """What commands end in, one after the other in a process with this cache of the hub."""
    words = [[str(word) for word in command] for command in commands]
    return ask_apart(COMMANDS, cache, json.dumps(words), **environment)


def recipe_of(model: Path) -> dict[str, Any]:
    return json.loads((model / "samesay.json").read_text(encoding="utf-8"))["recipe"]


def test_a_revision_is_fetched_recorded_and_had_again_without_a_connection(
    tmp_path: Path, pairs_file: Path
) -> None:
    newest = save_tiny_hugging_face_bert(tmp_path / "newest", outputs=2)
    first = shutil.copytree(newest, tmp_path / "first")
    config = json.loads((first / "config.json").read_text())
    (first / "config.json").write_text(json.dumps({**config, "id2label": {"0": "no", "1": "yes"}}))
    cache = tmp_path / "cache"

    def imported(name: str, address: str) -> list[Any]:
        return ["import", address, "--output", tmp_path / name, "--quiet"]

    trained = ["--preset", "hf://me/tiny@v1/first", "--new-head", "--output", tmp_path / "trained"]
    trained += ["--epochs", "1", "--quiet"]
    names = {"a": "hf://me/tiny", "b": "hf://me/tiny@v1/first"}
    with fake_hub({"me/tiny": newest, "me/tiny@v1/first": first}) as address:
        online = run(
            cache,
            *(imported(name, at) for name, at in names.items()),
            imported("c", "hf://me/tiny@v2"),
            ["train", pairs_file, *trained],
            HF_ENDPOINT=address,
            HF_HUB_OFFLINE="0",
        )
    assert [answer["code"] for answer in online] == [None, None, "preset-unknown", None], online
    assert recipe_of(tmp_path / "a")["hub"] == {"address": "hf://me/tiny", "revision": None, "commit": COMMIT}
    of_first = {"address": "hf://me/tiny", "revision": "v1/first", "commit": commit_of("me/tiny@v1/first")}
    assert recipe_of(tmp_path / "b")["hub"] == of_first
    assert recipe_of(tmp_path / "trained")["hub"] == of_first
    labels = [json.loads((tmp_path / name / "samesay.json").read_text())["labels"] for name in "ab"]
    assert labels == [["answer 0", "answer 1"], ["no", "yes"]]
    pinned = f"hf://me/tiny@{of_first['commit']}"
    assert pinned in (tmp_path / "trained" / "recipe.yaml").read_text(encoding="utf-8")

    offline = run(
        cache,
        imported("d", "hf://me/tiny@v1/first"),
        imported("e", pinned),
        imported("f", "hf://me/tiny@v2"),
        HF_ENDPOINT=NOWHERE,
        HF_HUB_OFFLINE="1",
    )
    assert [answer["code"] for answer in offline] == [None, None, "hub-unreachable"], offline
    assert recipe_of(tmp_path / "d")["hub"] == of_first
    assert recipe_of(tmp_path / "e")["hub"] == {**of_first, "revision": of_first["commit"]}


@pytest.mark.parametrize(
    "address",
    [
        "hf://",
        "hf://tiny",
        "hf://me/tiny@",
        "hf://me/tiny@a b",
        "hf://me/tiny@a@b",
        "hf://a/b/c",
        "hf://../x",
    ],
)
def test_an_address_that_is_none_is_refused(tmp_path: Path, capsys: Any, address: str) -> None:
    code, _, said = outcome(capsys, "import", address, "--output", tmp_path / "model", "--quiet")
    assert (code, "hf://owner/name@revision" in said) == (31, True), said
