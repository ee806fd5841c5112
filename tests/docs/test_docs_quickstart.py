"""The quickstart's commands are commands of today; what they print is seen by ``make quickstart``."""

from __future__ import annotations

import re
import shlex

import click
from doc_pages import ROOT

from samesay.cli.main import cli

SCRIPT = (ROOT / "examples" / "quickstart.sh").read_text(encoding="utf-8").replace("\\\n", " ")


def test_every_option_of_the_quickstart_is_known_to_its_command() -> None:
    lines = re.findall(r"^show samesay (.+)$", SCRIPT, re.MULTILINE)
    assert len(lines) == 6
    context = click.Context(cli)
    for line in lines:
        name, *words = shlex.split(line)
        command = cli.get_command(context, name)
        assert command is not None, line
        known = {option for param in command.params for option in (*param.opts, *param.secondary_opts)}
        assert {word for word in words if re.match(r"--?[a-z]", word)} <= known, line
