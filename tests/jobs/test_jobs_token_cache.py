"""Training pairs encoded into the cache: taken again, made again, never in the way, and the same weights."""

from __future__ import annotations

import errno
import logging
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from samesay.data import PairTable, load_pairs
from samesay.encoding import EncodedPairs, PairEncoder
from samesay.runs import token_cache
from samesay.runs.token_cache import encoded_pairs
from samesay.training.training_pairs import TrainingPairs
from tiny_bert import VOCABULARY
from tiny_tokenizers import wordpiece_encoder


@pytest.fixture
def encoder() -> PairEncoder:
    """The tiny BERT's tokenizer, in which some of the pairs are cut."""
    return wordpiece_encoder(VOCABULARY, lowercase=True, strip_accents=False, max_length=11)


@pytest.fixture
def table(pairs_file: Path) -> PairTable:
    """96 pairs."""
    return load_pairs(pairs_file)


@pytest.fixture(autouse=True)
def few_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the tokens of a handful of pairs."""
    monkeypatch.setattr(token_cache, "WORTH_KEEPING", 1)


@pytest.fixture
def encoded_parts(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One entry for every time that texts were encoded."""
    calls: list[int] = []
    encode_in_parts = PairEncoder.encode_in_parts

    def counted(self: PairEncoder, first: Any, second: Any) -> Any:
        calls.append(len(first))
        return encode_in_parts(self, first, second)

    monkeypatch.setattr(PairEncoder, "encode_in_parts", counted)
    return calls


def same(one: EncodedPairs, other: EncodedPairs) -> bool:
    names = ("token_ids", "offsets", "second_starts", "tokens_lost")
    return one.specials == other.specials and all(
        np.array_equal(getattr(one, name), getattr(other, name)) for name in names
    )


def entries(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.exists() else []


def test_tokens_are_taken_from_the_cache_the_second_time(
    encoder: PairEncoder,
    table: PairTable,
    tmp_path: Path,
    encoded_parts: list[int],
    caplog: pytest.LogCaptureFixture,
) -> None:
    first = encoded_pairs(encoder, table, folder=tmp_path)
    assert encoded_parts == [96]
    with caplog.at_level(logging.INFO, "samesay"):
        second = encoded_pairs(encoder, load_pairs(table.origin.source), folder=tmp_path)
    assert encoded_parts == [96]
    assert "the tokens of 96 pairs come from the cache" in caplog.text
    plain = encoder.encode(table.first, table.second)
    assert same(first, plain)
    assert same(second, plain)
    assert plain.tokens_lost.sum() > 0
    assert second.token_ids.dtype == np.uint16


def test_the_arrays_are_plain_numpy_files_over_memory_maps(
    encoder: PairEncoder, table: PairTable, tmp_path: Path
) -> None:
    encoded = encoded_pairs(encoder, table, folder=tmp_path)
    (entry,) = entries(tmp_path)
    ids = np.load(entry / "token_ids.npy", allow_pickle=False)
    assert np.array_equal(ids, encoder.encode(table.first, table.second).token_ids)
    mapped = encoded.token_ids
    while isinstance(mapped, np.ndarray) and not isinstance(mapped, np.memmap):
        mapped = mapped.base
    assert isinstance(mapped, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        encoded.token_ids[0] = 1


def test_large_vocabularies_keep_wide_ids(table: PairTable, tmp_path: Path) -> None:
    vocabulary = [*VOCABULARY, *(f"word{index}" for index in range(70_000))]
    encoder = wordpiece_encoder(vocabulary, lowercase=True, strip_accents=False, max_length=11)
    first = list(table.first)
    first[0] = "word69999"
    changed = PairTable(first, list(table.second), table.sides, table.origin, table.answers, table.gold)
    encoded = encoded_pairs(encoder, changed, folder=tmp_path)
    assert encoded.token_ids.dtype == np.int32
    assert len(vocabulary) - 1 in encoded.row(0)


def test_every_damaged_byte_is_found_and_the_entry_made_again(
    encoder: PairEncoder, table: PairTable, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    plain = encoder.encode(table.first, table.second)
    encoded_pairs(encoder, table, folder=tmp_path)
    (entry,) = entries(tmp_path)
    for path in sorted(entry.iterdir()):
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
        caplog.clear()
        assert same(encoded_pairs(encoder, table, folder=tmp_path), plain), path.name
        assert "It is made again." in caplog.text, path.name
    (entry / "offsets.npy").unlink()
    assert same(encoded_pairs(encoder, table, folder=tmp_path), plain)
    caplog.clear()
    assert same(encoded_pairs(encoder, table, folder=tmp_path), plain)
    assert not caplog.records or "damaged" not in caplog.text


def test_other_texts_sides_limits_and_vocabularies_have_other_entries(
    encoder: PairEncoder, pairs_file: Path, tmp_path: Path
) -> None:
    table = load_pairs(pairs_file)
    other_vocabulary = wordpiece_encoder(
        [*VOCABULARY, "park##"], lowercase=True, strip_accents=False, max_length=12
    )
    others = [
        (encoder, table),
        (encoder, load_pairs(f"{pairs_file}[:50]")),
        (encoder, load_pairs(pairs_file, columns={"first": "premise", "second": "note"})),
        (encoder, load_pairs(pairs_file, columns={"first": "hypothesis", "second": "premise"})),
        (encoder.with_max_length(20), table),
        (other_vocabulary, table),
    ]
    for number, (one, pairs) in enumerate(others, start=1):
        assert same(encoded_pairs(one, pairs, folder=tmp_path), one.encode(pairs.first, pairs.second))
        assert len(entries(tmp_path)) == number
    # Other answers to the same texts are the same tokens.
    renamed = load_pairs(pairs_file, rename_labels={"same": "equal"})
    encoded_pairs(encoder, renamed, folder=tmp_path)
    assert len(entries(tmp_path)) == len(others)


def test_two_runs_at_once_leave_one_whole_entry(
    encoder: PairEncoder, table: PairTable, tmp_path: Path
) -> None:
    plain = encoder.encode(table.first, table.second)
    results: list[EncodedPairs] = []
    together = threading.Barrier(4)

    def run() -> None:
        together.wait()
        results.append(encoded_pairs(encoder, table, folder=tmp_path))

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 4
    assert all(same(one, plain) for one in results)
    assert len(entries(tmp_path)) == 1


def test_a_full_disk_falls_back_to_memory(
    encoder: PairEncoder,
    table: PairTable,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(token_cache._GrowingArray, "extend", full)
    plain = encoder.encode(table.first, table.second)
    assert same(encoded_pairs(encoder, table, folder=tmp_path), plain)
    assert "No space left" in caplog.text
    assert "encoded in memory" in caplog.text
    assert entries(tmp_path) == []


def test_entries_that_were_not_used_for_longest_go_first(
    encoder: PairEncoder, table: PairTable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import os

    oldest = encoded_pairs(encoder, table, folder=tmp_path)
    (first,) = entries(tmp_path)
    encoded_pairs(encoder.with_max_length(20), table, folder=tmp_path)
    (second,) = set(entries(tmp_path)) - {first}
    os.utime(first, (1, 1))
    size = sum(path.stat().st_size for path in second.iterdir())
    monkeypatch.setattr(token_cache, "MOST_BYTES", 5 * size // 2)
    encoded_pairs(encoder.with_max_length(21), table, folder=tmp_path)
    assert len(entries(tmp_path)) == 2
    assert first not in entries(tmp_path)
    # Removed while it was open: the map still holds it.
    assert same(oldest, encoder.encode(table.first, table.second))


def test_the_fingerprint_of_training_pairs_is_that_of_pairs_in_memory(
    encoder: PairEncoder, table: PairTable, tmp_path: Path
) -> None:
    import hashlib

    plain = encoder.encode(table.first, table.second)
    gold = table.require_gold()
    together = hashlib.sha256()
    for array in (plain.token_ids, plain.offsets, plain.second_starts, gold):
        together.update(array.tobytes())
    kept = encoded_pairs(encoder, table, folder=tmp_path)
    for encoded in (plain, kept):
        assert TrainingPairs(encoded, gold).fingerprint() == together.hexdigest()
        assert np.array_equal(encoded.distinct_ids(), np.unique(plain.token_ids))


def test_the_weights_are_those_of_pairs_in_memory(
    tiny_preset: Path, pairs_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from samesay import PairModel

    monkeypatch.setenv("SAMESAY_CACHE", str(tmp_path))
    table = load_pairs(pairs_file)
    weights = []
    for worth_keeping in (1_000, 1, 1):
        monkeypatch.setattr(token_cache, "WORTH_KEEPING", worth_keeping)
        model = PairModel.from_preset(tiny_preset, table.labels, sides=table.sides, seed=3)
        model.fit(table, validation=load_pairs(f"{pairs_file}[:20]"), epochs=2, batch_size=16, seed=3)
        weights.append([np.array(one) for one in model.classifier.weights])
        assert len(entries(tmp_path / "tokens")) == (0 if worth_keeping > 1 else 2)
    for other in weights[1:]:
        assert all(np.array_equal(a, b) for a, b in zip(weights[0], other, strict=True))
