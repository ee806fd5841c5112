"""The reference pages against the code: errors, options, settings, keys."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import json
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from doc_pages import PAGES, ROOT, blocks, prose, table

from samesay import errors
from samesay.bundle import PARTS, Manifest, open_bundle
from samesay.cli.main import COMMANDS, cli
from samesay.cli.options import data_options
from samesay.data import ReadOptions
from samesay.declaration import Setting, settings_of
from samesay.recipes.run import Run
from samesay.training import WORKED_EXAMPLE, Recipe
from samesay.training.recipe import RunFiles

DOCS = ROOT / "docs"
COMMAND_LINE = DOCS / "command-line.md"
OPTION = re.compile(r"(?<![\w-])--?[a-z][a-z-]*")
# Programs whose options the pages mention beside ours.
OTHER_PROGRAMS = ("pip", "uv", "make", "git", "python", "cp", "jq")


def commands() -> dict[str, click.Command]:
    found: dict[str, click.Command] = {}
    for name, module in COMMANDS.items():
        command = importlib.import_module(module).command
        parts = command.commands if isinstance(command, click.Group) else {"": command}
        found |= {f"{name} {part}".strip(): one for part, one in parts.items()}
    return found


def options_of(command: click.Command) -> set[str]:
    own = {
        option
        for parameter in command.params
        if isinstance(parameter, click.Option)
        for option in (*parameter.opts, *parameter.secondary_opts)
    }
    return own | {"--help", "-h"}


def tree(root: type[errors.SameSayError] = errors.SameSayError) -> Iterator[type[errors.SameSayError]]:
    yield root
    for child in root.__subclasses__():
        yield from tree(child)


def test_every_error_has_a_code_and_an_exit_status_of_its_own() -> None:
    kinds = [kind for kind in tree() if kind.__module__ == "samesay.errors"]
    assert len(kinds) > 30
    for attribute in ("code", "exit_code"):
        owned = [kind.__name__ for kind in kinds if attribute in vars(kind)]
        assert owned == [kind.__name__ for kind in kinds], f"an error without a {attribute} of its own"
        values = [getattr(kind, attribute) for kind in kinds]
        assert len(set(values)) == len(values), f"two errors share a {attribute}"
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", kind.code) for kind in kinds)
    assert all(0 < kind.exit_code < 256 and 400 <= kind.http_status < 600 for kind in kinds)


def test_no_error_lives_outside_of_the_tree() -> None:
    for module in sorted((ROOT / "src" / "samesay").rglob("*.py")):
        if module.name == "errors.py":
            continue
        public = re.findall(
            r"^class ([A-Z]\w*)\([\w.]*(?:Error|Exception)\)", module.read_text("utf-8"), re.MULTILINE
        )
        assert not public, f"{module.name} has an exception of its own: {public}"


def test_the_table_of_errors_is_the_tree() -> None:
    expected = [
        [
            f"`{kind.code}`",
            str(kind.exit_code),
            str(kind.http_status),
            f"`{kind.__name__}`",
            (kind.__doc__ or "").splitlines()[0].replace("``", "`"),
        ]
        for kind in sorted(tree(), key=lambda kind: kind.exit_code)
        if kind.__module__ == "samesay.errors"
    ]
    shown = "\n".join("| " + " | ".join(row) + " |" for row in expected)
    assert table(DOCS / "errors.md", "code") == expected, f"docs/errors.md should hold:\n{shown}"


def test_the_tree_drawn_in_the_module_names_every_error() -> None:
    drawn = set(re.findall(r"\b[A-Z]\w+", errors.__doc__ or ""))
    assert {kind.__name__ for kind in tree() if kind.__module__ == "samesay.errors"} <= drawn


@pytest.mark.parametrize("name", list(commands()))
def test_every_option_is_told(name: str) -> None:
    page = COMMAND_LINE.read_text(encoding="utf-8")
    sections = {part.split("\n", 1)[0]: part for part in page.split("\n## ")}
    (section,) = (text for title, text in sections.items() if title.startswith(f"samesay {name}"))
    shared = sections["What all commands have"]
    command = commands()[name]
    reads_data = click.command("x")(data_options(lambda: None, without=("allow_empty_sides",)))
    if options_of(reads_data) <= options_of(command):
        shared += sections["Options for reading data"]
    if name == "train":
        shared += (DOCS / "training.md").read_text(encoding="utf-8")
    told = set(OPTION.findall(section + shared))
    missing = {
        parameter.opts[0]
        for parameter in command.params
        if isinstance(parameter, click.Option) and not told & {*parameter.opts}
    }
    assert not missing, f"docs/command-line.md does not tell {sorted(missing)} of samesay {name}"


def test_every_command_is_told() -> None:
    titles = re.findall(r"^## samesay (.+)$", COMMAND_LINE.read_text(encoding="utf-8"), re.MULTILINE)
    told = {" ".join(word for word in title.split() if word.islower()) for title in titles}
    assert told == set(commands())


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_no_option_is_made_up(page: Path) -> None:
    known = commands()
    every = set().union(*map(options_of, known.values())) | {"--version"}
    for span in re.findall(r"`([^`]+)`", prose(page)):
        words = span.split()
        if Path(words[0]).name in OTHER_PROGRAMS:
            continue
        strange = set(OPTION.findall(span)) - every
        assert not strange, f"{page.name}: {span!r} has options that no command has"
    for block in blocks(page):
        for line in block.code.replace("\\\n", " ").splitlines():
            called = re.match(r"samesay (.*)", line)
            if block.language == "sh" and called:
                name = max((one for one in known if called[1].startswith(one)), key=len, default=None)
                assert name, f"{block}: no such command: {line}"
                strange = set(OPTION.findall(line.split(" #")[0])) - options_of(known[name])
                assert not strange, f"{block}: samesay {name} has no {sorted(strange)}"


def test_the_tables_of_settings_are_the_declarations() -> None:
    """What a table should hold is in the failure, to be pasted."""
    of_recipe = [
        [f"`{one.option}`", f"`{one.name}`", _default(one), one.meaning]
        for one in settings_of(Recipe).values()
    ]
    shown = "\n".join(f"| {' | '.join(row)} |" for row in of_recipe)
    assert table(DOCS / "training.md", "option") == of_recipe, f"docs/training.md should hold:\n{shown}"
    page = COMMAND_LINE.read_text(encoding="utf-8")
    for declaration in (Run, RunFiles):
        rows = [
            f"| `{one.option}{f'`, `{one.short}' if one.short else ''}` | {_default(one)} | {one.meaning} |"
            for name, one in settings_of(declaration).items()
            if one.is_option and name not in settings_of(ReadOptions)
        ]
        assert "\n".join(rows) in page, "docs/command-line.md should hold:\n" + "\n".join(rows)


def _default(one: Setting) -> str:
    return one.unset or ("" if one.default in (None, False) else str(one.default))


def test_the_default_rate_by_width_is_as_told() -> None:
    assert (
        "1e-4 for encoders narrower than 512 hidden units and 3e-5 for others, with `lora` 2e-3 and 4e-4"
        in (settings_of(Recipe)["learning_rate"].meaning)
    )
    assert [Recipe().for_encoder(width).learning_rate for width in (511, 512)] == [1e-4, 3e-5]
    assert [Recipe(lora=8).for_encoder(width).learning_rate for width in (511, 512)] == [2e-3, 4e-4]


def test_the_example_s_recipes_are_as_told() -> None:
    rows = {name.strip("`"): told for name, told in table(DOCS / "training.md", "recipe")}
    assert set(rows) == set(WORKED_EXAMPLE)
    for name, told in rows.items():
        same = WORKED_EXAMPLE["defaults"] if told.startswith("the same") else None
        if same is not None:
            assert WORKED_EXAMPLE[name] == same
            continue
        settings = dict(zip(*[iter(told.strip("`").split())] * 2, strict=True))
        for option, value in settings.items():
            actual = getattr(WORKED_EXAMPLE[name], option.removeprefix("--").replace("-", "_"))
            assert type(actual)(value) == actual, f"{name}: {option}"


def test_the_most_widths_are_as_told() -> None:
    from samesay.encoding.widths import MOST_WIDTHS

    told = re.search(r"at most (\d+) widths", (DOCS / "training.md").read_text(encoding="utf-8"))
    assert told is not None
    assert int(told[1]) == MOST_WIDTHS


def test_the_bundle_s_folder_is_as_told(trained_bundle: Path) -> None:
    (drawn,) = (block.code for block in blocks(DOCS / "bundle.md") if block.language == "text")
    told = set(re.findall(r"^[├└]── ([\w.]+)", drawn, re.MULTILINE))
    assert told == {"samesay.json"} | {part.place for part in PARTS.values()}
    # A bundle has its Keras part, or without weights its architecture.
    assert told - {"architecture"} == {path.name for path in trained_bundle.iterdir()}


def test_the_manifest_is_as_told(trained_bundle: Path) -> None:
    told = [name for row in table(DOCS / "bundle.md", "key") for name in re.findall(r"`(\w+)`", row[0])]
    written = json.loads((trained_bundle / "samesay.json").read_text(encoding="utf-8"))
    assert set(told) == set(written) | {"scale", "dimension"}  # of a similarity model, of an embedder
    fields = {field.name for field in dataclasses.fields(Manifest)}
    assert fields - {"answers"} <= set(told)  # they are its "labels" or its "scale"
    assert set(written["decision"]) <= set(re.findall(r"`(\w+)`", (DOCS / "bundle.md").read_text("utf-8")))
    assert open_bundle(trained_bundle).manifest.answers


def test_the_keys_of_json_are_as_told(
    trained_bundle: Path, tiny_preset: Path, pairs_file: Path, tmp_path: Path
) -> None:
    preset, vectors = str(tiny_preset), str(tmp_path / "vectors.npy")
    model, data, scored = str(trained_bundle), str(pairs_file), str(tmp_path / "scored.csv")
    head, *rest = pairs_file.read_text(encoding="utf-8").splitlines(keepends=True)
    twice = tmp_path / "twice.csv"
    twice.write_text("".join([head, *rest, *rest]), encoding="utf-8")
    calibrated = ["--max-overlap", "1", "--output", str(tmp_path / "calibrated")]
    calls = {
        "`evaluate`": ["evaluate", model, data],
        "`compare`": ["compare", model, model, "--data", data, "--rounds", "0"],
        "`calibrate`": ["calibrate", model, str(twice), *calibrated],
        "`audit`": ["audit", data],
        "`check`": ["check", model, "--capability", "negation"],
        "`score`, one pair": ["score", model, "a dog runs", "the cat runs"],
        "`score`, a file": ["score", model, "--input", data, "--output", scored],
        "`score --window`": ["score", model, "a dog runs", "the cat runs. a dog runs.", "--window", "1"],
        "`rank`": ["rank", model, "--query", "a dog runs", "--input", f"{data}[:3]", "--column", "premise"],
        "`embed`": ["embed", data, "--column", "premise", "--model", preset, "--output", vectors],
        "`duplicates`": ["duplicates", model, f"{data}[:5]", "--column", "premise"],
        "`export`": ["export", model, str(tmp_path / "exported")],
        "`import`": ["import", str(tmp_path / "exported"), "--output", str(tmp_path / "imported")],
        "`inspect`": ["inspect", model],
        "`student`": ["student", model, "--layers", "1", "--output", str(tmp_path / "student")],
        "`verify`": ["verify", model],
        "`data show`": ["data", "show", data],
        "`data list`": ["data", "list"],
        "`config`": ["config"],
        "`models`": ["models"],
        "`presets`": ["presets", "bert_tiny"],
        "`doctor`": ["doctor"],
        "`data generate`": ["data", "generate", "--pairs", "3", "--output", str(tmp_path / "made.csv")],
    }
    rows = {name: re.sub(r"\([^)]*\)", "", keys) for name, keys in table(COMMAND_LINE, "command")}
    assert set(rows) == {*calls, "`train`", "`repair`"}
    for name, call in calls.items():
        result = CliRunner().invoke(cli, [*call, "--json"], standalone_mode=False)
        assert result.exception is None, f"{call}: {result.exception}"
        assert set(re.findall(r"`(\w+)`", rows[name])) == set(json.loads(result.stdout)), name
    from samesay.jobs.repair import RepairResult
    from samesay.jobs.train import TrainResult

    # Training once more only for its keys would take longer than all of the above.
    of_repair = re.sub(r"\([^)]*\)", "", rows["`repair`"])
    assert re.findall(r"`(\w+)`", of_repair) == [field.name for field in dataclasses.fields(RepairResult)]
    assert re.findall(r"`(\w+)`", rows["`train`"]) == re.findall(
        r'^            "(\w+)":', inspect.getsource(TrainResult.to_dict), re.MULTILINE
    )


def test_sources_are_as_told() -> None:
    from samesay.data.formats.readers import FORMATS
    from samesay.data.sources.locate import BUILT_IN

    told = " ".join(row[0] for row in table(DOCS / "data.md", "source"))
    assert all(name in told for name in BUILT_IN)
    page = COMMAND_LINE.read_text(encoding="utf-8")
    assert all(f"`{name}`" in page for name in FORMATS)


def test_variables_of_the_environment_are_as_told() -> None:
    told = {row[0].strip("`") for row in table(COMMAND_LINE, "variable")}
    read: set[str] = set()
    for module in (ROOT / "src" / "samesay").rglob("*.py"):
        read |= set(re.findall(r'"((?:SAMESAY|KERAS)_[A-Z]+)"', module.read_text(encoding="utf-8")))
    assert told == read
