"""Every way in which a command can end badly, as one message on standard error and one exit status.

With ``--json`` the same goes to standard output as ``{"error": {...}}``, so that a program which reads the
output need not read the messages.
"""

from __future__ import annotations

import errno
import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

import click

from samesay import interrupts
from samesay.cli.habits import TYPED, suggestion
from samesay.cli.plain import messages, note, print_json, silence, visible
from samesay.errors import (
    DiskFull,
    Interrupted,
    MachineError,
    MemoryExhausted,
    OutputUnwritable,
    SameSayError,
    UnexpectedError,
    UsageError,
)
from samesay.printable import command as command_line


def report_failure(error: BaseException, arguments: Sequence[str], *, debug: bool) -> int:
    """Say what ended a command.

    Args:
        error: What it raised.
        arguments: The words after ``samesay``.
        debug: Whether to show the traceback.

    Returns:
        The exit status.
    """
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else 1
    if isinstance(error, BrokenPipeError):
        silence(sys.stdout, sys.stderr)
        return 1
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        sys.stderr.write(f"{error.format_message()}\n")
        return UsageError.exit_code
    if isinstance(error, click.Abort) and error.__cause__ is not None:
        error = error.__cause__  # click's word for Ctrl-C, without the notes
    failure = as_failure(error)
    if failure.hint and failure.hint.startswith("hf://"):
        failure.hint = _with_address(arguments, failure.hint)
    # Without a reader, or on a full disk, nothing can be said; the status still can.
    with messages():
        if debug:
            for text in traceback.format_exception(error):
                sys.stderr.writelines(f"{visible(line)}\n" for line in text.splitlines())
        sys.stderr.write(in_words(failure))
        for text in getattr(error, "__notes__", ()):
            note(f"  note: {text}")
    try:
        if _wants_json(arguments):
            print_json({"error": failure.to_dict()})
        sys.stdout.flush()
    except OSError:
        silence(sys.stdout)
    interrupted = isinstance(failure, Interrupted) or interrupts.heard()
    return interrupts.status() if interrupted else failure.exit_code


def _wants_json(arguments: Sequence[str]) -> bool:
    """Whether ``--json`` is among the options; asked of the words, since parsing them may be what failed."""
    options = arguments[: arguments.index("--")] if "--" in arguments else arguments
    return "--json" in options


def _with_address(arguments: Sequence[str], address: str) -> str:
    """The whole command, with a model's or a dataset's name replaced by its address on the hub."""
    name = address.removeprefix("hf://").removeprefix("datasets/")
    return command_line("samesay", *(address if word == name else word for word in arguments))


def as_failure(error: BaseException) -> SameSayError:
    """Any exception as one of ours: what is known is named, what is not is a bug and says so."""
    if isinstance(error, SameSayError):
        return error
    if isinstance(error, KeyboardInterrupt | click.Abort):
        kept = bool(getattr(error, "__notes__", ()))  # which then say what
        return Interrupted("Interrupted." if kept else "Interrupted; nothing was kept.")
    if isinstance(error, click.ClickException):
        return _usage_failure(error)
    if MemoryExhausted.explains(error):
        return MemoryExhausted(
            "Memory ran out.",
            hint="a smaller --batch-size or --max-length, or fewer rows at a time such as DATA[:100000]",
        )
    if isinstance(error, RuntimeError) and "can't start new thread" in str(error):
        return MachineError(
            "The system starts no further thread.",
            where="the limit on processes and threads of this user or container",
            hint="--threads 1 where the command has it, OMP_NUM_THREADS=1, or a higher limit (ulimit -u)",
        )
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull(
            "No space is left on the disk.", where=_file_of(error), hint="free some, then run it again"
        )
    if isinstance(error, OSError) and error.errno is not None:
        return _refusal(error)
    return UnexpectedError(
        f"{type(error).__name__}: {error}",
        where="SameSay itself: this is our mistake, and not something that you did",
        hint="run it again with SAMESAY_DEBUG=1 and report the traceback that it shows, with this message and "
        "`samesay --version`, to the maintainers",
        details={"exception": type(error).__name__},
    )


def in_words(failure: SameSayError) -> str:
    """The message for people, with its line feed; control characters in it are shown, not obeyed."""
    lines = [f"error[{failure.code}]: {failure.message}"]
    parts = (("where", failure.where), ("expected", failure.expected), ("try", failure.hint))
    lines += [f"  {name}: {text}" for name, text in parts if text]
    return "".join(f"{visible(line)}\n" for text in lines for line in text.split("\n"))


def _refusal(error: OSError) -> MachineError:
    """What the system refused, of which nobody else has said more."""
    if error.filename is None and error.errno == errno.EBADF:
        return OutputUnwritable(
            "Standard output is closed.", where="standard output", expected="a file, a pipe or a terminal"
        )
    if error.filename is None and isinstance(error, FileNotFoundError) and not _has_working_folder():
        return MachineError(
            "The folder that this was started in has been removed.",
            where="the working folder",
            hint="cd into one that is there, and run it again",
        )
    return MachineError(f"The system refused: {error.strerror}.", where=_file_of(error))


def _has_working_folder() -> bool:
    try:
        Path.cwd()
    except OSError:
        return False
    return True


def _usage_failure(error: click.ClickException) -> UsageError:
    ctx = getattr(error, "ctx", None)
    if ctx is None:
        return UsageError(error.format_message(), where="samesay", hint="samesay --help")
    typed = ctx.meta.get(TYPED, [])
    meant = suggestion(ctx.find_root().command, typed)
    hint = meant if meant != command_line("samesay", *typed) else None
    message = error.format_message()
    if isinstance(error, click.NoSuchOption):
        message = f"There is no option {error.option_name!r}."
    return UsageError(message, where=ctx.command_path, hint=hint or f"{ctx.command_path} --help")


def _file_of(error: OSError) -> str | None:
    return None if error.filename is None else os.fsdecode(error.filename)
