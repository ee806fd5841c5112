"""A command of ours run in this process, as a user meets it."""

from __future__ import annotations

import pytest

from samesay.cli.main import main


def outcome(capsys, *arguments):
    """Exit status, standard output, standard error."""
    with pytest.raises(SystemExit) as left:
        main([str(word) for word in arguments])
    captured = capsys.readouterr()
    return left.value.code, captured.out, captured.err
