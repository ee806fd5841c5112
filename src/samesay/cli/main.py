"""The command ``samesay``: a table of commands, each imported when it is used, and one place for failures."""

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
from samesay.cli.plain import messages
from samesay.cli.streams import make_steady
from samesay.errors import UsageError, near
from samesay.model.runtime.backend import use_keras_alone

# Name to module and the line that `samesay --help` shows; the module's attribute `command` is the command.
COMMANDS: Mapping[str, tuple[str, str]] = {
    "train": ("samesay.cli.train", "Fine-tune a pretrained encoder on a table of pairs and save it."),
    "student": (
        "samesay.cli.student",
        "Make a smaller model of a saved one, to be taught by it.",
    ),
    "config": ("samesay.cli.config", "Print a recipe with every setting, or check one."),
    "evaluate": ("samesay.cli.evaluate", "Measure a saved model on labelled pairs."),
    "compare": ("samesay.cli.compare", "Compare models on the same pairs: quality, changed answers, cost."),
    "calibrate": (
        "samesay.cli.calibrate",
        "Fit temperature, thresholds and abstention; store them in a model.",
    ),
    "check": ("samesay.cli.check", "Check what a saved model understands, by a behaviour suite."),
    "score": ("samesay.cli.score", "Label one pair of texts, or every row of a file."),
    "rank": ("samesay.cli.rank", "Rank texts by what a model says of each beside a query."),
    "duplicates": ("samesay.cli.duplicates", "Find which texts of a list, or of two lists, say the same."),
    "embed": ("samesay.cli.embed", "Write a vector for every text of a file."),
    "export": ("samesay.cli.export", "Write a saved model as a Hugging Face folder, ONNX or .keras file."),
    "import": ("samesay.cli.import_model", "Save a Hugging Face classifier as a model, its head kept."),
    "verify": (
        "samesay.cli.verify",
        "Repeat the parity check that a model's ONNX part answers as Keras does.",
    ),
    "inspect": ("samesay.cli.inspect", "Show what a saved model is and check that it is whole."),
    "audit": ("samesay.cli.audit", "Look for what is wrong with data, and for shortcuts in it."),
    "data": ("samesay.cli.data", "Look at pairs, or generate some."),
    "presets": ("samesay.cli.presets", "List the encoders that training can start from."),
    "doctor": ("samesay.cli.doctor", "Say what is installed and working here, and how to mend the rest."),
}

TYPED = "samesay.typed"
"""Where click's context keeps the words behind ``samesay``."""

DEBUG_VARIABLE = "SAMESAY_DEBUG"


class LazyGroup(click.Group):
    """A group whose commands are imported when they are run, and listed without being imported."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does; what was typed is kept for commands that tell how to go on."""
        ctx.meta[TYPED] = list(args)
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names in the declared order, which is the order of the work."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command called ``cmd_name``, or None."""
        if cmd_name not in COMMANDS:
            return None
        return importlib.import_module(COMMANDS[cmd_name][0]).command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, with near names where there is no such command."""
        if args and not args[0].startswith("-") and args[0] not in COMMANDS:
            close = near(args[0], COMMANDS)
            raise UsageError(
                f"There is no command {args[0]!r}.",
                expected=f"one of {', '.join(COMMANDS)}",
                hint=f"did you mean `samesay {close[0]}`?" if close else "samesay --help",
            )
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The table of commands, from the declaration alone."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
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
        status = report_failure(error, as_json=_wants_json(arguments), debug=debug)
    with messages():
        pass  # what others wrote there is flushed, or lost
    sys.exit(status)


def _wants_json(arguments: Sequence[str]) -> bool:
    """Whether ``--json`` is among the options; asked of the words, since parsing them may be what failed."""
    options = arguments[: arguments.index("--")] if "--" in arguments else arguments
    return "--json" in options
