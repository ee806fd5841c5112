"""The Scorer: what it opens and refuses, and what it answers."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto

from predictor_contract import check_predictor
from samesay.decision import softmax
from samesay.errors import BundleDamaged, EncodingInvalid, PartUnavailable, UsageError
from samesay.pairs import LabelSet, Pair, Progress
from samesay.scoring import Scorer, default_threads
from tiny_models import LABELS, SIDES, VOCABULARY, WORDS, save_tiny, tiny_encoder, tiny_graph

PAIRS = [
    Pair("a dog runs outside.", "an animal is outside."),
    Pair("the woman sings", "no person sings"),
    Pair("a child eats.", ""),
    Pair("", "the cat sleeps"),
    Pair("a man plays " * 30, "the man sleeps inside " * 20),
    Pair("[SEP] dog [MASK]", "Ünïcödé 你好 🙂"),
]


def by_hand(pair: Pair) -> np.ndarray:
    """The logits of one pair from the graph's weights, without ONNX Runtime and without padding."""
    from onnx import numpy_helper

    weights = {each.name: numpy_helper.to_array(each) for each in tiny_graph().graph.initializer}
    encoded = tiny_encoder().encode([pair.first], [pair.second])
    ids, start = encoded.token_ids, int(encoded.second_starts[0])
    segments = (np.arange(len(ids)) >= start).astype(int)
    hidden = np.tanh((weights["tokens"][ids] * weights["segments"][segments]).mean(axis=0))
    return hidden @ weights["dense"] + weights["bias"]


def test_keeps_what_every_predictor_keeps(scorer: Scorer) -> None:
    check_predictor(scorer, PAIRS)


def test_answers_are_those_of_the_graph(scorer: Scorer) -> None:
    expected = np.stack([by_hand(pair) for pair in PAIRS])
    np.testing.assert_allclose(scorer.logits(PAIRS), expected, atol=1e-5)
    assert len({tuple(row) for row in scorer.logits(PAIRS)}) == len(PAIRS)


def test_the_sides_are_not_interchangeable(scorer: Scorer) -> None:
    swapped = [Pair(pair.second, pair.first) for pair in PAIRS]
    assert np.abs(scorer.logits(PAIRS) - scorer.logits(swapped)).max() > 0.1


words = st.lists(st.sampled_from([*WORDS, "xylophones", "é", "[SEP]"]), max_size=40).map(" ".join)
pairs_of_words = st.lists(st.builds(Pair, words, words), min_size=1, max_size=30)


@settings(deadline=None, max_examples=60)
@given(pairs=pairs_of_words, batch_tokens=st.integers(1, 2000))
def test_no_score_depends_on_order_batch_mates_or_padding(pairs: list[Pair], batch_tokens: int) -> None:
    scorer = _shared_scorer()
    scorer.batch_tokens = batch_tokens
    together = scorer.predict(pairs)
    alone = np.concatenate([scorer.predict([pair]) for pair in pairs])
    np.testing.assert_allclose(together, alone, atol=1e-5)
    np.testing.assert_allclose(scorer.predict(pairs[::-1])[::-1], together, atol=1e-5)
    np.testing.assert_allclose(together.sum(axis=1, dtype=np.float64), 1.0, atol=1e-6)


_kept: list[Scorer] = []


def _shared_scorer() -> Scorer:
    """One scorer for all of Hypothesis' examples, since opening one for each would be slow."""
    if not _kept:
        import tempfile

        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.onnx"
            path.write_bytes(tiny_graph().SerializeToString())
            _kept.append(Scorer.from_parts(path, tiny_encoder(), LABELS, SIDES, threads=1))
    return _kept[0]


@settings(deadline=None)
@given(
    st.lists(st.lists(st.floats(-1e4, 1e4, width=32), min_size=3, max_size=3), max_size=8),
    st.floats(0.05, 20),
)
def test_softmax_rows_sum_to_1_and_keep_the_order(rows: list[list[float]], temperature: float) -> None:
    logits = np.array(rows, np.float32).reshape(-1, 3)
    probabilities = softmax(logits, temperature)
    assert probabilities.dtype == np.float32
    assert probabilities.shape == logits.shape
    np.testing.assert_allclose(probabilities.sum(axis=1, dtype=np.float64), 1, atol=1e-6)
    picked = np.take_along_axis(probabilities, logits.argmax(axis=1, keepdims=True), axis=1)[:, 0]
    np.testing.assert_array_equal(picked, probabilities.max(axis=1, initial=0))


def test_temperature_is_read_from_the_bundle(tmp_path: Path, scorer: Scorer) -> None:
    warm = Scorer.open(save_tiny(tmp_path / "warm", decision={"temperature": 4.0}))
    np.testing.assert_allclose(warm.logits(PAIRS), scorer.logits(PAIRS), atol=1e-6)
    np.testing.assert_allclose(warm.predict(PAIRS), softmax(scorer.logits(PAIRS), 4.0), atol=1e-6)
    assert warm.predict(PAIRS).max() < scorer.predict(PAIRS).max()


def test_predictions_name_labels_and_tell_what_was_cut(scorer: Scorer) -> None:
    found = scorer.score(PAIRS)
    probabilities = scorer.predict(PAIRS)
    assert [j.label for j in found] == [LABELS.names[i] for i in probabilities.argmax(axis=1)]
    assert [list(j.probabilities) for j in found] == [list(LABELS)] * len(PAIRS)
    assert [j.truncated for j in found] == [False, False, False, False, True, False]
    kept_and_lost = sum(found[4].tokens_lost) + scorer.max_length - 3
    assert kept_and_lost == 30 * 3 + 20 * 4
    assert scorer.score([]) == []


def test_a_stream_gives_the_same_answers_before_its_source_ends(scorer: Scorer) -> None:
    taken = 0

    def source():
        nonlocal taken
        for pair in PAIRS * 10:
            taken += 1
            yield pair

    answers = scorer.stream(source(), chunk=4)
    first = next(answers)
    assert taken == 4
    everything = [first, *answers]
    whole = scorer.score(PAIRS * 10)
    assert [j.label for j in everything] == [j.label for j in whole]
    np.testing.assert_allclose(
        [list(j.probabilities.values()) for j in everything],
        [list(j.probabilities.values()) for j in whole],
        atol=1e-5,
    )


def test_a_lone_surrogate_is_named_with_its_place_in_the_whole(scorer: Scorer) -> None:
    pairs = [*PAIRS, Pair("a dog", "broken \ud800")]
    with pytest.raises(EncodingInvalid, match=r"hypothesis\[6\], character 7") as error:
        scorer.predict(pairs)
    assert error.value.details["row"] == 6
    with pytest.raises(EncodingInvalid, match=r"hypothesis\[6\]"):
        list(scorer.stream(pairs, chunk=4))


def test_many_threads_get_the_answers_of_one(scorer: Scorer) -> None:
    expected = scorer.predict(PAIRS)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: scorer.predict(PAIRS), range(200)))
    for answer in answers:
        np.testing.assert_allclose(answer, expected, atol=1e-6)


def test_progress_reaches_the_number_of_pairs(scorer: Scorer) -> None:
    seen: list[Progress] = []
    scorer.read(PAIRS * 3, progress=seen.append)
    assert [p.stage for p in seen] == ["score"] * len(seen)
    assert seen[-1].done == seen[-1].total == len(PAIRS) * 3


def test_threads_default_to_cores_and_must_be_positive(model: Path, scorer: Scorer) -> None:
    assert scorer.threads == 1
    assert 1 <= default_threads() <= 4096
    assert Scorer.open(model).threads == default_threads()
    with pytest.raises(UsageError, match="threads is 0"):
        Scorer.open(model, threads=0)
    with pytest.raises(UsageError, match="batch_tokens is 0"):
        Scorer.open(model, batch_tokens=0)


@pytest.mark.parametrize("verdict", ["failed", "unsupported"])
def test_a_part_that_is_not_verified_is_refused_with_why(tmp_path: Path, verdict: str) -> None:
    path = save_tiny(tmp_path / "model", verdict=verdict)
    with pytest.raises(PartUnavailable) as error:
        Scorer.open(path)
    assert verdict in error.value.message
    assert "the largest difference is 0.2" in error.value.message
    assert "samesay[train]" in (error.value.hint or "")
    assert error.value.details["verdict"] == verdict
    assert error.value.details["usable"] == ["card", "keras"]


def test_a_bundle_without_the_part_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PartUnavailable, match="saved without the part 'onnx'"):
        Scorer.open(save_tiny(tmp_path / "model", verdict=None))


def test_the_other_parts_are_not_needed(tmp_path: Path) -> None:
    path = save_tiny(tmp_path / "model")
    for file in ("config.json", "task.json", "assets/vocabulary.txt"):
        (path / "keras" / file).unlink()
    assert Scorer.open(path).predict(PAIRS).shape == (len(PAIRS), 3)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"n_labels": 4}, "shape (batch, 3)"),
        ({"id_type": TensorProto.INT64}, "token_ids tensor(int32)"),
        ({"output": "scores"}, "one output, logits"),
        ({"segments": False}, "segment_ids tensor(int32)"),
        ({"fixed_length": 24}, "any length"),
    ],
)
def test_a_graph_that_does_not_match_its_manifest_is_refused(tmp_path: Path, wrong: dict, says: str) -> None:
    path = save_tiny(tmp_path / "model", graph=tiny_graph(**wrong))
    with pytest.raises(BundleDamaged, match="not the one that its manifest describes") as error:
        Scorer.open(path)
    assert says in (error.value.expected or "")


def test_a_graph_with_too_few_token_vectors_is_refused_when_opened(tmp_path: Path) -> None:
    path = save_tiny(tmp_path / "model", graph=tiny_graph(vocabulary_size=len(VOCABULARY) - 1))
    with pytest.raises(BundleDamaged, match="cannot be run"):
        Scorer.open(path)


def test_answers_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    path = save_tiny(tmp_path / "model", graph=tiny_graph(scale=float("nan")))
    with pytest.raises(BundleDamaged, match="no numbers"):
        Scorer.open(path)


@pytest.mark.parametrize("content", [b"", b"not a graph", None], ids=["empty", "text", "half"])
def test_a_corrupt_graph_is_a_clear_error(tmp_path: Path, content: bytes | None, capfd) -> None:
    whole = tiny_graph().SerializeToString()
    path = tmp_path / "model.onnx"
    path.write_bytes(whole[: len(whole) // 2] if content is None else content)
    with pytest.raises(BundleDamaged, match=r"model\.onnx cannot be opened as an ONNX graph"):
        Scorer.from_parts(path, tiny_encoder(), LABELS, SIDES)
    assert capfd.readouterr() == ("", "")


def test_a_missing_graph_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(BundleDamaged, match="cannot be opened"):
        Scorer.from_parts(tmp_path / "absent.onnx", tiny_encoder(), LABELS, SIDES)


def test_a_tokenizer_with_another_limit_than_the_manifest_is_refused(tmp_path: Path) -> None:
    path = save_tiny(tmp_path / "model", max_length=16)
    with pytest.raises(BundleDamaged, match="reads 24 tokens, the manifest says 16"):
        Scorer.open(path)


@pytest.mark.parametrize("content", ["[]", "{}", "{", '{"kind": "sentencepiece", "model": ""}'])
def test_a_broken_tokenizer_is_a_clear_error(tmp_path: Path, content: str) -> None:
    path = save_tiny(tmp_path / "model")
    (path / "onnx" / "encoder.json").write_text(content, encoding="utf-8")
    with pytest.raises(BundleDamaged, match=r"encoder\.json holds"):  # its size is not the declared one
        Scorer.open(path, verify=False)
    _redeclare(path, "onnx/encoder.json")
    with pytest.raises(BundleDamaged, match="does not describe a tokenizer"):
        Scorer.open(path)


def _redeclare(path: Path, file: str) -> None:
    """Make a bundle's manifest agree with a changed file, as a careless exporter would have."""
    from samesay.bundle.canonical import canonical_sha256, render
    from samesay.bundle.writing import record_of

    manifest = json.loads((path / "samesay.json").read_bytes())
    record = record_of(path / file)
    for part in manifest["parts"].values():
        if file in part["files"]:
            part["files"][file] = {"sha256": record.sha256, "bytes": record.bytes}
    manifest["checksum"] = "sha256:" + canonical_sha256(manifest)
    (path / "samesay.json").write_bytes(render(manifest))


def test_labels_of_another_number_are_refused_in_from_parts(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(tiny_graph().SerializeToString())
    with pytest.raises(BundleDamaged, match="not the one"):
        Scorer.from_parts(path, tiny_encoder(), LabelSet(("same", "different")), SIDES)


def test_scoring_leaves_keras_and_its_backends_alone(model: Path, tmp_path: Path) -> None:
    table = tmp_path / "pairs.csv"
    table.write_text("premise,hypothesis\na dog runs,an animal runs\n", encoding="utf-8")
    script = f"""
import sys
from samesay.scoring import Scorer, score_file
from samesay.pairs import Pair
scorer = Scorer.open({str(model)!r})
assert scorer.predict([Pair("a dog", "a cat")]).shape == (1, 3)
score_file(scorer, {str(table)!r}, {str(tmp_path / "scored.csv")!r})
heavy = {{"keras", "keras_hub", "jax", "tensorflow", "torch", "onnx", "pandas", "pyarrow", "sklearn"}}
print(sorted(heavy & set(sys.modules)))
"""
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert run.stdout.strip() == "[]"
    assert run.stderr == ""
