"""An audit of data with planted faults: each is found and named, and clean data is called clean."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from samesay.cli.main import main
from samesay.data import PairTable, load_pairs
from samesay.errors import AuditFindings, ExtraMissing, UsageError
from samesay.evaluation.audit.shortcut import folds_of
from samesay.jobs.audit import audit

# Made-up words, so that no two texts are alike by chance.
LETTERS = np.array(list("abcdefghijklmnopqrstuvwxyz"))
LABELS = ("entailment", "neutral", "contradiction")
HEAD = ("premise", "hypothesis", "label")


def texts(n: int, *, seed: int) -> list[str]:
    random = np.random.default_rng(seed)
    return [" ".join("".join(random.choice(LETTERS, 5)) for _ in range(7)) for _ in range(n)]


def rows(n: int, *, seed: int) -> list[list[str]]:
    """Pairs whose labels nothing tells."""
    random = np.random.default_rng(seed)
    labels = random.choice(LABELS, n).tolist()
    return [list(row) for row in zip(texts(n, seed=seed + 1), texts(n, seed=seed + 2), labels, strict=True)]


def write(path: Path, table: list[list[str]], *, head: tuple[str, ...] = HEAD) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([head, *table])
    return path


def kinds(found: object) -> dict[str, str]:
    return {finding.code: finding.text for finding in found.findings}  # pyright: ignore[reportAttributeAccessIssue]


def test_clean_data_is_called_clean(tmp_path: Path) -> None:
    write(tmp_path / "pairs" / "train.csv", rows(300, seed=10))
    write(tmp_path / "pairs" / "validation.csv", rows(90, seed=20))
    found = audit(tmp_path / "pairs")
    assert kinds(found) == {}
    assert found.verdict == "nothing serious was found"
    assert found.shared == {"train, validation": {"pairs": 0, "premise": 0, "hypothesis": 0}}
    assert [one.verdict for one in found.shortcuts] == ["gives nothing away that this test sees"] * 2
    found.require_clean()


def test_every_planted_fault_is_found(tmp_path: Path) -> None:
    train, validation = rows(300, seed=30), rows(90, seed=40)
    # A leaked pair in other case and the other way around, a contradiction across splits, and one pair thrice.
    validation.append([train[4][1].upper(), train[4][0], train[4][2]])
    other = "neutral" if train[5][2] != "neutral" else "entailment"
    validation.append([*train[5][:2], other])
    train += [train[7], [f" {train[7][0]}", train[7][1], train[7][2]]]
    # Nearly alike: two letters of one word.
    for row in range(20, 30):
        validation.append([train[row][0][:-2] + "zz", train[row][1], train[row][2]])
    validation.append([train[8][0], "something else entirely here", "neutral"])
    train.append(["a premise alone", " ", "neutral"])
    write(tmp_path / "pairs" / "train.csv", train)
    write(tmp_path / "pairs" / "validation.csv", validation)
    found = audit(tmp_path / "pairs")
    told = kinds(found)
    assert "2 of 103 pairs of validation are in train" in told["shared-pairs"]
    assert "1 pairs carry more than one label, in 2 rows" in told["contradicting-labels"]
    assert "train: 2 pairs (0.66 %) occur before" in told["repeated-pairs"]
    assert "train: 1 of 303 pairs have an empty text" in told["empty-side"]
    assert found.near_duplicates is not None
    assert found.near_duplicates["found"]["validation, train"] == 10
    assert found.shared["train, validation"] == {"pairs": 2, "premise": 2, "hypothesis": 11}
    places = {finding.code: finding.places for finding in found.findings}
    assert places["shared-pairs"] == ("validation row 91", "validation row 92")
    assert "train row 6" in places["contradicting-labels"][0]
    assert places["empty-side"] == ("train row 303",)
    with pytest.raises(AuditFindings, match="serious findings") as error:
        found.require_clean()
    assert {one["code"] for one in error.value.details["findings"]} >= {
        "shared-pairs",
        "contradicting-labels",
    }


def given_away(n: int, *, seed: int) -> list[list[str]]:
    """In two of three pairs, the hypothesis tells the label by one word."""
    random = np.random.default_rng(seed)
    word = {"entailment": "outdoors", "neutral": "tall", "contradiction": "nobody"}
    return [
        [one, f"{other} {word[label]}" if random.random() < 2 / 3 else other, label, f"row {index}"]
        for index, (one, other, label) in enumerate(rows(n, seed=seed))
    ]


def test_a_shortcut_is_measured_and_its_failures_are_kept(tmp_path: Path) -> None:
    head = (*HEAD, "note")
    write(tmp_path / "pairs" / "train.csv", given_away(600, seed=50), head=head)
    write(tmp_path / "pairs" / "validation.csv", given_away(300, seed=60), head=head)
    found = audit(tmp_path / "pairs", hard=tmp_path / "hard.csv")
    premise, hypothesis = found.shortcuts
    assert (premise.side, hypothesis.side) == ("premise", "hypothesis")
    # Two thirds, and a third of the rest by chance.
    assert hypothesis.accuracy == pytest.approx(2 / 3 + 1 / 9, abs=0.06)
    assert hypothesis.low < hypothesis.accuracy < hypothesis.high
    assert hypothesis.verdict == "gives much of the label away"
    assert not premise.serious
    assert "the hypothesis alone gives much of the label away" in kinds(found)["shortcut"]
    hard = load_pairs(tmp_path / "hard.csv")
    assert len(hard) == int((~hypothesis.right).sum())
    assert not any(word in text for text in hard.second for word in ("outdoors", "nobody"))
    kept = load_pairs(tmp_path / "pairs", split="validation")
    place = {note: row for row, note in enumerate(kept.columns["note"])}
    for row, note in enumerate(hard.columns["note"]):
        assert hard.pairs()[row] == kept.pairs()[place[note]]


def test_one_table_is_cross_validated_with_linked_pairs_together(tmp_path: Path) -> None:
    """Premises that are repeated with one label each tell it only to a test that cheats."""
    premises, random = texts(100, seed=70), np.random.default_rng(71)
    label_of = random.choice(LABELS, 100)
    hypotheses = texts(600, seed=72)
    table = [[premises[row % 100], hypotheses[row], label_of[row % 100]] for row in range(600)]
    found = audit(write(tmp_path / "pairs.csv", table))
    assert not found.shortcuts[0].serious
    given = audit(write(tmp_path / "given.csv", given_away(400, seed=73), head=(*HEAD, "note")))
    assert given.shortcuts[1].serious
    assert given.shortcuts[1].n_pairs == 400


def test_folds_keep_a_text_in_one_fold_also_where_common_texts_link_all() -> None:
    def table(first: list[str], second: list[str]) -> PairTable:
        return PairTable.from_inputs((first, second), need_labels=False)

    few = [f"premise {row % 40}" for row in range(200)]
    own = [f"hypothesis {row}" for row in range(200)]
    fold = folds_of(table(few, own))
    assert set(fold.tolist()) == set(range(5))
    assert all(len({fold[row] for row in range(premise, 200, 40)}) == 1 for premise in range(40))
    linked = folds_of(table(few, ["nothing happens" if row < 40 else text for row, text in enumerate(own)]))
    assert len(set(linked.tolist())) == 5
    assert all(len({linked[row] for row in range(premise, 200, 40)}) == 1 for premise in range(40))


def test_scored_and_unlabelled_pairs_skip_what_needs_classes(tmp_path: Path) -> None:
    scored = [[*row[:2], str(index % 11 / 2)] for index, row in enumerate(rows(60, seed=80))]
    found = audit(write(tmp_path / "sts.csv", scored, head=("sentence1", "sentence2", "score")))
    assert found.shortcuts == ()
    assert "the pairs have scores" in found.skipped[0]
    with pytest.raises(UsageError, match="no shortcut"):
        audit(tmp_path / "sts.csv", hard=tmp_path / "hard.csv")
    assert not (tmp_path / "hard.csv").exists()
    bare = write(
        tmp_path / "bare.csv", [row[:2] for row in rows(60, seed=81)], head=("premise", "hypothesis")
    )
    assert "no labels" in audit(bare).skipped[0]


def test_one_class_only_and_one_pair_only(tmp_path: Path) -> None:
    one = audit(write(tmp_path / "one.csv", [[*row[:2], "neutral"] for row in rows(60, seed=90)]))
    assert "one-class" in kinds(one)
    assert one.shortcuts == ()
    single = audit(write(tmp_path / "single.csv", rows(1, seed=91)))
    assert single.splits["train"]["pairs"] == 1


def test_strict_has_an_exit_status_of_its_own_and_json_is_one_document(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "pairs.csv", [*rows(60, seed=95), ["alone", "", "neutral"]])
    for arguments, status in (([], 0), (["--strict"], 28), (["--strict", "--json"], 28)):
        with pytest.raises(SystemExit) as left:
            main(["audit", str(path), *arguments])
        assert left.value.code == status
        out = capsys.readouterr().out
    document = json.loads(out)
    assert document["verdict"].startswith("1 serious finding")
    assert document["findings"][0]["code"] == "empty-side"


def test_truncation_is_counted_under_the_encoder_of_a_saved_model(tmp_path: Path) -> None:
    from tiny_models import save_tiny

    model = save_tiny(tmp_path / "model")
    path = write(
        tmp_path / "pairs.csv", [["a dog " * 20, *row[1:]] for row in rows(20, seed=96)] + rows(1, seed=97)
    )
    found = audit(path, preset=model)
    assert found.splits["train"]["truncated"] == 20
    assert "24 tokens" in kinds(found)["truncated"]


def test_without_scikit_learn_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(ExtraMissing) as error:
        audit(write(tmp_path / "pairs.csv", rows(20, seed=97)))
    assert error.value.hint == "pip install 'samesay[evaluation]'"
