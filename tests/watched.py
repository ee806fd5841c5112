"""A program run with an empty home, in a network of its own where all that it asks, by whatever thread, is counted.

Run as ``python watched.py RESULT PROGRAM …`` in a new network namespace, where every address is this machine's: names
are asked of the server below, which knows none, and the kernel counts what is sent and what connections are begun.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import socket
import struct
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

_UP_AND_RUNNING = 0x1 | 0x40
_SET_FLAGS, _SET_ADDRESS, _SET_NETMASK = 0x8914, 0x8916, 0x891C


@dataclass(frozen=True)
class Watched:
    """What a program left and asked.

    Attributes:
        status: Its exit status.
        output: Its standard output and error.
        files: What it wrote under its home.
        asked: The names that it looked up, and what else it sent; None where it could not be watched.
    """

    status: int
    output: str
    files: list[str]
    asked: list[str] | None


def watch(program: list[str], folder: Path, **variables: str) -> Watched:
    """Run a program in ``folder`` with a home that is empty, and see what comes of it."""
    home, result = folder / "home", folder / "asked.json"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir()
    # Some libraries keep quiet where these say that a machine tests them.
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LD_LIBRARY_PATH") if name in os.environ}
    environment = kept | {"HOME": str(home), "PYTHONPATH": str(Path(__file__).parent)} | variables
    apart = ["unshare", "--map-root-user", "--net"]
    within = [*apart, sys.executable, __file__, str(result)] if _can(apart) else []
    run = subprocess.run(
        [*within, *program], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    files = sorted(str(path.relative_to(home)) for path in home.rglob("*") if path.is_file())
    asked = json.loads(result.read_text()) if within else None
    return Watched(run.returncode, run.stdout + run.stderr, files, asked)


def _can(apart: list[str]) -> bool:
    if shutil.which(apart[0]) is None:
        return False
    return subprocess.run([*apart, "true"], capture_output=True, check=False).returncode == 0


def main() -> int:
    """Run the program of the command line, and write what it asked to RESULT."""
    _own_every_address()
    names: set[str] = set()
    # An answer that comes from another address than was asked is not believed.
    told = re.findall(
        r"^nameserver\s+(\d+\.\d+\.\d+\.\d+)", Path("/etc/resolv.conf").read_text(), re.MULTILINE
    )
    for address in told or ["127.0.0.1"]:
        server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        server.bind((address, 53))
        threading.Thread(target=_know_no_name, args=(server, names), daemon=True).start()
    before = _counted()
    status = subprocess.run(sys.argv[2:], check=False).returncode
    after = _counted()
    asked = sorted(names)
    asked += [f"{name}: {after[name] - before[name]}" for name in after if after[name] != before[name]]
    Path(sys.argv[1]).write_text(json.dumps(asked))
    return status


def _own_every_address() -> None:
    """Of 1.0.0.0/8, 2.0.0.0/7, 4.0.0.0/6 … 128.0.0.0/1 the loopback interface has an address, and with it all."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        for bit in range(8):
            name = b"lo" if bit == 0 else f"lo:{bit}".encode()
            for request, number in ((_SET_ADDRESS, (1 << 24 + bit) + 1), (_SET_NETMASK, -1 << 24 + bit)):
                address = struct.pack("!I", number % (1 << 32))
                fcntl.ioctl(control, request, struct.pack("16sH2x4s8x", name, socket.AF_INET, address))
            fcntl.ioctl(control, _SET_FLAGS, struct.pack("16sH14x", name, _UP_AND_RUNNING))


def _know_no_name(server: socket.socket, names: set[str]) -> None:
    while True:
        query, client = server.recvfrom(4096)
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1 : at + 1 + query[at]].decode("ascii", "replace"))
            at += 1 + query[at]
        names.add(".".join(labels))
        # The question again, as an answer: there is no such name.
        server.sendto(query[:2] + b"\x81\x83" + query[4:6] + bytes(6) + query[12 : at + 5], client)


def _counted() -> dict[str, int]:
    """Connections begun and datagrams sent in this network, the name server's own among them."""
    lines = [line.split() for line in Path("/proc/net/snmp").read_text().splitlines()]
    table = {
        (names[0], name): int(value)
        for names, values in zip(lines[::2], lines[1::2], strict=True)
        for name, value in zip(names[1:], values[1:], strict=True)
    }
    return {
        "connections begun": table["Tcp:", "ActiveOpens"],
        "datagrams sent": table["Udp:", "OutDatagrams"],
    }


if __name__ == "__main__":
    sys.exit(main())
