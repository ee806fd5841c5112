"""How many places ask "classes or scores?": what differs by task stands in few tables, and the rest goes by them.

A place is a function, or a table of a module, that compares with the name of a task, looks at the class of what a model
answers with, or has an entry for both tasks.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "src" / "samesay"
TASKS = {"classification", "similarity"}
KINDS = {"LabelSet", "Scale", "ClassificationEvaluation", "SimilarityEvaluation"}
# It may only go down; the aim is 12.
MOST = 37


def asks(node: ast.AST, where: str) -> bool:
    """Whether this expression, within the function or class ``where``, asks for the task."""
    match node:
        case ast.Dict(keys=keys):
            return {key.value for key in keys if isinstance(key, ast.Constant)} >= TASKS
        case ast.Compare(left=left, comparators=others):
            return any(isinstance(one, ast.Constant) and one.value in TASKS for one in (left, *others))
        case ast.Call(func=ast.Name(id="isinstance"), args=[_, kinds]):
            named = {one.id for one in ast.walk(kinds) if isinstance(one, ast.Name)}
            # A class that asks whether something is itself already does not ask which of the two it is.
            return bool(named & KINDS) and not any(f" {name} " in where for name in named)
    return False


def places(node: ast.AST, where: str) -> Iterator[str]:
    """The places below ``node`` that ask, one entry a question."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        where = f"{where} {node.name}"
    if asks(node, where):
        yield where
    for child in ast.iter_child_nodes(node):
        yield from places(child, where)


def test_few_places_ask_for_the_task() -> None:
    found = {
        place
        for path in PACKAGE.rglob("*.py")
        for place in places(ast.parse(path.read_text("utf-8")), str(path.relative_to(PACKAGE)))
    }
    assert len(found) <= MOST, sorted(found)


def test_the_count_sees_every_form_of_the_question() -> None:
    code = """
def one(task): return task == "similarity"
def other(answers): return isinstance(answers, Scale | str)
TABLE = {"classification": 1, "similarity": 2}
def neither(task, answers): return TABLE[task], isinstance(answers, str), task == "score"
"""
    assert list(places(ast.parse(code), "made")) == ["made one", "made other", "made"]
