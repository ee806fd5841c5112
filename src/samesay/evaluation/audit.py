"""What is wrong with pairs, whatever model learns from them: repeated, contradicted, shared between splits, one-sided.

Knows tables and counts; what the findings are worth is said in words here, and shown elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from samesay.data import PairTable
from samesay.data.description import Lengths
from samesay.errors import AuditFindings
from samesay.evaluation.finding import Finding
from samesay.evaluation.near_duplicates import ALIKE, near_duplicates
from samesay.evaluation.shortcut import Shortcut

_EXAMPLES = 5
_BALANCED = 0.9
# A few near-duplicates are chance: short texts say much the same in the same words.
_NEAR_SHARE = 0.01


@dataclass(frozen=True)
class Audit:
    """What was found in the splits of a source.

    Attributes:
        source: The source.
        splits: By split: ``pairs``, ``rows_dropped``, ``notes``, ``labels`` (counts), ``words`` (of each side),
            ``repeated``, ``empty`` (sides), ``identical_sides``, ``truncated`` (pairs, where an encoder was named).
        shared: By two splits: ``pairs`` and texts of each side in the second that occur in the first.
        contradictions: Pairs that carry two labels, and their rows.
        near_duplicates: ``asked`` and ``found`` by splits; None where it was not looked for.
        shortcuts: One for each side; none where there are no classes.
        findings: What to do something about, the serious ones first.
        skipped: What was not looked at, and why.
        seconds: Wall time.
        notes: How the pairs were read.
    """

    source: str
    splits: dict[str, dict[str, Any]]
    shared: dict[str, dict[str, int]]
    contradictions: dict[str, int]
    near_duplicates: dict[str, Any] | None
    shortcuts: tuple[Shortcut, ...]
    findings: tuple[Finding, ...]
    skipped: tuple[str, ...]
    seconds: float
    notes: tuple[str, ...] = ()

    @property
    def verdict(self) -> str:
        """All of it in one sentence."""
        serious = sum(finding.is_fault for finding in self.findings)
        if serious:
            return f"{serious} serious {'finding' if serious == 1 else 'findings'}: figures on these pairs need care"
        return "nothing serious was found" + (" in what was looked at" if self.skipped else "")

    def require_clean(self) -> None:
        """Refuse data with a serious finding.

        Raises:
            AuditFindings: If there is one.
        """
        serious = [finding for finding in self.findings if finding.is_fault]
        if serious:
            raise AuditFindings(
                f"The audit has {self.verdict}.",
                where=self.source,
                expected="data without serious findings",
                details={"findings": [finding.to_dict() for finding in serious]},
            )

    def to_dict(self) -> dict[str, Any]:
        """The audit as JSON types."""
        return {
            "verdict": self.verdict,
            "findings": [finding.to_dict() for finding in self.findings],
            "source": self.source,
            "splits": self.splits,
            "shared": self.shared,
            "contradictions": self.contradictions,
            "near_duplicates": self.near_duplicates,
            "shortcuts": [shortcut.to_dict() for shortcut in self.shortcuts],
            "skipped": list(self.skipped),
            "seconds": self.seconds,
            "notes": list(self.notes),
        }


def place(split: str, table: PairTable, row: int) -> str:
    """Where a pair stands, in words."""
    return f"{split} row {table.row_number(row):,}"


def describe_split(split: str, table: PairTable) -> tuple[dict[str, Any], list[Finding]]:
    """Counts of one split, and what is found in them."""
    n = len(table)
    empty_first = [not text.strip() for text in table.first]
    empty_second = [not text.strip() for text in table.second]
    identical = sum(
        _plain(first) == _plain(second) for first, second in zip(table.first, table.second, strict=True)
    )
    repeated = n - len(set(table.pair_hashes()))
    facts: dict[str, Any] = {
        "pairs": n,
        "rows_dropped": dict(table.origin.rows_dropped),
        "notes": list(table.origin.notes),
        "labels": table.label_counts() if table.labelled else None,
        "words": {
            side: _words(texts) for side, texts in zip(table.sides, (table.first, table.second), strict=True)
        },
        "repeated": repeated,
        "empty": {table.sides.first: sum(empty_first), table.sides.second: sum(empty_second)},
        "identical_sides": identical,
        "truncated": None,
    }
    findings = []
    one_sided = np.flatnonzero(np.array(empty_first) | np.array(empty_second))
    if one_sided.size:
        places = tuple(place(split, table, row) for row in one_sided[:_EXAMPLES].tolist())
        told = f"{split}: {one_sided.size:,} of {n:,} pairs have an empty text"
        findings.append(Finding("empty-side", "fault", told, places))
    if repeated:
        share = f"{100 * repeated / n:.2f} %"
        findings.append(
            Finding("repeated-pairs", "caution", f"{split}: {repeated:,} pairs ({share}) occur before")
        )
    if table.labelled:
        findings += _balance(split, table)
    return facts, findings


def contradictions(tables: Mapping[str, PairTable]) -> tuple[dict[str, int], list[Finding]]:
    """Pairs that carry more than one label, in one split or in two; case and blanks make no difference."""
    seen: dict[tuple[str, str], list[tuple[str, int, str]]] = {}
    for split, table in tables.items():
        if table.labelled:
            for row, name in enumerate(table.label_names()):
                key = (_plain(table.first[row]), _plain(table.second[row]))
                seen.setdefault(key, []).append((split, row, name))
    contradicted = [where for where in seen.values() if len({name for _, _, name in where}) > 1]
    rows = sum(len(where) for where in contradicted)
    counts = {"pairs": len(contradicted), "rows": rows}
    if not contradicted:
        return counts, []
    places = tuple(
        ", ".join(f"{place(split, tables[split], row)}: {name}" for split, row, name in where[:3])
        for where in contradicted[:_EXAMPLES]
    )
    told = f"{len(contradicted):,} pairs carry more than one label, in {rows:,} rows"
    return counts, [Finding("contradicting-labels", "fault", told, places)]


def shared_between(tables: Mapping[str, PairTable]) -> tuple[dict[str, dict[str, int]], list[Finding]]:
    """Pairs, and texts of each side, that one split has from another."""
    names = list(tables)
    hashes = {name: tables[name].pair_hashes() for name in names}
    sides = tuple(tables[names[0]].sides)
    texts = {
        name: tuple([_plain(text) for text in side] for side in (table.first, table.second))
        for name, table in tables.items()
    }
    shared: dict[str, dict[str, int]] = {}
    findings = []
    for index, earlier in enumerate(names):
        known_pairs = set(hashes[earlier])
        known_texts = tuple(set(side) for side in texts[earlier])
        for later in names[index + 1 :]:
            here = np.flatnonzero([one in known_pairs for one in hashes[later]])
            counts = {"pairs": len(here)}
            for side, known, mine in zip(sides, known_texts, texts[later], strict=True):
                counts[side] = sum(text in known for text in mine)
                if counts[side]:
                    told = f"{counts[side]:,} pairs of {later} have a {side} that {earlier} has, too"
                    findings.append(Finding("shared-texts", "caution", told))
            shared[f"{earlier}, {later}"] = counts
            if here.size:
                places = tuple(place(later, tables[later], row) for row in here[:_EXAMPLES].tolist())
                told = f"{len(here):,} of {len(hashes[later]):,} pairs of {later} are in {earlier}, too"
                findings.append(Finding("shared-pairs", "fault", told, places))
    return shared, findings


def nearly_shared(tables: Mapping[str, PairTable]) -> tuple[dict[str, Any], list[Finding]]:
    """Pairs that are nearly like another one, by split of the one and of the other; of large tables a sample.

    Raises:
        ExtraMissing: If scikit-learn is not installed.
    """
    names = list(tables)
    seen: set[tuple[str, str]] = set()
    rows: list[tuple[int, int]] = []
    for number, table in enumerate(tables.values()):
        for row, key in enumerate(
            (_plain(one), _plain(other)) for one, other in zip(table.first, table.second, strict=True)
        ):
            if key not in seen and all(key):
                seen.add(key)
                rows.append((number, row))
    groups = np.array([number for number, _ in rows], np.int64)
    first = [tables[names[number]].first[row] for number, row in rows]
    second = [tables[names[number]].second[row] for number, row in rows]
    if len(rows) < 2:
        return {"asked": {}, "found": {}, "alike": ALIKE}, []
    near = near_duplicates(first, second, groups)
    asked = {name: int((groups[near.asked] == number).sum()) for number, name in enumerate(names)}
    found: dict[str, int] = {}
    places: dict[str, list[str]] = {}
    for one, other in near.found.tolist():
        (mine, row), (theirs, there) = rows[one], rows[other]
        key = f"{names[mine]}, {names[theirs]}"
        found[key] = found.get(key, 0) + 1
        here = place(names[mine], tables[names[mine]], row)
        like = place(names[theirs], tables[names[theirs]], there)
        places.setdefault(key, []).append(f"{here} and {like}")
    findings = []
    for key, count in found.items():
        mine, theirs = key.split(", ")
        sampled = "" if len(near.asked) == len(rows) else f" that were drawn of {len(rows):,}"
        told = f"{count:,} of {asked[mine]:,} pairs of {mine}{sampled} are nearly like one of {theirs}"
        leaks = mine != theirs and count > _NEAR_SHARE * asked[mine]
        weight = "fault" if leaks else "caution"
        findings.append(Finding("near-duplicates", weight, told, tuple(places[key][:_EXAMPLES])))
    return {"asked": asked, "found": found, "alike": ALIKE}, findings


def of_shortcut(shortcut: Shortcut) -> list[Finding]:
    """What a shortcut means for who trains and measures on these pairs."""
    if not shortcut.serious:
        return []
    told = (
        f"the {shortcut.side} alone {shortcut.verdict}: {100 * shortcut.accuracy:.1f} % right "
        f"({100 * shortcut.low:.1f} to {100 * shortcut.high:.1f}) where the most frequent label has "
        f"{100 * shortcut.majority:.1f} %"
    )
    return [Finding("shortcut", "fault", told)]


def _balance(split: str, table: PairTable) -> list[Finding]:
    counts = table.label_counts()
    used = {name: count for name, count in counts.items() if count}
    if len(used) < 2:
        return [Finding("one-class", "fault", f"{split}: every pair is {next(iter(used), 'nothing')}")]
    most = max(used, key=lambda name: used[name])
    share = used[most] / len(table)
    absent = [name for name in counts if name not in used]
    findings = []
    if share > _BALANCED:
        told = f"{split}: {100 * share:.1f} % of the pairs are {most}: accuracy says little"
        findings.append(Finding("unbalanced", "caution", told))
    if absent:
        findings.append(Finding("absent-labels", "caution", f"{split}: no pair is {', '.join(absent)}"))
    return findings


def _words(texts: Sequence[str]) -> dict[str, float]:
    lengths = Lengths.of([len(text.split()) for text in texts])
    return {"mean": lengths.mean, "median": lengths.median, "percentile_99": lengths.percentile_99}


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
