"""Commands of ours one after the other in one process: ``python commands_in_turn.py COMMANDS.json STATUSES.json``."""

from __future__ import annotations

import json
import sys
from pathlib import Path

if __name__ == "__main__":
    from samesay.cli.main import main

    statuses = []
    for words in json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")):
        try:
            main(words)
        except SystemExit as left:
            statuses.append([" ".join(words), left.code])
    Path(sys.argv[2]).write_text(json.dumps(statuses), encoding="utf-8")
