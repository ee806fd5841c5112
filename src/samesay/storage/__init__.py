"""Files and folders that SameSay makes: whole or absent, locked while they are written, this user's own, and no link.

Drafts, locks, journals, caches and checkpoints are made, opened and removed here. The room knows nothing of
what is in them.
"""

from __future__ import annotations

from samesay.storage.durable import (
    as_output_error,
    flush_folder,
    hidden_beside,
    made_parents,
    new_file,
    new_file_by_name,
    new_folder,
    require_room,
    require_writable,
    restore_previous,
    said_plainly,
)
from samesay.storage.own import OwnFolder, destination, is_own, open_own, read_own, require_own_or_absent
from samesay.storage.system import Claim, rename_new, taken

__all__ = [
    "Claim",
    "OwnFolder",
    "as_output_error",
    "destination",
    "flush_folder",
    "hidden_beside",
    "is_own",
    "made_parents",
    "new_file",
    "new_file_by_name",
    "new_folder",
    "open_own",
    "read_own",
    "rename_new",
    "require_own_or_absent",
    "require_room",
    "require_writable",
    "restore_previous",
    "said_plainly",
    "taken",
]
