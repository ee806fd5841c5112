"""``samesay models``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from samesay.cli.options import Command, json_option
from samesay.cli.plain import print_json, say

if TYPE_CHECKING:
    from samesay.jobs.models import InstalledModel, PublishedModel


@click.command("models", cls=Command)
@json_option
def command(*, as_json: bool) -> None:
    """List the models that need no training: built-in ones, and published ones worth importing.

    A built-in model is named wherever a saved model is, and used where none is named. Nothing is downloaded.

    \b
    samesay models
    samesay inspect builtin:nli
    """  # noqa: D301 - click reads \b
    from samesay.jobs.models import list_models

    installed, published = list_models()
    if as_json:
        print_json(
            {
                "builtin": [one.to_dict() for one in installed],
                "published": [one.to_dict() for one in published],
            }
        )
    else:
        _show(installed, published)


def _show(installed: list[InstalledModel], published: list[PublishedModel]) -> None:
    from samesay.cli import render

    render.table(
        ["built-in model", "task", "size", "what for", "used without a model by"],
        [
            (
                one.name,
                one.task,
                "not installed" if one.bytes is None else render.size(one.bytes),
                one.purpose,
                ", ".join(one.default_of) or None,
            )
            for one in installed
        ],
    )
    for one in installed:
        if one.metrics:
            render.facts({str(data): _plain(found) for data, found in one.metrics.items()}, title=one.name)
    render.table(
        ["published model", "task", "licence", "what for"],
        [(one.name, one.task, one.licence, one.purpose) for one in published],
    )
    say(f"Import one: {published[0].use}")
    say(f"Embed by one: {published[-1].use}")


def _plain(metrics: Any) -> Any:
    """The numbers of a card alone: what is measured by label or by bin is in ``samesay inspect``."""
    if not isinstance(metrics, dict):
        return metrics
    return {name: value for name, value in metrics.items() if isinstance(value, int | float)}
