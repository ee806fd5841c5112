"""What Python users passed and how they used a scorer, where it went wrong: each situation by its name."""

from __future__ import annotations

import copy
import json
import multiprocessing
import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import samesay
from commands import outcome
from input_forms import OF_KERAS, check_inputs
from samesay import Pair
from samesay.errors import BundleError, EmptySide, SameSayError, UsageError
from samesay.evaluation import WordOverlap
from samesay.model.foreign import ForeignClassifier, ForeignPredictor
from samesay.pairs import LabelSet, Scale
from samesay.scoring import Scorer
from samesay.scoring.windows import WindowedScorer
from tiny_models import LABELS, SIDES, save_tiny, tiny_encoder, tiny_graph

A, B = ("A dog runs in the park.", "An animal moves."), ("A man sleeps.", "Nobody is awake.")
INVISIBLE = (
    "",
    "   ",
    "\n\t",
    "\u200b",
    "\ufeff",
    "\u00ad\u2060",
    "\u3000",
    "\u2800",
    "\u3164",
    "\x00\x07",
    "\u202e",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="module")
def similarity(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("models") / "similarity"
    return save_tiny(
        path,
        graph=tiny_graph(n_labels=1),
        task="similarity",
        answers=Scale(0, 5),
    )


@pytest.fixture(scope="module")
def scorer(folder: Path) -> samesay.Scorer:
    return samesay.Scorer.open(folder, threads=1)


@pytest.fixture(scope="module")
def model(tiny_preset: Path) -> samesay.PairModel:
    opened = samesay.PairModel.from_preset(tiny_preset, labels=["different", "same"], sides=tuple(SIDES))
    for weight in opened.classifier.trainable_variables:
        if weight.ndim > 1:
            weight.assign(weight * 20)  # or every pair has nearly the same answer
    return opened


# P01: a list of exactly two pairs


def test_a_list_of_two_tuples_is_two_pairs_for_predict_score_evaluate_and_fit(
    model: samesay.PairModel,
) -> None:
    expected = model.predict([Pair(*A), Pair(*B)])
    for two in ([A, B], [list(A), list(B)]):
        np.testing.assert_allclose(model.predict(two), expected, atol=1e-5)
        found = [list(one.probabilities.values()) for one in model.score(two)]
        np.testing.assert_allclose(found, expected, atol=1e-5)
        truth = [model.labels.names[best] for best in expected.argmax(axis=1)]
        assert np.abs(expected[:, 0] - 0.5).min() > 1e-3
        assert model.evaluate(two, truth).metrics["accuracy"] == 1
        table = samesay.PairTable.from_inputs(two, truth)
        assert (table.first, table.second) == ([A[0], B[0]], [A[1], B[1]])


def test_fit_learns_from_a_list_of_two_tuples_and_is_validated_on_one(model: samesay.PairModel) -> None:
    labels = ["same", "different"]
    model.fit([A, B], labels, validation=([B, A], labels), epochs=1, learning_rate=1e-9)
    record = model.record
    assert record is not None
    assert record.data.validation is not None
    assert (record.data.pairs.first, record.data.pairs.second) == ([A[0], B[0]], [A[1], B[1]])
    assert (record.data.validation.first, record.data.validation.second) == ([B[0], A[0]], [B[1], A[1]])
    with pytest.raises(UsageError, match="two ways"):
        model.fit((A, B), labels, epochs=1)
    with pytest.raises(SameSayError):
        model.fit([A, B], labels, validation=(A, B), epochs=1)


def test_a_keras_file_reads_a_list_of_two_tuples_as_two_pairs(
    model: samesay.PairModel, tmp_path: Path
) -> None:
    import keras

    restored = keras.models.load_model(model.save(tmp_path / "x.keras"))
    expected = restored.predict(([A[0], B[0]], [A[1], B[1]]))
    np.testing.assert_allclose(restored.predict([A, B]), expected, atol=1e-5)
    check_inputs(restored.predict, model.sides, but=OF_KERAS)
    restored.compile(
        "adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"]
    )
    truth = [model.labels.names[best] for best in expected.argmax(axis=1)]
    assert restored.evaluate([A, B], truth, verbose=0)[1] == 1
    restored.fit([A, B], truth, verbose=0)
    with pytest.raises(UsageError, match="two ways"):
        restored.evaluate((A, B), truth, verbose=0)


def test_a_tuple_of_two_tuples_of_two_texts_is_refused_with_both_readings(model: samesay.PairModel) -> None:
    with pytest.raises(UsageError) as caught:
        model.predict((A, B))
    told = f"{caught.value.message} {caught.value.hint}"
    assert "two pairs" in told
    assert "two columns" in told
    assert "list(x)" in told


def test_one_text_is_not_taken_for_the_names_that_its_letters_are(tiny_preset: Path) -> None:
    for settings in (
        {"labels": "no"},
        {"labels": [0, 1]},
        {"labels": 2},
        {"labels": ["a", "b"], "sides": "ab"},
        {"labels": ["a", "b"], "sides": ["a", "b", "c"]},
        {"labels": ["a", "b"], "sides": [1, 2]},
        {"scale": 5},
        {"scale": (0, 1, 5)},
        {"scale": ("low", "high")},
    ):
        with pytest.raises(UsageError, match="expected: "):
            samesay.PairModel.from_preset(tiny_preset, **settings)
    with pytest.raises(UsageError, match="labels"):
        samesay.PairTable.from_inputs([A, B], [0, 1], labels="no")


# P02: a Scorer takes what a PairModel takes


def test_a_pair_model_takes_every_form(model: samesay.PairModel) -> None:
    check_inputs(model.predict, model.sides)


def test_a_scorer_takes_what_a_pair_model_takes(scorer: samesay.Scorer) -> None:
    check_inputs(scorer.predict, scorer.sides)
    check_inputs(lambda x: np.array([list(one.probabilities.values()) for one in scorer.score(x)]), SIDES)
    check_inputs(lambda x: np.array([list(one.probabilities.values()) for one in scorer.stream(x)]), SIDES)
    check_inputs(lambda x: scorer.begin(x).result().values, SIDES)
    check_inputs(scorer.logits, SIDES)


def test_a_similarity_scorer_takes_what_a_pair_model_takes(similarity: Path) -> None:
    similar = Scorer.open(similarity)
    check_inputs(similar.predict, similar.sides)
    check_inputs(lambda x: np.array([one.score for one in similar.score(x)]), similar.sides)


def test_similarity_models_and_classifiers_of_others_take_what_a_pair_model_takes(tiny_preset: Path) -> None:
    scored = samesay.PairModel.from_preset(tiny_preset, scale=(0, 5), sides=tuple(SIDES), new_head=True)
    check_inputs(scored.predict, scored.sides, tells_apart=False)
    check_inputs(lambda x: np.array([one.score for one in scored.score(x)]), scored.sides, tells_apart=False)
    check_inputs(WordOverlap(Scale(0, 5), SIDES).predict, SIDES)

    def logits(pairs):
        return np.array([[len(first), len(second)] for first, second in pairs], np.float32).reshape(-1, 2) / 9

    theirs = ForeignClassifier(None, 16, ("a", "b"), logits)
    check_inputs(ForeignPredictor(theirs, LabelSet(("a", "b")), SIDES).predict, SIDES)
    check_inputs(ForeignPredictor(theirs, Scale(0, 5), SIDES).predict, SIDES)


def test_a_windowed_scorer_takes_what_a_pair_model_takes(scorer: samesay.Scorer) -> None:
    windowed = WindowedScorer(scorer)
    check_inputs(windowed.predict, SIDES)


def test_a_stream_of_what_is_no_pair_tells_its_place_in_the_stream(scorer: samesay.Scorer) -> None:
    def rows():
        yield from [A] * 7
        yield "a text"

    answers = scorer.stream(rows(), chunk=3)
    assert len([next(answers) for _ in range(6)]) == 6
    with pytest.raises(UsageError, match="Item 7"):
        list(answers)


def test_a_stream_takes_no_more_than_a_chunk_ahead_of_whatever_gives_pairs(scorer: samesay.Scorer) -> None:
    class Endless:
        taken = 0

        def __iter__(self):
            while True:
                self.taken += 1
                yield A

    endless = Endless()
    answers = scorer.stream(endless, chunk=4)
    assert next(answers).label in LABELS
    assert endless.taken == 4


def test_a_frame_without_known_columns_is_told_what_python_can_do(scorer: samesay.Scorer) -> None:
    frame = pd.DataFrame({"one": ["x"], "two": ["y"], "gold": [1]})
    with pytest.raises(SameSayError, match="premise and hypothesis") as caught:
        scorer.predict(frame)
    assert "--columns" not in str(caught.value)
    assert scorer.predict((frame["one"], frame["two"])).shape == (1, 3)


# P03: a Scorer is pickled


def _answers_of(scorer: samesay.Scorer, pairs: list[tuple[str, str]]) -> np.ndarray:
    return scorer.predict(pairs)


def test_a_scorer_is_pickled_for_a_process_that_is_spawned(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder.parent)
    scorer = samesay.Scorer.open(folder.name, threads=1, batch_tokens=64)
    monkeypatch.chdir("/")  # a relative path is that of the folder in which it was opened
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        answers = pool.apply(_answers_of, (scorer, [A, B]))
    np.testing.assert_array_equal(answers, scorer.predict([A, B]))


def test_a_scorer_and_what_holds_one_are_copied_and_pickled(folder: Path, similarity: Path) -> None:
    for path in (folder, similarity):
        scorer = Scorer.open(path, threads=1, batch_tokens=64)
        for again in (pickle.loads(pickle.dumps(scorer)), copy.copy(scorer), copy.deepcopy(scorer)):
            assert type(again) is type(scorer)
            assert (again.checksum, again.batch_tokens, again.threads) == (scorer.checksum, 64, 1)
            assert again.score([A, B]) == scorer.score([A, B])
    windowed = WindowedScorer(samesay.Scorer.open(folder))
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(windowed)).predict([A]), windowed.predict([A]))


def test_joblib_shares_a_scorer_between_processes(folder: Path) -> None:
    joblib = pytest.importorskip("joblib")
    scorer = samesay.Scorer.open(folder, threads=1)
    found = joblib.Parallel(n_jobs=2)(joblib.delayed(scorer.predict)([pair]) for pair in (A, B))
    np.testing.assert_allclose(np.concatenate(found), scorer.predict([A, B]), atol=1e-6)


def test_a_pickled_scorer_is_not_another_model_by_the_time_it_is_opened(tmp_path: Path) -> None:
    path = save_tiny(tmp_path / "model")
    pickled = pickle.dumps(samesay.Scorer.open(path))
    save_tiny(path, overwrite=True, graph=tiny_graph(scale=1.0))
    with pytest.raises(BundleError, match="Another model"):
        pickle.loads(pickled)
    (path / "onnx" / "model.onnx").write_bytes(b"damaged")
    with pytest.raises(BundleError):
        pickle.loads(pickled)
    for each in sorted(path.rglob("*"), reverse=True):
        each.rmdir() if each.is_dir() else each.unlink()
    with pytest.raises(SameSayError):
        pickle.loads(pickled)


def test_a_scorer_of_no_folder_says_that_it_cannot_be_pickled(folder: Path) -> None:
    scorer = samesay.Scorer.from_parts(folder / "onnx" / "model.onnx", tiny_encoder(), LABELS, SIDES)
    with pytest.raises(UsageError, match=r"Scorer\.open"):
        pickle.dumps(scorer)


# Labels in the forms of pandas and numpy


@pytest.mark.parametrize(
    "y",
    [
        [True, False, True],
        np.array([True, False, True]),
        pd.Series([True, False, True]),
        pd.Series([True, False, True], dtype="boolean"),
        pd.Series([1, 0, 1], dtype="Int64"),
        pd.array([1, 0, 1], dtype="UInt8"),
        pd.Series(["same", "different", "same"], dtype="category"),
        pd.Categorical(["same", "different", "same"]),
        pd.Series(["same", "different", "same"], dtype="string"),
        np.array(["same", "different", "same"], dtype="S"),
        np.array(["same", "different", "same"], dtype=object),
        np.array([[1], [0], [1]]),
        [[1], [0], [1]],
        pd.DataFrame({"label": [1, 0, 1]}),
        pd.DataFrame({"label": pd.array([1, 0, 1], dtype="Int64")}),
        np.ma.masked_array([1, 0, 1]),
        np.array([1.0, 0.0, 1.0], dtype=np.float16),
    ],
    ids=lambda y: f"{type(y).__name__} {getattr(y, 'dtype', '')}",
)
def test_labels_as_numpy_and_pandas_hold_them(model: samesay.PairModel, y: object) -> None:
    x = [("a", "b"), ("c", "d"), ("e", "f")]
    table = samesay.PairTable.from_inputs(x, y, labels=model.labels)
    assert table.label_names() == ["same", "different", "same"]
    assert model.evaluate(x, y).n_pairs == 3
    import keras

    model.classifier.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    assert np.isfinite(model.classifier.evaluate(x, y, verbose=0)).all()


def test_labels_of_arrow(model: samesay.PairModel) -> None:
    pa = pytest.importorskip("pyarrow")
    x = [("a", "b"), ("c", "d"), ("e", "f")]
    for y in (pa.array([1, None, 0]), pa.chunked_array([["same"], [None, "different"]])):
        table = samesay.PairTable.from_inputs(x, y, labels=model.labels)
        assert table.label_names() == ["same", "different"]
        assert sum(table.origin.rows_dropped.values()) == 1


@pytest.mark.parametrize(
    "y",
    [
        pd.Series([1, None, 0], dtype="Int64"),
        pd.Series([True, None, False], dtype="boolean"),
        pd.Series(["same", None, "different"], dtype="category"),
        pd.Series(["same", pd.NA, "different"], dtype="string"),
        [1, pd.NA, 0],
        np.ma.masked_array([1, 1, 0], mask=[False, True, False]),
        pd.DataFrame({"label": pd.array([1, None, 0], dtype="Int64")}),
    ],
    ids=lambda y: f"{type(y).__name__} {getattr(y, 'dtype', '')}",
)
def test_a_missing_label_is_dropped_and_counted(model: samesay.PairModel, y: object) -> None:
    table = samesay.PairTable.from_inputs([("a", "b"), ("c", "d"), ("e", "f")], y, labels=model.labels)
    assert table.label_names() == ["same", "different"]
    assert sum(table.origin.rows_dropped.values()) == 1


def test_a_missing_text_is_an_empty_one_in_every_spelling_of_pandas(scorer: samesay.Scorer) -> None:
    frame = pd.DataFrame({"premise": pd.array(["a", None], dtype="string"), "hypothesis": ["b", np.nan]})
    assert [one.empty_sides for one in scorer.score(frame)] == [(), ("premise", "hypothesis")]
    assert scorer.score([("a", None), ("a", pd.NA), Pair("a", float("nan"))]) == scorer.score([("a", "")] * 3)


# An empty side is not found in silence


@pytest.mark.parametrize("empty", INVISIBLE, ids=ascii)
def test_an_empty_side_is_flagged_in_every_answer(
    scorer: samesay.Scorer, model: samesay.PairModel, similarity: Path, empty: str
) -> None:
    pairs = [A, (A[0], empty), (empty, A[1]), (empty, empty), ("0", "\u200b.")]
    expected = [(), ("hypothesis",), ("premise",), ("premise", "hypothesis"), ()]
    for found in (
        scorer.score(pairs),
        list(scorer.stream(iter(pairs))),
        model.score(pairs),
        Scorer.open(similarity).score(pairs),
        [found.prediction for found in WindowedScorer(scorer).score([Pair(*pair) for pair in pairs])],
    ):
        assert [one.empty_sides for one in found] == expected


def test_an_empty_side_is_marked_in_a_scored_file_and_counted(
    folder: Path, similarity: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    source = tmp_path / "in.csv"
    source.write_text("premise,hypothesis\na dog,a cat\na dog,\u200b\n ,a cat\n", encoding="utf-8")
    for model in (folder, similarity):
        for ending in ("csv", "jsonl"):
            out = tmp_path / f"{model.name}.{ending}"
            status, told, _ = outcome(capsys, "score", model, "--input", source, "--output", out, "--json")
            assert status == 0
            assert json.loads(told)["empty_sides"] == 2
            marked = (
                list(pd.read_csv(out)["empty_side"])
                if ending == "csv"
                else [json.loads(line)["empty_side"] for line in out.read_text(encoding="utf-8").splitlines()]
            )
            assert marked == [False, True, True]
    status, _, noted = outcome(capsys, "score", folder, "--input", source, "--output", tmp_path / "x.csv")
    assert status == 0
    assert "2 of 3 pairs have an empty side" in noted


def test_a_text_that_nobody_sees_is_refused_where_it_is_typed_or_learned_from(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    assert outcome(capsys, "score", folder, "a dog", "\u200b")[0] == EmptySide.exit_code
    source = tmp_path / "in.csv"
    source.write_text(
        "premise,hypothesis,label\na dog,a cat,neutral\na dog,\ufeff\u200b,neutral\n", encoding="utf-8"
    )
    status, _, told = outcome(capsys, "evaluate", folder, source)
    assert status == EmptySide.exit_code
    assert "in.csv:3" in told
    assert outcome(capsys, "evaluate", folder, source, "--allow-empty-sides")[0] == 0
    status, told, _ = outcome(capsys, "score", folder, "a dog", "a cat", "--json")
    assert (status, json.loads(told)["empty_sides"]) == (0, [])
