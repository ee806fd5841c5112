"""A valid file or folder changed a little, by a random number: what hostile or broken ones look like.

The same generator gives the same change, so that a finding is kept as a number.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import shutil
import zipfile
import zlib
from pathlib import Path
from random import Random
from typing import Any

CANARY = "canary-was-run"
"""A file of this name in the working folder means that something of an input was run."""

_CODE = (
    f"$(touch {CANARY})",
    f"`touch {CANARY}`",
    f"__import__('os').system('touch {CANARY}')",
    f"!!python/object/apply:os.system ['touch {CANARY}']",
    f"cos\nsystem\n(S'touch {CANARY}'\ntR.",
)
_TEXTS = (
    *_CODE,
    *(
        "",
        " ",
        "\0",
        "\x1b[31m",
        "\ud800",
        "\u202e",
        "\ufeff",
        "é",
        "💥",
        "a" * 5_000,
        "a b " * 20_000,
        "=cmd|' /C x'!A0",
    ),
    *(
        "-1",
        "NaN",
        "inf",
        "1e400",
        "9" * 400,
        "9" * 5_000,
        "true",
        "null",
        "None",
        "[SEP]",
        "\\N",
        "0x10",
        "1_0",
    ),
    *(
        "../../x",
        "/etc/passwd",
        "/dev/zero",
        "con",
        ".",
        "..",
        "a/b",
        "label",
        "premise",
        "hypothesis",
        "{",
        "[[[[",
        "%s%n",
    ),
)
_VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 2, 7, 2**31, 2**63, 2**64, 10**10, 10**30, 10**400, -(10**400)),
    *(
        0.5,
        -0.0,
        5e-324,
        1e308,
        float("nan"),
        float("inf"),
        [],
        {},
        [[]],
        [None],
        {"": {}},
        ["a", 1],
        {"a": [1]},
    ),
)
_BYTES = (
    *(
        b"\0",
        b"\xff",
        b"\n",
        b"\r",
        b'"',
        b",",
        b"\t",
        b"\x1f\x8b",
        b"PAR1",
        b"PK\x03\x04",
        b"\xef\xbb\xbf",
        b"\xff\xfe",
    ),
    *(b"\x80\x04\x95", b"\x7f" * 8, b"\xff" * 8, b"\x00" * 8),
)
_MOST_BYTES = 3_000_000


def mutate(random: Random, path: Path) -> None:
    """Change the file, or something in the folder, at ``path``, once to three times."""
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        (_mutate_folder if path.is_dir() else _mutate_file)(random, path)


def mend_manifest(folder: Path) -> None:
    """Let a saved model's manifest be right about its files and itself again, as a forger would."""
    place = folder / "samesay.json"
    if place.is_symlink() or not place.is_file():
        return
    try:
        document = json.loads(place.read_text("utf-8"))
        for part in document["parts"].values():
            for relative, record in part["files"].items():
                if (folder / relative).is_symlink() or not (folder / relative).is_file():
                    continue
                content = (folder / relative).read_bytes()
                record.update(sha256=hashlib.sha256(content).hexdigest(), bytes=len(content))
        rest = {key: value for key, value in document.items() if key != "checksum"}
        canonical = json.dumps(rest, sort_keys=True, separators=(",", ":"), allow_nan=False)
        document["checksum"] = "sha256:" + hashlib.sha256(canonical.encode("ascii")).hexdigest()
        text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
        place.write_bytes(text.encode("utf-8"))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return  # it is no manifest any more, which is an input, too


def _mutate_folder(random: Random, folder: Path) -> None:
    files = sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    if not files:
        return
    path = random.choice(files)
    kind = random.random()
    if kind < 0.8:
        _mutate_file(random, path)
    elif kind < 0.88:
        path.unlink()
    elif kind < 0.91:
        path.write_bytes(b"")
    elif kind < 0.94:
        path.unlink()
        path.symlink_to(random.choice(("/dev/zero", "/etc/passwd", "nowhere", str(folder))))
    elif kind < 0.96:
        path.unlink()
        path.mkdir()
    elif kind < 0.98:
        path.unlink()
        os.mkfifo(path)
    else:
        shutil.copy(
            path, path.with_name(random.choice((".hidden", "pytorch_model.bin", "model.safetensors", "x.py")))
        )


def _mutate_file(random: Random, path: Path) -> None:
    path.write_bytes(_mutated(random, path.read_bytes(), path.name)[:_MOST_BYTES])


def _mutated(random: Random, content: bytes, name: str) -> bytes:
    if random.random() < 0.15:
        return _mutated_bytes(random, content)
    suffix = name.lower().rpartition(".")[2]
    try:
        if suffix == "gz":
            return gzip.compress(_mutated(random, gzip.decompress(content), name[:-3]), 1, mtime=0)
        if suffix in ("keras", "zip"):
            return _mutated_zip(random, content)
        if suffix == "json":
            return _mutated_json(random, content)
        if suffix == "jsonl":
            return _mutated_lines(random, content, _mutated_json)
        if suffix in ("csv", "tsv", "yaml", "toml", "txt", "md"):
            separator = {"csv": b",", "tsv": b"\t"}.get(suffix, b" ")
            return _mutated_lines(random, content, lambda one, line: _mutated_fields(one, line, separator))
        if suffix == "safetensors":
            return _mutated_safetensors(random, content)
    except (ValueError, OSError, EOFError, zipfile.BadZipFile, zlib.error, RecursionError):
        pass  # a second change of what is broken already
    return _mutated_bytes(random, content)


def _mutated_bytes(random: Random, content: bytes) -> bytes:
    at = random.randrange(len(content) + 1)
    end = min(len(content), at + random.choice((1, 1, 2, 8, 100, 5_000)))
    kind = random.randrange(8)
    if kind == 0 and content:
        at = min(at, len(content) - 1)
        return content[:at] + bytes([content[at] ^ (1 << random.randrange(8))]) + content[at + 1 :]
    if kind == 1:
        return content[:at] + content[end:]
    if kind == 2:
        return content[:at]
    if kind == 3:
        return content[:at] + _times(content[at:end], random.choice((2, 10, 5_000, 100_000))) + content[end:]
    if kind == 4:
        return content[:at] + random.choice(_TEXTS).encode("utf-8", "surrogatepass") + content[at:]
    if kind == 5:
        return content[:at] + random.randbytes(end - at) + content[end:]
    if kind == 6:
        return content + content[at:]
    return content[:at] + random.choice(_BYTES) * random.choice((1, 1, 1_000, 300_000)) + content[at:]


def _times(piece: bytes, n: int) -> bytes:
    """``piece`` so many times, as far as a changed file may be long."""
    return piece * max(1, min(n, _MOST_BYTES // max(1, len(piece))))


def _mutated_lines(random: Random, content: bytes, change: Any) -> bytes:
    lines = content.split(b"\n")
    at = random.randrange(len(lines))
    kind = random.randrange(10)
    if kind < 7:
        lines[at] = change(random, lines[at])
    elif kind == 7:
        del lines[at]
    elif kind == 8:
        lines[at] = _times(lines[at] + b"\n", random.choice((2, 4, 3_001)))[:-1]
    else:
        other = random.randrange(len(lines))
        lines[at], lines[other] = lines[other], lines[at]
    return b"\n".join(lines)


def _mutated_fields(random: Random, line: bytes, separator: bytes) -> bytes:
    fields = line.split(separator)
    at = random.randrange(len(fields))
    kind = random.randrange(6)
    if kind < 3:
        fields[at] = random.choice(_TEXTS).encode("utf-8", "surrogatepass")
    elif kind == 3:
        fields[at:at] = [random.choice((b"", fields[at], b"x%d" % random.randrange(9)))] * random.choice(
            (1, 2, 60_000)
        )
    elif kind == 4:
        del fields[at]
    else:
        fields[at] = random.choice((b'"', b'"a', b'a"b', b'""', b'"a""b"')) + fields[at]
    return separator.join(fields)


def _mutated_json(random: Random, content: bytes) -> bytes:
    document = json.loads(content)
    places: list[tuple[Any, Any]] = []

    def walk(node: Any) -> None:
        entries = (
            node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
        )
        for key, value in entries:
            places.append((node, key))
            walk(value)

    walk(document)
    if not places or random.random() < 0.03:
        return json.dumps(random.choice(_VALUES)).encode()
    node, key = random.choice(places)
    kind = random.randrange(12)
    if kind < 5:
        node[key] = random.choice(_VALUES)
    elif kind < 7:
        node[key] = random.choice(_TEXTS)
    elif kind == 7:
        del node[key]
    elif kind == 8:
        node[key] = _nested(random.choice((30, 600, 50_000)))
    elif kind == 9 and isinstance(node, dict):
        node[random.choice(_TEXTS)] = node[key]
    elif kind == 10:
        node[key] = [node[key]] * random.choice((0, 1, 2, 30_000))
    else:
        node[key] = {str(number): number for number in range(random.choice((1, 30_000)))}
    try:
        text = json.dumps(document, ensure_ascii=random.random() < 0.5)
    except (RecursionError, ValueError):
        return content
    raw = text.encode("utf-8", "surrogatepass").replace(b'"<nested>"', b"[" * 50_000 + b"]" * 50_000)
    if random.random() < 0.05:  # a key for the second time
        raw = raw.replace(b"{", b'{"a": 1, "a": 2, ', 1)
    return raw


def _nested(depth: int) -> Any:
    if depth > 900:
        return "<nested>"
    value: Any = []
    for _ in range(depth):
        value = [value]
    return value


def _mutated_safetensors(random: Random, content: bytes) -> bytes:
    size = int.from_bytes(content[:8], "little")
    header = _mutated_json(random, content[8 : 8 + size])
    told = len(header) if random.random() < 0.9 else random.choice((0, 2**31, 2**63 - 1))
    return told.to_bytes(8, "little") + header + content[8 + size :]


def _mutated_zip(random: Random, content: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    name = random.choice(sorted(members))
    kind = random.randrange(10)
    if kind < 7:
        members[name] = _mutated(random, members[name], name)
    elif kind == 7:
        del members[name]
    elif kind == 8:
        members[random.choice(("../x", "/x", "model.weights.h5", "assets/x", name + "/x"))] = members[name]
    else:
        members[name] = b"\0" * 30_000_000
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for one, data in members.items():
            archive.writestr(one, data)
    return out.getvalue()
