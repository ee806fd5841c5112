"""Ranking and duplicates as a user has them: files in, lists out, both by a real saved model and by made answers."""

from __future__ import annotations

import csv
import json

import pytest

from asked import Asked, nli
from samesay.errors import ColumnNotFound, EmptySide, FormatUnknown, RowMalformed, TargetExists, UsageError
from samesay.jobs.duplicates import DuplicateOptions, find_duplicates
from samesay.jobs.rank import rank_texts
from samesay.jobs.score import score_windows
from samesay.pairs import Pair
from samesay.scoring import Scorer

NLI = ("entailment", "neutral", "contradiction")


def same_words(one, other):
    """Two texts say the same where their words are the same, whatever their order."""
    alike = set(one.casefold().split()) == set(other.casefold().split())
    return {"same": 0.9, "different": 0.1} if alike else {"same": 0.1, "different": 0.9}


@pytest.fixture
def model():
    return Asked(same_words, ("different", "same"), ("question1", "question2"))


def test_texts_are_ranked_and_written_with_their_columns(tmp_path):
    table = tmp_path / "rows.csv"
    table.write_text("id,text,rank\n1,xx,a\n2,xxxx,b\n3,,c\n4,x,d\n5,xxxx,e\n", encoding="utf-8")
    model = Asked(lambda premise, _: nli(len(premise) / 10, 0.0), NLI)
    ranking = rank_texts(model, "a claim", table, output=tmp_path / "ranked.csv")
    assert [text.text for text in ranking.texts] == ["xxxx", "xxxx", "xx", "x"]
    assert [text.row["id"] for text in ranking.texts] == ["2", "5", "1", "4"], "of equals the earlier first"
    assert (ranking.label, ranking.query_side, ranking.text_side) == ("entailment", "hypothesis", "premise")
    assert (ranking.n_texts, ranking.n_empty, ranking.n_truncated) == (4, 1, 0)
    assert set(model.asked) == {("xx", "a claim"), ("xxxx", "a claim"), ("x", "a claim")}
    with (tmp_path / "ranked.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert rows[0] == {
        "predicted_rank": "1",
        "score": "0.4",
        "truncated": "false",
        "id": "2",
        "text": "xxxx",
        "rank": "b",
    }
    with pytest.raises(TargetExists):
        rank_texts(model, "a claim", table, output=tmp_path / "ranked.csv")


def test_the_query_can_be_the_other_side_and_the_label_another():
    model = Asked(lambda one, other: nli(0.0, len(other) / 10), NLI)
    ranking = rank_texts(model, "q", ["aa", "aaa"], label="contradiction", query_side="premise", top=1)
    assert [text.text for text in ranking.texts] == ["aaa"]
    assert ranking.n_texts == 2
    assert model.asked == [("q", "aa"), ("q", "aaa")]


def test_what_cannot_be_ranked_is_refused_before_the_model_is_asked(tmp_path):
    model = Asked(lambda *_: nli(1.0, 0.0), NLI)
    for error, settings in (
        (EmptySide, {"query": " "}),
        (UsageError, {"query_side": "premis"}),
        (UsageError, {"top": 0}),
        (UsageError, {"output": "-"}),
        (FormatUnknown, {"output": tmp_path / "ranked.docx"}),
    ):
        with pytest.raises(error):
            rank_texts(model, source=["a"], **{"query": "q", **settings})
    table = tmp_path / "ranked.csv"
    table.write_text("text,rank,predicted_rank\na,1,1\n", encoding="utf-8")
    with pytest.raises(UsageError, match="'predicted_rank', as the results would be called"):
        rank_texts(model, "q", table, output=tmp_path / "again.csv")
    records = tmp_path / "records.jsonl"
    records.write_text('{"text": "a"}\n{"text": "b", "more": 1}\n', encoding="utf-8")
    with pytest.raises(RowMalformed, match="'more', which the first row does not have") as caught:
        rank_texts(model, "q", records, output=tmp_path / "again.csv")
    assert caught.value.where == f"{records}:2"
    assert model.asked == []
    rank_texts(model, "q", records, output=tmp_path / "again.jsonl")


def test_a_saved_model_ranks_by_its_own_probabilities(trained_bundle):
    texts = ["the dog runs in the park", "the cat runs", "a woman runs"]
    ranking = rank_texts(trained_bundle, "a dog runs", texts)
    scorer = Scorer.open(trained_bundle)
    assert (ranking.label, ranking.query_side) == ("same", "hypothesis")
    expected = scorer.predict([Pair("a dog runs", text) for text in texts])[:, scorer.labels.index("same")]
    assert {text.text: text.score for text in ranking.texts} == pytest.approx(
        dict(zip(texts, expected.tolist(), strict=True)), abs=1e-6
    )
    given = [text.score for text in ranking.texts]
    assert given == sorted(given, reverse=True)


def test_duplicates_of_a_list(model, tmp_path):
    texts = [
        "where is my parcel",
        "do you take cards",
        "my parcel is where",
        "Do you take cards",
        "do you take cards ",
        "is breakfast included",
    ]
    path = tmp_path / "questions.txt"
    path.write_text("\n".join(texts), encoding="utf-8")
    found = find_duplicates(
        model, path, output=tmp_path / "pairs.csv", groups_output=tmp_path / "groups.jsonl"
    )
    assert [[member.text for member in group] for group in found.groups] == [
        ["where is my parcel", "my parcel is where"],
        ["do you take cards", "Do you take cards", "do you take cards "],
    ]
    by_texts = {(pair.first.index, pair.second.index): pair for pair in found.pairs}
    assert set(by_texts) == {(1, 4), (0, 2), (1, 3)}
    assert by_texts[1, 4].score is None, "the model was not asked about texts that are spelled alike"
    assert by_texts[0, 2].score == pytest.approx(0.9)
    assert (by_texts[0, 2].group, by_texts[1, 3].group) == (1, 2)
    assert (found.label, found.orders, found.n_texts) == ("same", "mean", (6,))
    assert found.n_asked == len(model.asked) == 2 * found.n_candidates
    with (tmp_path / "pairs.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert rows[0]["score"] == ""
    assert {row["first_place"] for row in rows} == {f"{path}:1", f"{path}:2"}
    groups = [json.loads(line) for line in (tmp_path / "groups.jsonl").read_text("utf-8").splitlines()]
    assert [row["group"] for row in groups] == [1, 1, 2, 2, 2]


def test_duplicates_between_two_lists(model):
    old = ["where is my parcel", "do you take cards", "spelled alike", "twice here", "twice here"]
    new = ["my parcel is where", "spelled alike", "spelled alike", "take me home"]
    found = find_duplicates(model, old, new)
    assert [(pair.first.list, pair.second.list) for pair in found.pairs] == [(1, 2), (1, 2)]
    assert {(pair.first.text, pair.second.text) for pair in found.pairs} == {
        ("where is my parcel", "my parcel is where"),
        ("spelled alike", "spelled alike"),
    }
    assert [len(group) for group in found.groups] == [2, 3], "a copy joins; copies in one list alone are none"
    assert found.n_texts == (5, 4)
    assert not any({one, other} <= set(old) - {"spelled alike"} for one, other in model.asked)


def test_the_recall_of_the_first_pass_is_told(model):
    texts = [f"number {number} is here" for number in range(8)] + ["is here number 3", "here number 5 is"]
    whole = find_duplicates(model, texts, search=DuplicateOptions(measure_recall=10))
    assert whole.recall is not None
    assert (whole.recall.n_pairs, whole.recall.n_same, whole.recall.value) == (45, 2, 1.0)
    assert whole.to_dict()["recall"]["value"] == 1.0
    assert find_duplicates(model, texts).recall is None
    with pytest.raises(UsageError):
        find_duplicates(model, texts, search=DuplicateOptions(measure_recall=1))


def test_duplicates_that_cannot_be_found_are_refused(model, tmp_path):
    table = tmp_path / "rows.csv"
    table.write_text("one,two\na,b\n", encoding="utf-8")
    with pytest.raises(ColumnNotFound):
        find_duplicates(model, table)
    with pytest.raises(UsageError, match="read once"):
        find_duplicates(model, "-", "-[:5]")
    same = tmp_path / "same.csv"
    with pytest.raises(UsageError, match="named twice: by --output and by --groups"):
        find_duplicates(model, ["a", "b"], output=same, groups_output=tmp_path / "." / "same.csv")
    assert not same.exists()
    assert model.asked == []
    alone = find_duplicates(model, ["only one"])
    assert (alone.pairs, alone.groups) == ((), ())


def test_a_long_text_is_read_in_windows_by_a_saved_model(trained_bundle):
    source = "The dog runs in the park. A woman runs. The cat runs."
    found = score_windows(trained_bundle, "a cat runs", source, sentences=1)
    assert (found.side, found.n_windows) == ("premise", 3)
    assert source[found.start : found.end] == found.window
    alone = Scorer.open(trained_bundle).predict([Pair("a cat runs", found.window)])[0]
    assert list(found.prediction.probabilities.values()) == pytest.approx(alone.tolist(), abs=1e-5)
    with pytest.raises(EmptySide):
        score_windows(trained_bundle, " ", source)
