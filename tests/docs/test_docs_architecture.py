"""ARCHITECTURE and the decisions against the disk, and what modules must be."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import pytest
from doc_pages import PAGES, ROOT, blocks, table

PACKAGE = ROOT / "src" / "samesay"
ARCHITECTURE = ROOT / "ARCHITECTURE.md"
DECISIONS = ROOT / "docs" / "decisions"
LINES_OF_A_MODULE = 600
MODULES_OF_A_ROOM = 16
PARAMETERS_OF_A_FUNCTION = 12
NO_NAMES = {
    "utils",
    "util",
    "common",
    "helpers",
    "helper",
    "core",
    "manager",
    "misc",
    "tools",
    "shared",
    "base",
}


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if len(ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "") < 10
    ]
    assert silent == []


def test_the_table_of_rooms_is_the_disk() -> None:
    told = [row[0].strip("`").rstrip("/") for row in table(ARCHITECTURE, "room")]
    rooms = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").is_file()}
    words = {path.name for path in PACKAGE.glob("*.py") if not path.name.startswith("_")}
    assert sorted(told) == sorted(rooms | words)


def test_the_layers_are_those_that_import_linter_holds() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = project["tool"]["importlinter"]["contracts"]
    (layers,) = (contract["layers"] for contract in contracts if contract["type"] == "layers")
    (told,) = (block.code.splitlines() for block in blocks(ARCHITECTURE) if block.code.startswith("cli\n"))
    assert told == layers


def test_a_room_lists_few_modules_but_for_one_a_verb() -> None:
    folders = [PACKAGE, *(path.parent for path in PACKAGE.rglob("*/__init__.py"))]
    listed = {
        str(folder.relative_to(PACKAGE)): sum(1 for path in folder.glob("*.py") if path.stem != "__init__")
        for folder in folders
    }
    assert {folder for folder, modules in listed.items() if modules > MODULES_OF_A_ROOM} <= {"cli", "jobs"}


def test_public_functions_take_few_parameters() -> None:
    many = []
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                names = {one.arg for one in (*node.args.args, *node.args.kwonlyargs)} - {"self", "cls"}
                if len(names) > PARAMETERS_OF_A_FUNCTION:
                    many.append(f"{path.relative_to(PACKAGE)}: {node.name}")
    assert many == []


@pytest.mark.parametrize("folder", ["src", "tests", "benchmarks"])
def test_modules_are_nouns_of_a_few_screens(folder: str) -> None:
    modules = [path for path in (ROOT / folder).rglob("*.py") if "__pycache__" not in path.parts]
    assert modules
    named = [str(path) for path in modules if NO_NAMES & {path.stem.lstrip("_"), path.parent.name}]
    assert not named, "a name that says nothing"
    long = {
        path.relative_to(ROOT).as_posix(): lines
        for path in modules
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > LINES_OF_A_MODULE
    }
    assert not long, f"more than {LINES_OF_A_MODULE} lines is two modules"


@pytest.mark.parametrize(
    ("page", "most"), [("ARCHITECTURE.md", 200), ("README.md", 200), ("CONTRIBUTING.md", 100)]
)
def test_pages_stay_short(page: str, most: int) -> None:
    assert len((ROOT / page).read_text(encoding="utf-8").splitlines()) < most


def test_the_rules_of_contributing_are_under_fifty_lines() -> None:
    rules = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").split("\n## A worked change")[0]
    assert len(rules.splitlines()) < 50


def test_the_index_of_decisions_is_complete() -> None:
    pages = sorted(DECISIONS.glob("*.md"))
    titles = {}
    for page in pages:
        number, title = re.fullmatch(
            r"# (\d+)\. (.+)", page.read_text(encoding="utf-8").splitlines()[0]
        ).groups()  # type: ignore[union-attr]
        assert re.fullmatch(rf"{int(number):04d}-[a-z0-9-]+\.md", page.name), page.name
        titles[page.name] = title
    numbers = [name[:4] for name in titles]
    assert len(set(numbers)) == len(numbers), "two decisions with one number"
    listed = {
        re.search(r"\(([^)]+)\)", link)[1]: title  # type: ignore[index]
        for link, title in table(DECISIONS / "0001-record-decisions.md", "page")
    }
    assert listed == titles


def test_decisions_fit_a_page() -> None:
    long = [
        page.name
        for page in DECISIONS.glob("*.md")
        if len(page.read_text(encoding="utf-8").splitlines()) > 90
    ]
    assert long == []


@pytest.mark.parametrize(
    "page",
    [*PAGES, ARCHITECTURE, ROOT / "CHANGELOG.md", *sorted(DECISIONS.glob("*.md"))],
    ids=lambda page: page.name,
)
def test_links_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#\s]*(?:#[^)\s]*)?)\)", text):
        place, _, anchor = target.partition("#")
        if place.startswith(("http://", "https://")):
            continue
        file = page if not place else (page.parent / place).resolve()
        assert file.exists(), f"{page.name} links to {place}, which is not there"
        if anchor:
            anchors = {
                re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-")
                for title in re.findall(r"^#+ (.+)$", file.read_text(encoding="utf-8"), re.MULTILINE)
            }
            assert anchor in anchors, f"{page.name} links to #{anchor}, which {file.name} has not"


def test_decisions_named_in_the_code_exist() -> None:
    for path in [*PACKAGE.rglob("*.py"), ROOT / "pyproject.toml"]:
        for name in re.findall(r"docs/decisions/([\w-]+\.md)", path.read_text(encoding="utf-8")):
            assert (DECISIONS / name).is_file(), f"{path.name} names {name}"
