"""``samesay completion``."""

from __future__ import annotations

from pathlib import Path

import click
from click.shell_completion import get_completion_class

from samesay.cli.options import Command, option
from samesay.cli.plain import note, say

# The file that each shell reads when it starts, and the line in it.
_STARTUP = {
    "bash": ("~/.bashrc", 'eval "$(samesay completion bash)"'),
    "zsh": ("~/.zshrc", 'eval "$(samesay completion zsh)"'),
    "fish": ("~/.config/fish/config.fish", "samesay completion fish | source"),
}


@click.command("completion", cls=Command)
@click.argument("shell", type=click.Choice(list(_STARTUP)))
@option("--install", is_flag=True, help="Add the line below to the file that SHELL reads when it starts.")
def command(*, shell: str, install: bool) -> None:
    """Print the script with which SHELL completes commands, options, choices and paths.

    \b
    eval "$(samesay completion bash)"        in ~/.bashrc
    eval "$(samesay completion zsh)"         in ~/.zshrc
    samesay completion fish | source         in ~/.config/fish/config.fish
    """  # noqa: D301 - click reads \b
    if install:
        _install(shell)
        return
    kind = get_completion_class(shell)
    if kind is not None:
        # A value of two lines is no line for people: it goes out as it is.
        root = click.get_current_context().find_root().command
        click.echo(kind(root, {}, "samesay", "_SAMESAY_COMPLETE").source(), nl=False)


def _install(shell: str) -> None:
    name, line = _STARTUP[shell]
    path = Path(name).expanduser()
    there = path.read_text(encoding="utf-8") if path.exists() else ""
    if line in there.splitlines():
        say(f"{name} has the line already")
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(f"{'' if there.endswith(chr(10)) or not there else chr(10)}{line}\n")
    say(f"Added to {name}: {line}")
    note("it holds for every new shell")
