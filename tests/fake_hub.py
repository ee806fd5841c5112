"""A Hugging Face hub on loopback, with the few addresses that its library asks for, and how it is asked.

The library reads its settings once, when it is imported: whoever asks does so in a process of its own.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import unquote, urlsplit

COMMIT = "c" * 40
NOWHERE = "http://127.0.0.1:9"  # nothing listens there


def commit_of(place: str) -> str:
    """The commit of ``owner/model``, or of ``owner/model@revision``."""
    revision = place.partition("@")[2]
    return hashlib.sha1(revision.encode()).hexdigest() if revision else COMMIT


@contextmanager
def fake_hub(
    repositories: Mapping[str, Path], refused: Mapping[str, tuple[int, str]] | None = None
) -> Iterator[str]:
    """Serve the files of folders as the hub does, and give its address.

    Args:
        repositories: ``owner/model`` or ``datasets/owner/name`` to a folder; ``…@revision`` where it is not the
            default branch.
        refused: The same names to the status and the ``X-Error-Code`` of every answer.
    """
    refusals = refused or {}

    class Hub(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self._answer(with_body=False)

        def do_GET(self) -> None:
            self._answer(with_body=True)

        def _answer(self, *, with_body: bool) -> None:
            path = unquote(urlsplit(self.path).path).strip("/")
            asked_api = path.startswith("api/")
            asked_tree = asked_api and "/tree/" in path
            asked = "/tree/" if asked_tree else "/revision/" if asked_api else "/resolve/"
            name, _, rest = path.removeprefix("api/").partition(asked)
            name = name.removeprefix("models/")
            # A revision may hold slashes: the longest one that is known is meant.
            known = sorted((one.partition("@")[2] for one in repositories), key=len, reverse=True)
            revision = next((one for one in known if one and rest.startswith(one)), rest.partition("/")[0])
            if revision == "main":
                place = name
            else:  # a branch or a tag, or the commit of one
                places = [one for one in repositories if one.partition("@")[0] == name]
                named = (one for one in places if revision in (commit_of(one), one.partition("@")[2]))
                place = next(named, f"{name}@{revision}")
            if name in refusals:
                self._refuse(*refusals[name])
            elif place not in repositories:
                exists = any(one.partition("@")[0] == name for one in repositories)
                self._refuse(404, "RevisionNotFound" if exists else "RepoNotFound")
            elif asked_api:
                files = sorted(one for one in repositories[place].rglob("*") if one.is_file())
                sizes = {one.relative_to(repositories[place]).as_posix(): one.stat().st_size for one in files}
                tree = [{"type": "file", "path": path, "size": sizes[path], "oid": path} for path in sizes]
                siblings = [{"rfilename": path} for path in sizes]
                facts = {"id": name, "sha": commit_of(place), "siblings": siblings}
                answer = json.dumps(tree if asked_tree else facts).encode()
                self._send(answer, with_body, commit_of(place))
            elif not (file := repositories[place] / rest.removeprefix(revision).strip("/")).is_file():
                self._refuse(404, "EntryNotFound")
            else:
                self._send(file.read_bytes(), with_body, commit_of(place))

        def _send(self, content: bytes, with_body: bool, commit: str) -> None:
            self.send_response(200)
            self.send_header("X-Repo-Commit", commit)
            self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if with_body:
                self.wfile.write(content)

        def _refuse(self, status: int, code: str) -> None:
            self.send_response(status)
            self.send_header("X-Repo-Commit", COMMIT)
            if code:
                self.send_header("X-Error-Code", code)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Hub) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


def ask_apart(program: str, cache: Path, *arguments: str, **environment: str) -> list[dict[str, Any]]:
    """The JSON lines that a program prints, run in a process of its own with this cache of the hub."""
    unwanted = ("http_proxy", "https_proxy", "all_proxy", "hf_token")
    kept = {name: value for name, value in os.environ.items() if name.lower() not in unwanted}
    kept |= {"HF_HOME": str(cache), "HF_HUB_DISABLE_TELEMETRY": "1", "HF_HUB_DISABLE_XET": "1", **environment}
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        capture_output=True,
        text=True,
        env=kept,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith(("{", "["))]
