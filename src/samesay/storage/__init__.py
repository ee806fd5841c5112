"""Files and folders that SameSay makes: whole or absent, locked while they are written, this user's own, and no link.

Drafts, locks, journals, caches and checkpoints are made, opened and removed here. The room knows nothing of
what is in them.
"""

from __future__ import annotations

from samesay.storage.durable import new_file, new_folder
from samesay.storage.own_folder import OwnFolder
from samesay.storage.ownership import destination, is_own, open_own, read_own

__all__ = ["OwnFolder", "destination", "is_own", "new_file", "new_folder", "open_own", "read_own"]
