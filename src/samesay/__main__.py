"""``python -m samesay``: the command line, for where the ``samesay`` script is not on the path."""

from __future__ import annotations

from samesay.cli.main import main

if __name__ == "__main__":
    main()
