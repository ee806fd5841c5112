"""``samesay doctor``."""

from __future__ import annotations

import itertools

import click

from samesay.cli.options import Command, json_option
from samesay.cli.plain import print_json
from samesay.errors import MachineError


@click.command("doctor", cls=Command)
@json_option
def command(*, as_json: bool) -> int:
    """Say what is installed, found and working here, and what would mend the rest.

    The exit status is 50 if something that should work is broken; what is only absent does not count.
    """
    from samesay.jobs.doctor import examine

    found = examine()
    if as_json:
        print_json(found.to_dict())
    else:
        from samesay.cli import render

        for topic, rows in itertools.groupby(found.findings, key=lambda one: one.topic):
            render.table(
                [topic, "", "", ""],
                [
                    (one.name, one.value, "" if one.status == "ok" else one.status, one.hint or "")
                    for one in rows
                ],
            )
    return 0 if found.usable else MachineError.exit_code
