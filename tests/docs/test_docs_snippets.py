"""Every snippet of the documentation runs, in the order of its page, in the folder that README's tour leaves behind.

Shell snippets go through the command line in this process. A snippet that cannot run here says so in a comment above
it: ``<!-- not run: the reason -->``.
"""

from __future__ import annotations

import io
import re
import shlex
import shutil
import sys
from collections.abc import Callable
from contextlib import ExitStack, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest
from doc_pages import PAGES, ROOT, Block, blocks

from samesay.cli.main import main

README = ROOT / "README.md"

# What stands in the pages, and what runs instead, so that it takes seconds and fetches nothing. `{tiny}` is a BERT of
# a few kilobytes with random weights (tests/tiny_bert.py); its figures mean nothing, and the pages print none.
STAND_INS = (
    ("--preset minilm", "--preset {tiny}"),
    ("--model minilm", "--model {tiny}"),
    ('"minilm"', '"{tiny}"'),
    ("preset: minilm", "preset: {tiny}"),
    ('"bert_tiny_en_uncased"', '"{tiny}"'),
    ('"roberta_base_en"', '"{tiny}"'),
    ('"snli"', '"generated:160"'),
    ("--pairs 5000", "--pairs 48"),
    # The stand-in has two layers.
    ("student my-model --layers 3", "student my-model --layers 1"),
    ("--precision 0.95", "--precision 0.2"),
)

EXIT_STATUS = re.compile(r"#.*\bexit status (\d+)")
RUN_LANGUAGES = {"sh", "python", "csv", "jsonl", "yaml"}
# Fenced, and nothing to run: listings, and formats of what is shown.
SHOWN_LANGUAGES = {"text", "json", "toml"}

Play = Callable[[Path, Path], None]


@pytest.fixture(scope="session")
def play(tiny_preset: Path) -> Play:
    """Run all blocks of a page in a folder."""

    def run(page: Path, folder: Path) -> None:
        namespace: dict[str, Any] = {"__name__": "__main__"}
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(folder)
            for block in blocks(page):
                if block.language in RUN_LANGUAGES and block.not_run is None:
                    _run_block(block, tiny_preset, namespace)

    return run


@pytest.fixture(scope="session")
def after_the_tour(play: Play, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a reader who has typed all of README."""
    folder = tmp_path_factory.mktemp("tour")
    play(README, folder)
    return folder


def test_readme_runs(after_the_tour: Path) -> None:
    assert (after_the_tour / "my-model" / "samesay.json").is_file()


@pytest.mark.parametrize("page", [page for page in PAGES if page != README], ids=lambda page: page.stem)
def test_every_page_runs(page: Path, play: Play, after_the_tour: Path, tmp_path: Path) -> None:
    folder = tmp_path / "reader"
    shutil.copytree(after_the_tour, folder)
    play(page, folder)


@pytest.mark.parametrize("page", sorted((ROOT / "docs" / "zh").glob("*.md")), ids=lambda page: page.stem)
def test_a_translation_shows_the_same_code(page: Path) -> None:
    """Which runs, where the English page does."""
    original = ROOT / "docs" / page.name
    assert [block.code for block in blocks(page)] == [block.code for block in blocks(original)]


def test_no_block_is_of_an_unknown_kind() -> None:
    strange = [
        f"{block}: {block.language!r}"
        for page in PAGES
        for block in blocks(page)
        if block.language not in RUN_LANGUAGES | SHOWN_LANGUAGES
    ]
    assert not strange


def test_every_stand_in_is_for_something() -> None:
    code = "".join(block.code for page in PAGES for block in blocks(page))
    assert [documented for documented, _ in STAND_INS if documented not in code] == []


def _run_block(block: Block, tiny: Path, namespace: dict[str, Any]) -> None:
    code = block.code
    for documented, used in STAND_INS:
        code = code.replace(documented, used.format(tiny=tiny.as_posix()))
    if block.language in ("csv", "jsonl", "yaml"):
        assert block.title, f"{block}: which file is this?"
        Path(block.title).write_text(code, encoding="utf-8")
    elif block.language == "python":
        # Empty lines in front, so that a traceback names the line of the page.
        exec(compile("\n" * (block.line - 1) + code, str(block.page), "exec"), namespace)
    else:
        for line in code.replace("\\\n", " ").splitlines():
            _run_line(line, str(block))


def _run_line(line: str, where: str) -> None:
    words = shlex.split(line, comments=True)
    if not words:
        return
    if words[0] == "make":
        assert words[1] in _targets(), f"{where}: no target {words[1]!r}"
    elif words[:2] == ["pip", "install"] or words[:3] == ["uv", "pip", "install"]:
        _check_extras(line, where)
    elif words[0] == "samesay":
        expected = EXIT_STATUS.search(line)
        _samesay(words[1:], int(expected[1]) if expected else 0, f"{where}: {line}")
    else:
        pytest.fail(f"{where}: the test does not know how to run {words[0]!r}")


def _samesay(words: list[str], expected: int, where: str) -> None:
    with ExitStack() as stack:
        if "<" in words:
            place = words.index("<")
            given = stack.enter_context(Path(words[place + 1]).open(encoding="utf-8"))
            stack.enter_context(pytest.MonkeyPatch.context()).setattr(sys, "stdin", given)
            del words[place : place + 2]
        written = None
        if ">" in words:
            place = words.index(">")
            written = Path(words[place + 1])
            del words[place : place + 2]
        output = stack.enter_context(redirect_stdout(io.TextIOWrapper(io.BytesIO(), encoding="utf-8")))
        errors = stack.enter_context(redirect_stderr(io.StringIO()))
        with pytest.raises(SystemExit) as left:
            main(words)
        output.flush()
        out = output.buffer.getvalue().decode("utf-8")  # type: ignore[attr-defined]
        printed = out + errors.getvalue()
    if written is not None:
        written.write_text(out, encoding="utf-8")
    assert left.value.code == expected, f"{where}\n{printed}"
    assert printed, f"{where} printed nothing"


def _targets() -> set[str]:
    return set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def _check_extras(line: str, where: str) -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for named in re.findall(r"samesay\[([^]]*)\]", line):
        for extra in named.split(","):
            assert extra in project["optional-dependencies"], f"{where}: there is no extra {extra!r}"
