"""Our token ids against KerasHub's own tokenizer, id for id."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hostile_texts import HOSTILE_TEXTS, SPECIALS_AS_TEXT, characters, random_texts
from hypothesis import given, settings
from hypothesis import strategies as st

from samesay.encoding import wordpiece
from samesay.encoding.wordpiece import WordPiece

NAMES = ("lowercase", "strip_accents", "split_on_cjk")
Rules = dict[str, bool]
ALL_RULES = [
    pytest.param(
        dict(zip(NAMES, switches, strict=True)),
        id="-".join(itertools.compress(NAMES, switches)) or "plain",
    )
    for switches in itertools.product((True, False), repeat=3)
]
UNCASED = {"lowercase": True, "strip_accents": False}


def keras_tokenizer(vocabulary: list[str], rules: Rules):
    import keras_hub

    return keras_hub.models.BertTokenizer(vocabulary, **{"split_on_cjk": True, **rules})


def ids_of(tokenizer: WordPiece, texts: list[str]) -> list[list[int]]:
    ragged = tokenizer.encode(texts)
    return [part.tolist() for part in np.split(ragged.ids, ragged.offsets[1:-1])] if texts else []


def differences(vocabulary: list[str], rules: Rules, texts: list[str]) -> list[tuple[str, ...]]:
    theirs = [list(map(int, ids)) for ids in keras_tokenizer(vocabulary, rules)(texts)]
    ours = ids_of(WordPiece(vocabulary, **rules), texts)
    assert len(ours) == len(theirs) == len(texts)
    return [
        (ascii(text), str(own), str(their))
        for text, own, their in zip(texts, ours, theirs, strict=True)
        if own != their
    ]


def sentences(shared_data, count: int) -> list[str]:
    """``count`` different real sentences, evenly over four data sets."""
    import pyarrow.parquet as parquet

    columns: list[list[str]] = []
    for folder, names in {
        "snli": ("premise", "hypothesis"),
        "mnli": ("premise", "hypothesis"),
        "stsb": ("sentence1", "sentence2"),
        "sick": ("premise", "hypothesis"),
    }.items():
        table = parquet.read_table(next((shared_data / folder).glob("train*")))
        columns.extend(table[name].to_pylist() for name in names)
    mixed = itertools.chain.from_iterable(itertools.zip_longest(*columns))
    different = dict.fromkeys(text for text in mixed if text is not None)
    return list(itertools.islice(different, count))


@pytest.mark.parametrize("rules", ALL_RULES)
@pytest.mark.parametrize("vocabulary", ["bert_vocabulary", "letter_vocabulary"])
def test_hostile_texts_get_the_ids_of_keras_hub(vocabulary, rules, request):
    texts = [*HOSTILE_TEXTS, *random_texts(400)]
    assert differences(request.getfixturevalue(vocabulary), rules, texts) == []


@pytest.mark.parametrize("rules", ALL_RULES)
def test_a_sample_of_all_characters_gets_the_ids_of_keras_hub(letter_vocabulary, rules):
    texts = characters([*range(0x600), *range(0x600, 0x30000, 131), *range(0x30000, 0x110000, 4999)])
    assert differences(letter_vocabulary, rules, texts) == []


@pytest.mark.slow
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("rules", ALL_RULES)
def test_every_character_of_unicode_gets_the_ids_of_keras_hub(letter_vocabulary, rules):
    texts = characters()
    assert len(texts) == 0x110000 - 0x800
    for begin in range(0, len(texts), 50_000):
        assert differences(letter_vocabulary, rules, texts[begin : begin + 50_000]) == []


def test_real_sentences_get_the_ids_of_keras_hub(shared_data, bert_vocabulary):
    texts = sentences(shared_data, 5_000)
    assert len(texts) == 5_000
    assert differences(bert_vocabulary, UNCASED, texts) == []


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("rules", ALL_RULES)
def test_100_000_real_sentences_get_the_ids_of_keras_hub(shared_data, bert_vocabulary, rules):
    texts = sentences(shared_data, 100_000)
    assert len(texts) == 100_000
    assert differences(bert_vocabulary, rules, texts) == []


@settings(max_examples=150)
@given(
    texts=st.lists(st.text(st.characters(exclude_categories=("Cs",))), min_size=1, max_size=8), data=st.data()
)
def test_any_text_gets_the_ids_of_keras_hub(keras_by_rules, texts, data):
    rules, theirs, ours = data.draw(st.sampled_from(keras_by_rules))
    expected = [list(map(int, ids)) for ids in theirs(texts)]
    assert ids_of(ours, texts) == expected, rules


@pytest.fixture(scope="session")
def keras_by_rules(letter_vocabulary):
    return [
        (rules, keras_tokenizer(letter_vocabulary, rules), WordPiece(letter_vocabulary, **rules))
        for rules in (each.values[0] for each in ALL_RULES)
    ]


@pytest.mark.parametrize("rules", ALL_RULES)
@pytest.mark.parametrize("vocabulary", ["bert_vocabulary", "tiny_vocabulary"])
def test_special_tokens_in_a_text_stay_text(vocabulary, rules, request):
    pieces = request.getfixturevalue(vocabulary)
    tokenizer = WordPiece(pieces, **rules)
    reserved = {tokenizer.ids[token] for token in ("[PAD]", "[CLS]", "[SEP]", "[MASK]")}
    for text, ids in zip(SPECIALS_AS_TEXT, ids_of(tokenizer, list(SPECIALS_AS_TEXT)), strict=True):
        assert reserved.isdisjoint(ids), text


def test_a_literal_separator_is_three_words(tiny_vocabulary):
    for lowercase, middle in ((True, "sep"), (False, "SEP")):
        tokenizer = WordPiece(tiny_vocabulary, lowercase=lowercase, strip_accents=False)
        [ids] = ids_of(tokenizer, ["[SEP]"])
        assert [tiny_vocabulary[index] for index in ids] == ["[", middle, "]"]


def test_a_continuation_in_a_text_is_not_a_continuation(tiny_vocabulary):
    tokenizer = WordPiece(tiny_vocabulary, **UNCASED)
    ids = ids_of(tokenizer, ["##ing", "sleeping"])
    assert [[tiny_vocabulary[index] for index in row] for row in ids] == [
        ["#", "#", "[UNK]"],
        ["sleep", "##ing"],
    ]


@pytest.mark.parametrize("letter", ["a", "é", "が", "𐍈"])
def test_the_limit_of_a_word_is_counted_in_bytes(letter):
    tokenizer = WordPiece(["[UNK]", letter, f"##{letter}"], lowercase=False, strip_accents=False)
    most = 100 // len(letter.encode())
    fits, too_long = ids_of(tokenizer, [letter * most, letter * (most + 1)])
    assert fits == [1] + [2] * (most - 1)
    assert too_long == [0]


def test_the_last_of_two_equal_pieces_counts_as_in_keras_hub(tiny_vocabulary):
    vocabulary = [*tiny_vocabulary, "cat"]
    assert differences(vocabulary, UNCASED, ["the cat", "cats"]) == []
    assert ids_of(WordPiece(vocabulary, **UNCASED), ["cat"]) == [[len(vocabulary) - 1]]


def test_other_continuation_marks_and_unknown_tokens_are_kept_to():
    vocabulary = ["<unk>", "sleep", "@@ing", "##ing"]
    rules = {"lowercase": True, "strip_accents": False, "suffix_indicator": "@@", "unknown_token": "<unk>"}
    assert ids_of(WordPiece(vocabulary, **rules), ["Sleeping", "sleepy"]) == [[1, 2], [0]]


def test_forgetting_spellings_changes_no_ids(bert_vocabulary, monkeypatch):
    texts = [*HOSTILE_TEXTS, *random_texts(300, seed=1)]
    expected = ids_of(WordPiece(bert_vocabulary, **UNCASED), texts)
    monkeypatch.setattr(wordpiece, "_REMEMBERED_WORDS", 20)
    forgetful = WordPiece(bert_vocabulary, **UNCASED)
    assert [ids_of(forgetful, [text])[0] for text in texts] == expected


def test_long_words_are_not_remembered(tiny_vocabulary):
    tokenizer = WordPiece(tiny_vocabulary, **UNCASED)
    tokenizer.encode(["cat " + "x" * 101, "dog"])
    assert set(tokenizer._remembered) == {"cat", "dog"}


def test_threads_share_a_tokenizer(bert_vocabulary, monkeypatch):
    texts = [*HOSTILE_TEXTS, *random_texts(500, seed=2)]
    expected = ids_of(WordPiece(bert_vocabulary, **UNCASED), texts)
    monkeypatch.setattr(wordpiece, "_REMEMBERED_WORDS", 300)
    shared = WordPiece(bert_vocabulary, **UNCASED)

    def encode(turn: int) -> list[list[int]]:
        begin = turn * 37 % len(texts)
        turned = ids_of(shared, texts[begin:] + texts[:begin])
        return turned[len(texts) - begin :] + turned[: len(texts) - begin]

    with ThreadPoolExecutor(8) as pool:
        assert all(ids == expected for ids in pool.map(encode, range(24)))
