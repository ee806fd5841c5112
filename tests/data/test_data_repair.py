"""The pairs that repair: deterministic, distinct, true, unlike the suite's, and giving nothing away unread."""

from __future__ import annotations

import csv
import random
import re
from collections import Counter, defaultdict
from itertools import islice, pairwise

import numpy as np
import pytest

import samesay
from samesay.evaluation.audit.shortcut import cross_validated_shortcut
from samesay.synthetic.behaviour.suite import CAPABILITIES, blocks_of
from samesay.synthetic.repair import questions
from samesay.synthetic.repair.generator import LABELS, TOPICS, cues, iter_pairs
from samesay.synthetic.repair.situation import label_of, situation
from samesay.synthetic.repair.words import ASIDES

N_PAIRS = 3000
FUNCTION_WORDS = frozenset(
    re.findall(
        r"\w+",
        "a an the of in on at to by for from with and or but nor not no is are was were be been has have had did "
        "do does it that than as all each every none one neither either both who whom which will may must can cannot "
        "more less fewer most least exactly only before after first then if unless they he she his her their its this "
        "there because",
    )
)


@pytest.fixture(scope="module")
def drawn():
    return list(islice(iter_pairs(seed=3), N_PAIRS))


@pytest.fixture(scope="module")
def asked():
    return list(islice(questions.iter_pairs(seed=3), 4000))


def words(text: str) -> list[str]:
    return re.findall(r"[\w'$%-]+", text.lower())


def skeleton(text: str) -> str:
    """The small words of a text, with one blank for whatever stands between them."""
    return re.sub(r"(_ )+_", "_", " ".join(word if word in FUNCTION_WORDS else "_" for word in words(text)))


def table_of(pairs, folder):
    path = folder / "pairs.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["premise", "hypothesis", "label"])
        writer.writerows((pair.first, pair.second, pair.label) for pair in pairs)
    return samesay.load_pairs(str(path))


def accuracy_of_a_tree(features, pairs, depth=5):
    """What decisions on a few numbers reach on hypotheses that they were not made from."""
    from sklearn.model_selection import GroupKFold, cross_val_score
    from sklearn.tree import DecisionTreeClassifier

    known: dict[str, int] = {}
    groups = [known.setdefault(pair.second, len(known)) for pair in pairs]
    tree = DecisionTreeClassifier(max_depth=depth, random_state=0)
    return cross_val_score(
        tree, features, [pair.label for pair in pairs], groups=groups, cv=GroupKFold(5)
    ).mean()


def test_a_longer_run_begins_with_a_shorter_one_and_seeds_differ(drawn):
    assert list(islice(iter_pairs(seed=3), 60)) == drawn[:60]
    assert list(islice(iter_pairs(seed=4), 60)) != drawn[:60]


def test_all_pairs_differ_and_every_third_is_of_a_label(drawn):
    assert len({(pair.first, pair.second) for pair, _ in drawn}) == N_PAIRS
    for at in range(0, N_PAIRS, 3):
        assert {pair.label for pair, _ in drawn[at : at + 3]} == set(LABELS)
        assert len({pair.second for pair, _ in drawn[at : at + 3]}) == 1


def test_all_topics_come_in_like_shares(drawn):
    counts = Counter(topic for _, topic in drawn)
    assert counts.keys() == {*TOPICS, "unrelated", "identity"}
    assert min(counts.values()) > 0.25 * N_PAIRS / len(counts)


def test_a_hypothesis_alone_says_nothing(drawn, tmp_path):
    shortcut, _ = cross_validated_shortcut(table_of([pair for pair, _ in drawn], tmp_path), "hypothesis")
    assert shortcut.accuracy < 0.36
    assert not shortcut.serious


def test_shared_words_denials_and_length_say_little(drawn):
    pairs = [pair for pair, _ in drawn]
    features = np.array([cues(pair.first, pair.second) for pair in pairs])
    assert accuracy_of_a_tree(features, pairs) < 0.43  # measured over three seeds: 0.39 to 0.41
    labels = np.array([pair.label for pair in pairs])
    means = np.array([features[labels == label].mean(axis=0) for label in LABELS])
    shared, denied, length = means.max(axis=0) - means.min(axis=0)
    assert shared < 0.08
    assert denied < 0.12
    assert length < 1


def test_texts_read_as_sentences(drawn):
    for pair, _ in drawn:
        for text in (pair.first, pair.second):
            assert re.fullmatch(r"[A-Z0-9].*[.]", text), text
            assert not re.search(r"[\[\]{}<>|#]|  | [,.;]|\ba [aeio]|\ban [^aeiouh]", text), text
            assert all(one != other for one, other in pairwise(words(text)) if one not in ("that", "had")), (
                text
            )


def test_a_part_of_the_premises_are_paragraphs(drawn):
    long = Counter(pair.label for pair, _ in drawn if len(re.findall(r"[.?!] ", pair.first)) >= 2)
    assert sum(long.values()) > 0.15 * N_PAIRS
    assert max(long.values()) - min(long.values()) < 0.3 * max(long.values())


def test_templates_and_most_words_are_not_the_suites(drawn):
    theirs, their_words = set(), set()
    for capability in CAPABILITIES:
        for block in blocks_of(capability):
            theirs |= {(skeleton(premise), skeleton(block.hypothesis)) for premise in block.premises()}
            their_words |= {word for text in (*block.premises(), block.hypothesis) for word in words(text)}
    mine = [pair for pair, _ in drawn]
    alike = [pair for pair in mine if (skeleton(pair.first), skeleton(pair.second)) in theirs]
    # What is left is no more than "X did Y" beside "X did Z".
    assert len(alike) < 0.02 * len(mine)
    texts = {text for pair in mine for text in (pair.first, pair.second)}
    my_words = {word for text in texts for word in words(text)} - FUNCTION_WORDS
    assert len(my_words & their_words) < 0.15 * len(my_words)
    their_texts = {
        text
        for name in CAPABILITIES
        for block in blocks_of(name)
        for text in (*block.premises(), block.hypothesis)
    }
    assert not texts & their_texts


def test_labels_follow_from_where_texts_are_true():
    said = situation(
        random.Random(0),
        "made up",
        ((n,) for n in range(10)),
        {
            "over four": lambda n: n > 4,
            "under three": lambda n: n < 3,
            "some": (lambda n: n > 0, lambda n: 0 < n < 9),
        },
    ).sayings
    over, under, some = said
    assert label_of(over, some) == "entailment"
    assert label_of(over, under) == "contradiction"
    assert label_of(some, over) == "neutral"
    all_but_nine = situation(
        random.Random(0), "", ((n,) for n in range(10)), {"under nine": lambda n: n < 9}
    ).sayings[0]
    # "Some" usually means "not all", and strictly leaves it open: not a pair to learn from.
    assert label_of(some, all_but_nine) is None


@pytest.mark.parametrize("topic", TOPICS)
def test_every_topic_has_hypotheses_with_every_label_and_asides_for_its_domain(topic):
    rng = random.Random(1)
    labels_of = defaultdict(set)
    for number in range(60):
        there = TOPICS[topic](rng)
        assert there.domain in ASIDES or there.domain in ("people", "home")
        for hypothesis in there.sayings:
            if hypothesis.asked:
                labels_of[number, hypothesis] |= {
                    label_of(each, hypothesis) for each in there.sayings if each.given
                }
    assert sum(found >= set(LABELS) for found in labels_of.values()) > len(labels_of) / 4


def test_counts_and_measures_are_true_in_every_world(drawn):
    amount = re.compile(
        r"(exactly|precisely|more than|over|at least|no (?:fewer|less) than|fewer than|less than|under|at most|"
        r"no more than|up to)? ?\$?(\d[\d,]*)(?: (?!or )[a-z]+)?( or more)?"
    )
    holds = {
        ("exactly", "precisely", None): lambda n, limit: n == limit,
        ("more than", "over"): lambda n, limit: n > limit,
        ("at least", "no fewer than", "no less than"): lambda n, limit: n >= limit,
        ("fewer than", "less than", "under"): lambda n, limit: n < limit,
        ("at most", "no more than", "up to"): lambda n, limit: n <= limit,
    }
    by_word = {word: true for names, true in holds.items() for word in names}

    def worlds_of(text):
        how, limit, beyond = amount.search(text.lower()).groups()
        number = int(limit.replace(",", ""))
        true = by_word["at least" if beyond else how]
        return {n for n in range(6000) if true(n, number)}

    checked = 0
    for pair, topic in drawn:
        if topic != "counts" or not all(re.search(r"\d", text) for text in (pair.first, pair.second)):
            continue
        sentences = [text for text in re.split(r"(?<=\.) ", pair.first) if re.search(r"\d", text)]
        premise, hypothesis = worlds_of(sentences[0]), worlds_of(pair.second)
        expected = (
            "entailment" if premise <= hypothesis else "neutral" if premise & hypothesis else "contradiction"
        )
        assert pair.label == expected, pair
        checked += 1
    assert checked > 50


def test_questions_are_balanced_distinct_and_deterministic(asked):
    assert list(islice(questions.iter_pairs(seed=3), 40)) == asked[:40]
    assert len({frozenset((pair.first, pair.second)) for pair, _ in asked}) == len(asked)
    assert Counter(pair.label for pair, _ in asked) == {"same": len(asked) / 2, "different": len(asked) / 2}
    assert all(pair.first != pair.second for pair, _ in asked)
    for pair, _ in asked:
        for text in (pair.first, pair.second):
            assert re.fullmatch(r"[A-Z].*[.?!]", text), text
            assert not re.search(r"[\[\]{}<>|/]|  | [,.;?]|\ba [aeio]|\bi\b", text), text


def test_shared_words_do_not_tell_a_paraphrase(asked):
    pairs = [pair for pair, _ in asked]
    features = []
    for pair in pairs:
        one, other = set(words(pair.first)), set(words(pair.second))
        features.append([len(one & other) / len(one | other), len(one), len(other)])
    assert accuracy_of_a_tree(np.array(features), pairs) < 0.62
