"""Recipe files: what they may say, what is refused with its line, what is printed, and that it reads back the same."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

from samesay.cli.main import cli
from samesay.data import ReadOptions
from samesay.errors import RecipeInvalid, RecipeVersionUnknown, UsageError
from samesay.pairs import Sides
from samesay.recipes.rendering import as_toml, as_yaml, json_schema
from samesay.recipes.run import Run, defaults, gather, keys, read_recipe
from samesay.recipes.text import MOST_BYTES
from samesay.training import Recipe

YAML = """\
version: 1
data: folder:train[:20%]
preset: minilm
# 1e-4 is a number and yes is a text, as in YAML 1.2
learning_rate: 1e-4
labels: [yes, no, "1"]
rename_labels: {0: no, on: yes}
sides:
  - hypothesis
  - premise
warmup: 0
seed: 7
"""
TOML = """\
version = 1
data = "folder:train[:20%]"
preset = "minilm"
learning_rate = 1e-4
labels = ["yes", "no", "1"]
sides = ["hypothesis", "premise"]
warmup = 0
seed = 7

[rename_labels]
0 = "no"
on = "yes"
"""


def written(folder: Path, text: str | bytes, name: str = "recipe.yaml") -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


@pytest.mark.parametrize(
    ("name", "text"), [("recipe.yaml", YAML), ("recipe.yml", YAML), ("recipe.toml", TOML)]
)
def test_both_formats_say_the_same(tmp_path: Path, name: str, text: str) -> None:
    run, settings = gather(written(tmp_path, text, name), {})
    assert run == Run(
        data="folder:train[:20%]",
        preset="minilm",
        reading=ReadOptions(
            labels=("yes", "no", "1"),
            rename_labels={"0": "no", "on": "yes"},
            sides=Sides("hypothesis", "premise"),
        ),
    )
    assert settings == Recipe(learning_rate=1e-4, warmup=0.0, seed=7)
    assert isinstance(settings.warmup, float)


def test_options_override_the_file(tmp_path: Path) -> None:
    path = written(tmp_path, YAML)
    run, settings = gather(path, {"data": "other.csv", "seed": 8, "epochs": None})
    assert (run.data, settings.seed, settings.epochs, settings.learning_rate) == ("other.csv", 8, None, 1e-4)


REFUSED = [
    ("seed: 1\nlearnin_rate: 0.1\n", 2, "no key 'learnin_rate'", "did you mean 'learning_rate'?"),
    ("batch-size: 8\n", 1, "no key 'batch-size'", "did you mean 'batch_size'?"),
    ("overwrite: true\n", 1, "no key 'overwrite'", "the command line alone: --overwrite"),
    ("\n\nepochs: 3.0\n", 3, "epochs cannot be 3.0", "a whole number"),
    ("epochs: true\n", 1, "epochs cannot be True", "a whole number"),
    ("new_head: 1\n", 1, "new_head cannot be 1", "true or false"),
    ("seed: 1\nepochs: 0\n", 2, "epochs cannot be 0", "at least 1"),
    ("labels: [0, 1]\n", 1, "labels cannot be [0, 1]", "a text (quoted"),
    ("sides: [a, b, c]\n", 1, "sides cannot be", "a list of 2"),
    ("data: -\n", 1, "not YAML", "goes in quotes"),
    ("optimizer: sgd\n", 1, "optimizer cannot be 'sgd'", "adam, adamw"),
    ("schedule: constant\nwarmup: 0.2\n", 2, "has no effect where schedule is 'constant'", "left out or 0"),
    ("weight_decay: 0.1\noptimizer: adam\n", 1, "has no effect where optimizer is 'adam'", "left out or 0"),
    ("seed: 1\nseed: 2\n", 2, "'seed' is there twice", ""),
    ("columns: {first: a, first: b}\n", 1, "'first' is there twice", ""),
    ("data: &a pairs.csv\nvalidation: *a\n", 1, "no anchors and no aliases", ""),
    ("data: !!python/object/apply:os.getcwd []\n", 1, "no values of the type", ""),
    ("data: " + "[" * 3000, 1, "nested too deep", ""),
    ("seed: 1\n- a\n", 2, "not YAML", ""),
    ("data: 'open\n", 2, "not YAML", ""),
    ("just words\n", 1, "keys with values", ""),
    ("? [a]\n: b\n", 1, "A key is a text", ""),
    ("seed: 1\ndelimiter: ab\n", 2, "'ab' cannot be a field delimiter", "one character"),
    ("version: one\n", 1, "version cannot be 'one'", "version: 1"),
]


@pytest.mark.parametrize(("text", "line", "message", "advice"), REFUSED, ids=range(len(REFUSED)))
def test_what_cannot_be_is_refused_with_its_line(
    tmp_path: Path, text: str, line: int, message: str, advice: str
) -> None:
    path = written(tmp_path, text)
    with pytest.raises(RecipeInvalid) as caught:
        gather(path, {})
    assert message in caught.value.message
    assert caught.value.where == f"{path}:{line}"
    assert advice in f"{caught.value.expected} {caught.value.hint}"
    assert caught.value.exit_code == 3


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("seed = 1\nepoch = 2\n", 2, "no key 'epoch'"),
        ("seed = 1\nseed = 2\n", 2, "not TOML"),
        ("seed = 1\n\n[rename_labels]\na = 1\n", 3, "rename_labels cannot be"),
        ("data = 2020-01-01\n", 1, "data cannot be"),
        ("learning_rate = nan\n", 1, "learning_rate cannot be nan"),
    ],
)
def test_the_same_holds_for_toml(tmp_path: Path, text: str, line: int, message: str) -> None:
    path = written(tmp_path, text, "recipe.toml")
    with pytest.raises(RecipeInvalid, match=message) as caught:
        gather(path, {})
    assert caught.value.where == f"{path}:{line}"


def test_a_file_that_is_no_recipe_at_all(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    written(tmp_path / "model", "seed: 1\n")
    large = written(tmp_path, "# " + "x" * MOST_BYTES, "large.yaml")
    latin = written(tmp_path, "seed: 1\ndata: caf\xe9".encode("latin-1"), "latin.yaml")
    for path, message in (
        (tmp_path / "nowhere.yaml", "There is no recipe file"),
        (tmp_path / "recipe.ini", "Cannot tell the format"),
        (tmp_path / "model", "is a folder"),
        (large, "too large"),
        (latin, "not UTF-8"),
    ):
        with pytest.raises(RecipeInvalid, match=message) as caught:
            gather(path, {})
        assert str(path) in (caught.value.where or "")
    assert gather(written(tmp_path, "# nothing\n"), {}) == (Run(), Recipe())


def test_a_newer_recipe_says_to_upgrade(tmp_path: Path) -> None:
    with pytest.raises(RecipeVersionUnknown) as caught:
        gather(written(tmp_path, "seed: 1\nversion: 2\nunheard_of: 3\n"), {})
    assert (caught.value.where or "").endswith(":2")
    assert "upgrade" in (caught.value.hint or "")


def test_a_contradiction_between_options_is_refused_and_an_override_is_none(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"warmup 0\.2 has no effect") as caught:
        gather(None, {"schedule": "constant", "warmup": 0.2})
    assert caught.value.where == "warmup"
    with pytest.raises(UsageError, match=r"warmup 0\.2 has no effect"):
        gather(written(tmp_path, "schedule: constant\n"), {"warmup": 0.2})
    _, settings = gather(written(tmp_path, "warmup: 0.2\n"), {"schedule": "constant"})
    assert (settings.schedule, settings.warmup) == ("constant", Recipe().warmup)


@pytest.mark.parametrize(("suffix", "render"), [(".yaml", as_yaml), (".toml", as_toml)])
@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"data": "a: b # c", "where": "x~1e-4", "labels": ("yes", "1e-4", "null", "~", "")},
        {
            "rename_labels": {"a\n'b\"": "\x7f\t\\", "é": "含意 🙂"},
            "learning_rate": 1e-05,
            "dropout": 0.1 + 0.2,
        },
        {"data": "-", "columns": {"first": "on"}, "sides": ("[a", "b]"), "early_stopping": 2},
    ],
    ids=range(4),
)
def test_what_is_printed_reads_back_the_same(tmp_path: Path, suffix: str, render, changed) -> None:
    values = {**defaults(), **changed}
    path = written(tmp_path, render(values, heading=["a heading"]), f"recipe{suffix}")
    assert read_recipe(path) == values


def test_every_setting_of_the_recipe_is_a_key_and_has_a_meaning() -> None:
    assert {*Recipe().to_dict()} < {*keys()}
    assert [name for name, key in keys().items() if not key.meaning] == []
    assert keys()["learning_rate"].meaning.startswith("Peak learning rate; by default 1e-4")


def test_the_schema_is_of_the_declaration() -> None:
    schema = json_schema()
    assert schema["properties"].keys() == defaults().keys()
    assert schema["properties"]["epochs"]["anyOf"] == [
        {"type": "integer", "minimum": 1},
        {"type": "null"},
    ]
    assert schema["properties"]["epochs"]["default"] is None
    assert {"enum": ["adam", "adamw"]} in schema["properties"]["optimizer"]["anyOf"]
    assert schema["additionalProperties"] is False


def test_config_prints_and_checks(tmp_path: Path) -> None:
    def printed(*words: str) -> str:
        result = CliRunner().invoke(cli, ["config", *words], standalone_mode=False)
        assert result.exception is None, result.exception
        return result.stdout

    assert "# Batch size, in pairs.\nbatch_size: 32\n" in printed()
    assert tomllib.loads(printed("--format", "toml"))["batch_size"] == 32
    assert json.loads(printed("--json")) == defaults()
    assert json.loads(printed("--schema")) == json_schema()
    for words in (("recipe.yaml", "--schema"), ("--format", "toml", "--schema")):
        refused = CliRunner().invoke(cli, ["config", *words], standalone_mode=False)
        assert isinstance(refused.exception, UsageError)
        assert "no effect beside --schema" in str(refused.exception)
    path = written(tmp_path, "schedule: constant\nseed: 9\n")
    completed = json.loads(printed(str(path), "--json"))
    assert completed["seed"] == 9
    assert completed["batch_size"] == 32
    again = written(tmp_path, printed(str(path)), "again.yaml")
    assert read_recipe(again) == completed
