"""``samesay doctor``."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import click

from samesay.cli.options import Command, json_option
from samesay.cli.plain import present
from samesay.errors import MachineError

if TYPE_CHECKING:
    from samesay.jobs.doctor import Examination


@click.command("doctor", cls=Command)
@json_option
def command(*, as_json: bool) -> int:
    """Say what is installed, found and working here, and how to mend the rest.

    The exit status is 50 if something is broken; what is only absent does not count.
    """
    from samesay.jobs.doctor import examine

    found = examine()
    present(found, _show, as_json=as_json)
    return 0 if found.usable else MachineError.exit_code


def _show(found: Examination) -> None:
    from samesay.cli import render

    for topic, rows in itertools.groupby(found.findings, key=lambda one: one.topic):
        shown = [
            (one.name, one.value, "" if one.status == "ok" else one.status, one.hint or "") for one in rows
        ]
        render.table([topic, "", "", ""], shown)
