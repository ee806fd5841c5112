"""Runs side by side: the same answers as one after the other, and the next pairs encoded meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from samesay.errors import EncodingInvalid, MachineError
from samesay.pairs import Pair, Progress
from samesay.scoring import Scorer
from samesay.scoring.files.workers import OneProcess
from tiny_models import WORDS

WAIT_SECONDS = 20


def some_pairs(n: int, seed: int = 0) -> list[Pair]:
    """Pairs of one to twelve words."""
    random = np.random.default_rng(seed)

    def text() -> str:
        return " ".join(random.choice(WORDS, random.integers(1, 7)).tolist())

    return [Pair(text(), text()) for _ in range(n)]


@dataclass
class Chunk:
    """What is answered together."""

    pairs: list[Pair]


@pytest.fixture
def two_threads(model: Path) -> Scorer:
    return Scorer.open(model, threads=2, batch_tokens=64)


@pytest.mark.parametrize("n_pairs", [1, 3, 40, 300])
def test_the_number_of_threads_changes_no_bit(model: Path, n_pairs: int) -> None:
    pairs = some_pairs(n_pairs)
    answers = [Scorer.open(model, threads=threads).logits(pairs) for threads in (1, 2, 5)]
    assert answers[0].tobytes() == answers[1].tobytes() == answers[2].tobytes()
    np.testing.assert_allclose(answers[0], Scorer.open(model).logits(pairs[::-1])[::-1], atol=1e-5)


def test_pairs_that_are_encoded_in_parts_come_back_in_order(two_threads: Scorer, monkeypatch) -> None:
    pairs = some_pairs(50)
    whole = two_threads.read(pairs)
    monkeypatch.setattr("samesay.encoding.encoder._CHUNK", 7)
    seen: list[Progress] = []
    in_parts = two_threads.read(pairs, progress=seen.append)
    np.testing.assert_allclose(in_parts.values, whole.values, atol=1e-5)
    np.testing.assert_array_equal(in_parts.tokens_lost, whole.tokens_lost)
    done = [each.done for each in seen]
    assert done == sorted(set(done))
    assert done[-1] == seen[-1].total == len(pairs)
    with pytest.raises(EncodingInvalid, match=r"premise\[44\]"):
        two_threads.read([*pairs[:44], Pair("\ud800", "a")])


def test_what_was_begun_answers_as_what_was_waited_for(two_threads: Scorer) -> None:
    pairs = some_pairs(30)
    begun = [two_threads.begin(pairs), two_threads.begin(pairs[:1]), two_threads.begin([])]
    for pending, expected in zip(begun, (pairs, pairs[:1], []), strict=True):
        assert pending.result().values.tobytes() == two_threads.predict(expected).tobytes()


def test_the_next_part_is_encoded_while_one_is_computed(two_threads: Scorer, monkeypatch) -> None:
    from samesay.encoding import encoder

    second_is_encoded = threading.Event()
    pack, run, parts = encoder.pack, two_threads._graph.run, []

    def noted(*args: object, **options: object) -> object:
        parts.append(pack(*args, **options))
        if len(parts) == 2:
            second_is_encoded.set()
        return parts[-1]

    def waiting(batch: object) -> object:
        assert second_is_encoded.wait(WAIT_SECONDS), "the first part was waited for"
        return run(batch)

    monkeypatch.setattr(encoder, "_CHUNK", 20)
    monkeypatch.setattr(encoder, "pack", noted)
    monkeypatch.setattr(two_threads._graph, "run", waiting)
    assert len(two_threads.predict(some_pairs(40))) == 40


@pytest.mark.parametrize("ahead", [True, False])
def test_a_chunk_is_taken_ahead_only_where_that_keeps_nobody_waiting(
    two_threads: Scorer, ahead: bool
) -> None:
    taken: list[int] = []

    def chunks() -> Iterator[Chunk]:
        for number in range(3):
            taken.append(number)
            yield Chunk(some_pairs(20, seed=number))

    answered = OneProcess(two_threads, ahead=ahead).answered(chunks())
    first, scores = next(answered)
    assert taken == ([0, 1] if ahead else [0])
    assert scores.values.tobytes() == two_threads.predict(first.pairs).tobytes()
    assert [chunk.pairs for chunk, _ in answered] == [some_pairs(20, seed=seed) for seed in (1, 2)]


def test_what_was_answered_before_a_chunk_that_cannot_be_had_comes_first(two_threads: Scorer) -> None:
    def chunks() -> Iterator[Chunk]:
        yield Chunk(some_pairs(20))
        raise EncodingInvalid("broken", where="row 20")

    answered = OneProcess(two_threads).answered(chunks())
    assert len(next(answered)[0].pairs) == 20
    with pytest.raises(EncodingInvalid, match="broken"):
        next(answered)


def test_after_a_run_that_failed_no_other_begins(model: Path, monkeypatch) -> None:
    scorer = Scorer.open(model, threads=1, batch_tokens=64)
    runs: list[int] = []
    failed = threading.Event()

    def failing(batch: object) -> object:
        runs.append(1)
        if len(runs) > 1:  # the one thread is held until the failure of the first run was heard
            assert failed.wait(WAIT_SECONDS)
        raise MachineError("Not enough memory for a batch.")

    monkeypatch.setattr(scorer._graph, "run", failing)
    with pytest.raises(MachineError, match="Not enough memory"):
        scorer.predict(some_pairs(400))
    failed.set()
    scorer._graph.callers.shutdown()
    assert len(runs) <= 2
