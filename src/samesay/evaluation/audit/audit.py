"""What is wrong with pairs, whatever model learns from them: repeated, contradicted, shared between splits, one-sided.

Knows tables and counts; what the findings are worth is said in words here, and shown elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samesay.data import PairTable
from samesay.data.description import Lengths
from samesay.data.rows import count_words, folded
from samesay.data.table import text_number
from samesay.errors import AuditFindings
from samesay.evaluation.audit.near_duplicates import ALIKE, READ_LETTERS, near_duplicates
from samesay.evaluation.audit.shortcut import Shortcut
from samesay.evaluation.evaluation import Finding
from samesay.pairs import is_empty

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
            return f"{serious} serious {'finding' if serious == 1 else 'findings'}: metrics on these pairs need care"
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
    empty_first, empty_second = (
        np.fromiter(map(is_empty, side), np.bool_, n) for side in (table.first, table.second)
    )
    identical = sum(
        folded(first) == folded(second) for first, second in zip(table.first, table.second, strict=True)
    )
    repeated = n - len(np.unique(table.pair_hashes()))
    facts: dict[str, Any] = {
        "pairs": n,
        "rows_dropped": dict(table.origin.rows_dropped),
        "notes": list(table.origin.notes),
        "labels": None if table.labels is None else table.label_counts(),
        "words": {
            side: _words(texts) for side, texts in zip(table.sides, (table.first, table.second), strict=True)
        },
        "repeated": repeated,
        "empty": {
            table.sides.first: int(empty_first.sum()),
            table.sides.second: int(empty_second.sum()),
        },
        "identical_sides": identical,
        "truncated": None,
    }
    findings = []
    one_sided = np.flatnonzero(empty_first | empty_second)
    if one_sided.size:
        places = tuple(place(split, table, row) for row in one_sided[:_EXAMPLES].tolist())
        text = f"{split}: {one_sided.size:,} of {n:,} pairs have an empty text"
        findings.append(Finding("empty-side", "fault", text, places))
    if repeated:
        share = f"{100 * repeated / n:.2f} %"
        findings.append(
            Finding("repeated-pairs", "caution", f"{split}: {repeated:,} pairs ({share}) occur before")
        )
    if table.labels is not None:
        findings += _balance(split, table)
    return facts, findings


def contradictions(tables: Mapping[str, PairTable]) -> tuple[dict[str, int], list[Finding]]:
    """Pairs that carry more than one label, in one split or in two; case and blanks make no difference."""
    labelled = [split for split, table in tables.items() if table.labels is not None]
    if not labelled:
        return {"pairs": 0, "rows": 0}, []
    numbers = np.concatenate([_pair_numbers(tables[split]) for split in labelled])
    splits = np.repeat(np.arange(len(labelled)), [len(tables[split]) for split in labelled])
    rows = np.concatenate([np.arange(len(tables[split])) for split in labelled])
    known: dict[str, int] = {}
    labels = np.concatenate(
        [
            np.array([known.setdefault(name, len(known)) for name in tables[split].labels or ()], np.int32)[
                tables[split].gold
            ]
            for split in labelled
        ]
    )
    _, first, pair_of = np.unique(numbers, return_index=True, return_inverse=True)
    least, most = np.full(len(first), len(known)), np.full(len(first), -1)
    np.minimum.at(least, pair_of, labels)
    np.maximum.at(most, pair_of, labels)
    contradicted = np.flatnonzero(least != most)
    contradicted = contradicted[np.argsort(first[contradicted])]  # in the order in which they come
    of_them = np.flatnonzero(np.isin(pair_of, contradicted))
    counts = {"pairs": len(contradicted), "rows": len(of_them)}
    if not len(contradicted):
        return counts, []
    names = list(known)
    places = tuple(
        ", ".join(
            f"{place(labelled[splits[at]], tables[labelled[splits[at]]], int(rows[at]))}: {names[labels[at]]}"
            for at in of_them[pair_of[of_them] == one][:3]
        )
        for one in contradicted[:_EXAMPLES]
    )
    text = f"{counts['pairs']:,} pairs carry more than one label, in {counts['rows']:,} rows"
    return counts, [Finding("contradicting-labels", "fault", text, places)]


def shared_between(tables: Mapping[str, PairTable]) -> tuple[dict[str, dict[str, int]], list[Finding]]:
    """Pairs, and texts of each side, that one split has from another."""
    names = list(tables)
    hashes = {name: tables[name].pair_hashes() for name in names}
    sides = tuple(tables[names[0]].sides)
    texts = {
        name: tuple(_numbers(side) for side in (table.first, table.second)) for name, table in tables.items()
    }
    shared: dict[str, dict[str, int]] = {}
    findings = []
    for index, earlier in enumerate(names):
        for later in names[index + 1 :]:
            here = np.flatnonzero(np.isin(hashes[later], hashes[earlier]))
            counts = {"pairs": len(here)}
            for side, known, mine in zip(sides, texts[earlier], texts[later], strict=True):
                counts[side] = int(np.isin(mine, known).sum())
                if counts[side]:
                    text = f"{counts[side]:,} pairs of {later} have a {side} that {earlier} has, too"
                    findings.append(Finding("shared-texts", "caution", text))
            shared[f"{earlier}, {later}"] = counts
            if here.size:
                places = tuple(place(later, tables[later], row) for row in here[:_EXAMPLES].tolist())
                text = f"{len(here):,} of {len(hashes[later]):,} pairs of {later} are in {earlier}, too"
                findings.append(Finding("shared-pairs", "fault", text, places))
    return shared, findings


def nearly_shared(tables: Mapping[str, PairTable]) -> tuple[dict[str, Any], list[Finding]]:
    """Pairs that are nearly like another one, by split of the one and of the other; of large tables a sample.

    Raises:
        ExtraMissing: If scikit-learn is not installed.
    """
    names = list(tables)
    numbers = [_pair_numbers(table) for table in tables.values()]
    full = [_both_full(table) for table in tables.values()]
    groups = np.repeat(np.arange(len(names)), [len(one) for one in numbers])
    rows = np.concatenate([np.arange(len(one)) for one in numbers])
    places_kept = np.flatnonzero(np.concatenate(full))
    # Each pair once: where it occurs first.
    _, once = np.unique(np.concatenate(numbers)[places_kept], return_index=True)
    kept = places_kept[np.sort(once)]
    groups, rows = groups[kept], rows[kept]
    if len(rows) < 2:
        return {"asked": {}, "found": {}, "alike": ALIKE}, []

    n_letters = sum(
        min(len(text), READ_LETTERS) for table in tables.values() for text in chain(table.first, table.second)
    )

    def pair(index: int) -> tuple[str, str]:
        table, row = tables[names[groups[index]]], int(rows[index])
        return table.first[row], table.second[row]

    near = near_duplicates(pair, groups, n_letters)
    asked = {name: int((groups[near.asked] == number).sum()) for number, name in enumerate(names)}
    found: dict[str, int] = {}
    places: dict[str, list[str]] = {}
    for one, other in near.found.tolist():
        mine, row, theirs, there = groups[one], int(rows[one]), groups[other], int(rows[other])
        key = f"{names[mine]}, {names[theirs]}"
        found[key] = found.get(key, 0) + 1
        here = place(names[mine], tables[names[mine]], row)
        like = place(names[theirs], tables[names[theirs]], there)
        places.setdefault(key, []).append(f"{here} and {like}")
    findings = []
    for key, count in found.items():
        mine, theirs = key.split(", ")
        sampled = "" if len(near.asked) == len(rows) else f" that were drawn of {len(rows):,}"
        text = f"{count:,} of {asked[mine]:,} pairs of {mine}{sampled} are nearly like one of {theirs}"
        leaks = mine != theirs and count > _NEAR_SHARE * asked[mine]
        weight = "fault" if leaks else "caution"
        findings.append(Finding("near-duplicates", weight, text, tuple(places[key][:_EXAMPLES])))
    return {"asked": asked, "found": found, "alike": ALIKE}, findings


def of_shortcut(shortcut: Shortcut) -> list[Finding]:
    """What a shortcut means for who trains and measures on these pairs."""
    if not shortcut.serious:
        return []
    text = (
        f"the {shortcut.side} alone {shortcut.verdict}: {100 * shortcut.accuracy:.1f} % right "
        f"({100 * shortcut.low:.1f} to {100 * shortcut.high:.1f}) where the most frequent label has "
        f"{100 * shortcut.majority:.1f} %"
    )
    return [Finding("shortcut", "fault", text)]


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
        text = f"{split}: {100 * share:.1f} % of the pairs are {most}: accuracy says little"
        findings.append(Finding("unbalanced", "caution", text))
    if absent:
        findings.append(Finding("absent-labels", "caution", f"{split}: no pair is {', '.join(absent)}"))
    return findings


def _words(texts: Sequence[str]) -> dict[str, float]:
    lengths = Lengths.of(map(count_words, texts))
    return {"mean": lengths.mean, "median": lengths.median, "percentile_99": lengths.percentile_99}


def _numbers(texts: Sequence[str]) -> NDArray[np.uint64]:
    """A number for each text, equal where they say the same: the texts themselves may be more than fit in memory."""
    return np.fromiter((text_number(folded(text)) for text in texts), np.uint64, len(texts))


def _pair_numbers(table: PairTable) -> NDArray[np.uint64]:
    """The same of pairs whose sides are in their order."""
    both = zip(table.first, table.second, strict=True)
    return np.fromiter(
        (text_number(folded(first), folded(second)) for first, second in both), np.uint64, len(table)
    )


def _both_full(table: PairTable) -> NDArray[np.bool_]:
    both = zip(table.first, table.second, strict=True)
    return np.fromiter(
        (bool(first.strip() and second.strip()) for first, second in both), np.bool_, len(table)
    )
