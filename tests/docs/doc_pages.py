"""The project's pages, their fenced blocks, and their tables: what the tests of the documentation read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), ROOT / "CONTRIBUTING.md")

_FENCE = re.compile(r"^```(?P<language>[a-z]*)[ ]*(?P<title>\S*)$")
_NOT_RUN = re.compile(r"<!-- not run: (?P<reason>.+) -->")


@dataclass(frozen=True)
class Block:
    """A fenced block.

    Attributes:
        page: Its page.
        line: The line of its first line of content, from 1.
        language: The word behind the fence.
        title: The second word: for data, the file that the reader has.
        code: Its content.
        not_run: Why the tests leave it out, where the page says so in a comment on the line above.
    """

    page: Path
    line: int
    language: str
    title: str
    code: str
    not_run: str | None

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks(page: Path) -> list[Block]:
    """The fenced blocks of a page, in their order."""
    found: list[Block] = []
    lines = page.read_text(encoding="utf-8").splitlines()
    start: int | None = None
    fence: re.Match[str] | None = None
    for index, line in enumerate(lines):
        if start is None:
            fence = _FENCE.match(line)
            start = index + 1 if fence else None
        elif line == "```":
            assert fence is not None
            above = next((text for text in reversed(lines[: start - 1]) if text.strip()), "")
            not_run = _NOT_RUN.fullmatch(above)
            found.append(
                Block(
                    page,
                    start + 1,
                    fence["language"],
                    fence["title"],
                    "\n".join(lines[start:index]) + "\n",
                    not_run["reason"] if not_run else None,
                )
            )
            start = None
    assert start is None, f"{page}: a block that begins at line {start} has no end"
    return found


def prose(page: Path) -> str:
    """A page without its fenced blocks and comments."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    return re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL)


def table(page: Path, first_header: str) -> list[list[str]]:
    """The rows of the table whose first column is called ``first_header``, without header and rule."""
    lines = page.read_text(encoding="utf-8").splitlines()
    starts = [index for index, line in enumerate(lines) if line.startswith(f"| {first_header} |")]
    assert len(starts) == 1, f"{page.name} has {len(starts)} tables that begin with {first_header!r}"
    rows = []
    for line in lines[starts[0] + 2 :]:
        if not line.startswith("|"):
            break
        # A bar within a cell is escaped, as GitHub wants it.
        rows.append([cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]])
    return rows
