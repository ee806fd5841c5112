"""``samesay config``."""

from __future__ import annotations

import click

from samesay.cli.options import PLACE, Command, json_option, option, refuse_idle
from samesay.cli.plain import print_json, say


@click.command("config", cls=Command)
@click.argument("file", type=PLACE, required=False)
@option(
    "--format",
    "format_",
    type=click.Choice(["yaml", "toml"]),
    default="yaml",
    help="Format of the output [yaml]; samesay train --config reads both.",
)
@option("--schema", is_flag=True, help="Print the JSON schema of a recipe, for editors and other programs.")
@json_option
def command(*, file: str | None, format_: str, schema: bool, as_json: bool) -> None:
    """Print a recipe with every key, its default and its meaning; or check FILE and print it so, completed.

    \b
    samesay config > recipe.yaml
    samesay train --config recipe.yaml
    """  # noqa: D301 - click reads \\b
    from samesay.recipes.rendering import as_toml, as_yaml, json_schema
    from samesay.recipes.run import defaults, read_recipe

    if schema:
        refuse_idle(("file", "format_"), "has no effect beside --schema")
        print_json(json_schema())
        return
    values = defaults() if file is None else read_recipe(file)
    if as_json:
        print_json(values)
    else:
        say({"yaml": as_yaml, "toml": as_toml}[format_](values).rstrip("\n"))
