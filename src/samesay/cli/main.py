"""The command ``samesay``: commands by what people want, each imported when it is used, and one place for failures."""

from __future__ import annotations

import importlib
import os
import sys
import warnings
from collections.abc import Mapping, Sequence
from typing import NoReturn

import click

import samesay
from samesay import interrupts
from samesay.cli.failures import report_failure
from samesay.cli.habits import TYPED, suggestion
from samesay.cli.plain import make_steady, messages
from samesay.errors import UsageError
from samesay.model.runtime.backend import use_keras_alone

GROUPS: Mapping[str, Mapping[str, str]] = {
    "Find out": {
        "data": "Look at pairs, list published corpora, or generate pairs.",
        "audit": "Look for mistakes in data, and for shortcuts in it.",
        "models": "List the built-in models, and published ones worth importing.",
        "presets": "List the encoders that training can start from.",
        "inspect": "Show what a saved model is and check that it is whole.",
        "doctor": "Say what is installed and works here, and how to mend the rest.",
    },
    "Train": {
        "train": "Fine-tune a pretrained encoder on pairs and save it.",
        "config": "Print a recipe with every setting, or check one.",
        "repair": "Teach a saved model what its check finds missing.",
        "student": "Make a smaller model of a saved one, to be taught by it.",
        "import": "Save a Hugging Face classifier as a model, with its head.",
    },
    "Measure": {
        "evaluate": "Measure a saved model on labelled pairs.",
        "compare": "Compare models on the same pairs: quality, changes, cost.",
        "check": "Test what a saved model understands, with a behaviour suite.",
        "calibrate": "Fit temperature, thresholds and abstention of a saved model.",
    },
    "Use": {
        "score": "Label one pair of texts, or every row of a file.",
        "rank": "Rank texts by their probability of a label beside a query.",
        "duplicates": "Find which texts of a list, or of two lists, say the same.",
        "embed": "Write a sentence embedding for every text of a file.",
    },
    "Deliver": {
        "export": "Write a model as a Hugging Face folder, ONNX or .keras file.",
        "verify": "Check again that a model's ONNX part predicts as Keras does.",
        "completion": "Let the shell complete commands, options and paths.",
    },
}
"""What ``samesay --help`` shows: the commands by what people want, each with its line."""

COMMANDS: Mapping[str, str] = {
    name: f"samesay.cli.{'import_model' if name == 'import' else name}"
    for commands in GROUPS.values()
    for name in commands
}
"""Name to module, whose attribute ``command`` is the command."""

DEBUG_VARIABLE = "SAMESAY_DEBUG"


class LazyGroup(click.Group):
    """A group whose commands are imported when they are run, and listed without being imported."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does; what was typed is kept for messages that say how to go on."""
        ctx.meta[TYPED] = list(args)
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names in the declared order."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command called ``cmd_name``, or None."""
        if cmd_name not in COMMANDS:
            return None
        return importlib.import_module(COMMANDS[cmd_name]).command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, with what may have been meant where there is no such command."""
        if args and not args[0].startswith("-") and args[0] not in COMMANDS:
            raise UsageError(
                f"There is no command {args[0]!r}.",
                expected=f"one of {', '.join(COMMANDS)}",
                hint=suggestion(self, ctx.meta[TYPED]) or "samesay --help",
            )
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands by group, from the declaration alone."""
        width = max(map(len, COMMANDS))
        for group, commands in GROUPS.items():
            with formatter.section(group):
                formatter.write_dl([(name.ljust(width), line) for name, line in commands.items()])


@click.group(
    cls=LazyGroup,
    context_settings={
        "help_option_names": ["-h", "--help"],
        "max_content_width": 100,
        "token_normalize_func": lambda word: word.replace("_", "-"),  # --batch_size is --batch-size
    },
    epilog="Every command has its own --help. Exit status: 0 done, 2-9 usage, 10-29 data, 30-39 model, "
    "40-49 saved model, 50-59 machine, 70 our own mistake, 130 interrupted.",
)
@click.version_option(samesay.__version__, prog_name="samesay", message="%(prog)s %(version)s")
def cli() -> None:
    """Teach a pretrained encoder how two sentences relate, measure it honestly, put it to use."""


def main(args: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and leave the process with the exit status that its outcome has.

    Args:
        args: Arguments without the program's name; those of the process where absent.
    """
    make_steady()
    interrupts.listen()
    arguments = list(sys.argv[1:] if args is None else args)
    debug = os.environ.get(DEBUG_VARIABLE, "") not in ("", "0")
    if not debug and not sys.warnoptions:
        # What libraries warn their developers of is nothing that a user of the command can act on.
        warnings.simplefilter("ignore")
    use_keras_alone()
    try:
        # Not standalone: click would print its own errors in another form than ours.
        outcome = cli.main(arguments, prog_name="samesay", standalone_mode=False)
        sys.stdout.flush()
        status = outcome if isinstance(outcome, int) else 0
    except BaseException as error:
        status = report_failure(error, arguments, debug=debug)
    with messages():
        pass  # what others wrote there is flushed, or lost
    sys.exit(status)
