"""``samesay inspect``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from samesay.cli.options import PLACE, Command, json_option, option
from samesay.cli.plain import present, say


@click.command("inspect", cls=Command)
@click.argument("model", type=PLACE)
@option(
    "--no-verify",
    is_flag=True,
    help="Do not compute the files' checksums: faster, and a damaged file is not noticed.",
)
@json_option
def command(model: str, *, no_verify: bool, as_json: bool) -> None:
    """Show what the saved model MODEL is: labels, reading order, parts, metrics, data, recipe.

    Every file is checked against its checksum first. No weights are loaded, and no Keras is needed.
    """
    from samesay.jobs.inspect import inspect_model

    present(inspect_model(model, verify=not no_verify), _show, as_json=as_json)


def _show(found: Mapping[str, Any]) -> None:
    """Print the facts of a saved model for people."""
    from samesay.cli import render

    render.facts(
        {
            "task": found["task"],
            **_answers(found),
            "created": found["created"],
            "files": "as they were written" if found["verified"] else "not verified (--no-verify)",
        },
        title=found["path"],
    )
    render.table(
        ["part", "size", "files", "verdict", ""],
        [
            (
                name,
                render.size(part["bytes"]),
                str(part["files"]),
                part["verdict"],
                None if part["usable"] and part["verdict"] != "measured" else _reason(part["detail"]),
            )
            for name, part in found["parts"].items()
        ],
    )
    for source, metrics in found["metrics"].items():
        render.facts(_flat(metrics), title=f"Measured on {source}")
    for name in ("data", "recipe", "versions"):
        if found[name]:
            render.facts(_flat(found[name]), title=name.capitalize())
    if found["undeclared"]:
        say(f"Not declared and not looked at: {render.cell(found['undeclared'])}")


def _answers(found: Mapping[str, Any]) -> dict[str, Any]:
    """What a model reads and predicts."""
    if found["dimension"] is not None:
        return {
            "vectors": f"of {found['dimension']} numbers",
            "reads": f"{found['max_length']:,} tokens of a text",
        }
    first, second = found["sides"]
    predicts = (
        {"labels": found["labels"]}
        if found["scale"] is None
        else {"scores": "from {:g} to {:g}".format(*found["scale"])}
    )
    return {
        **predicts,
        "sides": f"{first}, then {second}",
        "reads": f"{found['max_length']:,} tokens of a pair",
        "decision": {name: value for name, value in found["decision"].items() if value not in (None, {}, [])},
    }


def _reason(detail: Any) -> str:
    return (
        str(detail.get("reason", detail)) if isinstance(detail, Mapping) else str(detail or "cannot be used")
    )


def _flat(facts: Any) -> dict[str, Any]:
    """Names and values without what is empty, so that a page shows what there is to know."""
    if not isinstance(facts, Mapping):
        return {"": facts}
    return {
        str(name).replace("_", " "): value for name, value in facts.items() if value not in (None, {}, [], "")
    }
