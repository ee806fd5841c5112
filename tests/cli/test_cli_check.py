"""``check`` on a tiny saved model: what is printed and written, the user's own suites, the gate, and how it fails."""

from __future__ import annotations

import json

import pytest

import samesay
from asked import Asked
from commands import outcome
from samesay.pairs import LabelSet
from tiny_models import save_tiny

OWN = """premise,hypothesis,expected,capability,perturbed_premise,perturbed_hypothesis
The shop is shut.,The shop is open.,contradiction,opening hours,,
The shop is shut.,Nothing can be bought there.,neutral,opening hours,,
The shop is shut.,The shop is open.,,spelling,The shop is shut,The shopp is open.
"""


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return save_tiny(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture
def own(tmp_path):
    path = tmp_path / "own.csv"
    path.write_text(OWN, encoding="utf-8")
    return path


def test_templates_invariances_and_handwritten_pairs_are_told_apart(model, capsys, tmp_path):
    target = tmp_path / "answers.jsonl"
    words = ("check", model, "--capability", "voice", "--capability", "case", "--capability", "handwritten")
    status, out, _ = outcome(capsys, *words, "--output", target)
    assert status == 0
    headings = [line.split()[0] for line in out.splitlines() if "tests" in line and "failed" in line]
    assert headings == ["templates", "invariances", "handwritten"]
    assert "voice" in out
    assert "negation" not in out
    rows = [json.loads(line) for line in target.read_text(encoding="utf-8").splitlines()]
    assert len(rows) == 300 + 200 + 300
    assert all(row["passed"] == (row["answer"] == row["expected"]) for row in rows)
    status, out, _ = outcome(capsys, *words, "--json")
    answer = json.loads(out)
    assert [(one["section"], one["n_tests"]) for one in answer["results"]] == [
        ("templates", 300),
        ("invariances", 200),
        *[("handwritten", 60)] * 5,
    ]
    voice = answer["results"][0]
    failed = [row for row in rows if row["capability"] == "voice" and not row["passed"]]
    assert voice["n_failed"] == len(failed)
    assert voice["failure_rate"] == len(failed) / 300
    assert voice["interval"][0] < voice["failure_rate"] < voice["interval"][1]
    assert voice["examples"] == failed[:5]
    assert answer["passed"] is True
    assert outcome(capsys, *words, "--output", target)[0] == 45


def test_the_gate_has_a_status_of_its_own_and_prints_the_results_all_the_same(model, capsys):
    words = ("check", model, "--capability", "numbers", "--capability", "case", "--fail-under", "0.9")
    status, out, err = outcome(capsys, *words, "--json")
    assert status == 38
    answer = json.loads(out)
    assert answer["below"] == ["numbers"]
    assert answer["passed"] is False
    assert "below --fail-under 0.9: numbers" in err
    assert outcome(capsys, *words[:-1], "0")[0] == 0
    assert outcome(capsys, *words[:-1], "80")[0] == 2


def test_tests_of_the_users_own_stand_beside_ours(model, own, capsys):
    status, out, _ = outcome(
        capsys, "check", model, "--suite", own, "--capability", "opening hours", "--json"
    )
    assert status == 0
    (only,) = json.loads(out)["results"]
    assert (only["section"], only["capability"], only["n_tests"]) == (str(own), "opening hours", 2)
    status, out, _ = outcome(
        capsys, "check", model, "--suite", own, "--capability", "spelling", "--capability", "roles", "--json"
    )
    assert [(one["capability"], one["n_pairs"]) for one in json.loads(out)["results"]] == [
        ("roles", 300),
        ("spelling", 2),
    ]


@pytest.mark.parametrize(
    ("text", "status", "told"),
    [
        ("first,second,capability\na,b,c\n", 13, "what is expected"),
        ("first,second,expected\na,b,entailment\na,b,\n", 21, "own.csv:3"),
        ("first,second,expected\na,b,same\n", 22, "'same' is not one of the model's labels"),
        ("first,second,expected\na,,entailment\n", 20, "own.csv:2"),
        ("first,second,expected\n", 19, "no"),
    ],
)
def test_a_suite_that_cannot_be_used_is_refused_with_its_place(model, own, capsys, text, status, told):
    own.write_text(text, encoding="utf-8")
    left, out, err = outcome(capsys, "check", model, "--suite", own)
    assert (left, out) == (status, "")
    assert told in err


def test_labels_that_tell_nothing_need_a_word_or_a_suite(own, tmp_path, capsys):
    model = save_tiny(tmp_path / "other", answers=LabelSet(("red", "green", "blue")))
    status, _, err = outcome(capsys, "check", model)
    assert status == 23
    assert "--rename-labels red=entailment,green=neutral,blue=contradiction" in err
    words = ("check", model, "--capability", "voice", "--json", "--rename-labels")
    status, out, _ = outcome(capsys, *words, "red=contradiction,green=neutral,blue=entailment")
    assert status == 0
    assert json.loads(out)["roles"] == {"contradiction": "red", "neutral": "green", "entailment": "blue"}
    own.write_text("first,second,expected\nThe door is shut.,It is open.,green\n", encoding="utf-8")
    status, out, _ = outcome(capsys, "check", model, "--suite", own, "--json")
    answer = json.loads(out)
    assert [one["capability"] for one in answer["results"]] == ["own"]
    assert answer["notes"][-1].startswith("only your own tests were put")


def test_from_python_anything_that_answers_is_checked():
    model = Asked(
        lambda first, second: {"same": 0.9, "different": 0.1}, ("different", "same"), ("first", "second")
    )
    checked = samesay.check(model, capabilities=["negation", "order"], fail_under=0.6)
    negation, order = checked.behaviour.results
    assert (negation.failure_rate, order.failure_rate) == (0.5, 0.0)
    assert [result.capability for result in checked.below] == ["negation"]
    assert not checked.passed
    assert any("hand-written pairs are about entailment" in note for note in checked.notes)
