"""Generated pairs: balanced, different, reproducible, grammatical, and telling little from one side alone."""

from __future__ import annotations

import random
import re
from collections import Counter
from itertools import islice

import numpy as np
import pytest

from samesay.data.sources.builtin import generate
from samesay.errors import UsageError
from samesay.synthetic.captions.generator import iter_pairs
from samesay.synthetic.captions.grammar import Noun, a
from samesay.synthetic.captions.scenes import SceneSampler
from samesay.synthetic.captions.test_words import TEST_WORDS
from samesay.synthetic.captions.train_words import TRAIN_WORDS

# Grammar, number and relation: the only words that the two sides of the train/test divide may share.
GOLDEN = "398b92a43b18164415050aec6a35d684a6753d417c5bf096f6ec139bafbf5ea7"

FUNCTION_WORDS = set(
    re.findall(
        r"\w+",
        "a an the of in on at by with and to is are not being there that these them from something things "
        "one two three four five six several some all most none more fewer than least exactly only",
    )
)


@pytest.fixture(scope="module")
def train():
    return generate(5000)


@pytest.fixture(scope="module")
def test_split():
    return generate(3000, split="test")


def words(text: str) -> list[str]:
    return re.findall(r"[\w-]+", text.lower().replace("'s", ""))


def texts(table) -> list[tuple[str, str, str]]:
    return list(zip(table.first, table.second, table.label_names(), strict=True))


@pytest.mark.parametrize("n_pairs", [1, 2, 100, 3001])
def test_as_many_as_asked_for_in_equal_shares(n_pairs):
    table = generate(n_pairs, seed=5)
    assert len(table) == n_pairs
    counts = table.label_counts()
    assert max(counts.values()) - min(counts.values()) <= 1


def test_a_seed_gives_the_same_pairs_in_every_version_and_on_every_platform():
    # a golden digest: when the grammar changes on purpose, so does this, and older figures expire
    assert generate(300, seed=1).fingerprint() == GOLDEN
    assert generate(300, seed=2).fingerprint() != GOLDEN


def test_a_longer_run_begins_with_the_shorter_one():
    assert texts(generate(50, seed=3)) == texts(generate(200, seed=3))[:50]


def test_pairs_stream_one_at_a_time():
    streamed = [(pair.first, pair.second, pair.label) for pair, _ in islice(iter_pairs(seed=3), 50)]
    assert streamed == texts(generate(50, seed=3))


def test_all_pairs_differ(train):
    assert len(set(zip(train.first, train.second, strict=True))) == len(train)


def test_premises_are_not_shared_between_splits_whatever_the_seeds(train, test_split):
    validation = generate(2000, split="validation", seed=9)
    assert not set(train.first) & set(validation.first)
    assert not set(test_split.first) & (set(train.first) | set(validation.first))


def test_validation_has_the_words_of_train(train):
    validation = generate(500, split="validation")
    assert not set(words(" ".join(validation.first))) - set(words(" ".join(train.first)))


def test_the_test_split_shares_function_words_only(train, test_split):
    here = set(words(" ".join(train.first + train.second)))
    there = set(words(" ".join(test_split.first + test_split.second)))
    assert here & there <= FUNCTION_WORDS


def test_the_test_split_shares_no_template(train, test_split):
    def openings(table):
        content = "|".join(sorted(FUNCTION_WORDS, key=len, reverse=True))
        return {
            re.sub(rf"\b(?!(?:{content})\b)[\w'-]+", "_", text.lower())
            for text in table.first
            if not text.startswith("In this")
        }

    assert not openings(train) & openings(test_split)


def test_captions_are_short(train):
    lengths = [len(text.split()) for text in train.first]
    assert 11 < np.mean(lengths) < 15
    assert max(lengths) < 30


@pytest.mark.parametrize("split", ["train", "test"])
def test_sentences_are_well_formed(split, train, test_split):
    table = train if split == "train" else test_split
    for text in (*table.first, *table.second):
        assert re.fullmatch(r"[A-Z][\w ,;'-]*\.", text), text
        assert "  " not in text
        assert " ," not in text
        assert not re.search(r"\ba (?=[aeio]|u(?!ni)|hour)", text, re.IGNORECASE), text
        assert not re.search(r"\ban (?![aeiou]|hour)", text, re.IGNORECASE), text
        assert not re.search(r"(?<!in )(?<!on )\b(a|an|one) \w+ are\b", text, re.IGNORECASE), text


def test_every_capability_is_named_and_most_come_with_every_label(train):
    table = Counter(zip(train.columns["capability"], train.label_names(), strict=True))
    seen = {capability for capability, _ in table}
    assert seen >= {"hypernym", "action", "place", "time", "colour", "number", "quantifier", "negation"}
    assert seen >= {"role", "passive", "position", "trait", "company", "clothing", "dropped-detail", "agent"}
    for capability in seen - {"dropped-detail", "clothing"}:
        for label in train.labels:
            assert table[capability, label] >= 5, (capability, label)


def test_positions_read_from_the_sentences_give_the_label(train):
    """Left and right, worked out again from the texts alone."""
    side = r"(to the left of|to the right of|next to|close to)"
    told = re.compile(rf"(?:There is|On .*?,) an? (\w+ )?([\w ]+?) (?:is )?{side} an? (\w+ )?(\w+)")
    said = re.compile(rf"The (\w+ )?(\w+) is {side} the (\w+ )?(\w+)\.")
    checked: Counter[str] = Counter()
    for first, second, label in texts(train):
        claim, picture = said.fullmatch(second), told.match(first)
        if not claim or not picture:
            continue
        where = {picture[2].strip(): picture[1], picture[5]: picture[4]}
        colours_told = {name: colour for name, colour in where.items() if colour}
        colours_said = {claim[2]: claim[1], claim[5]: claim[4]}
        if set(where) != set(colours_said):
            continue  # a thing without a colour was read as a colour and a thing
        clash = any(
            colour and colours_told.get(name, colour) != colour for name, colour in colours_said.items()
        )
        unknown = any(colour and name not in colours_told for name, colour in colours_said.items())
        turned = picture[2].strip() != claim[2]
        if "left" in claim[3] or "right" in claim[3]:
            unknown |= "left" not in picture[3] and "right" not in picture[3]
            clash |= not unknown and (picture[3] == claim[3]) == turned
        expected = "contradiction" if clash else "neutral" if unknown else "entailment"
        assert label == expected, (first, second)
        checked[label] += 1
    assert min(checked[label] for label in train.labels) > 40


def test_shares_of_a_group_read_from_the_sentences_give_the_label(train):
    """Quantifiers, worked out again from the texts alone, where both sentences name one garment and colour."""
    numbers = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "none": 0}
    told = re.compile(
        r".*?(four|five|six) .*[;,] (?:and )?(\w+) of them (?:is|are) in (?:an? )?(\w+) ([\w-]+)\."
    )
    said = re.compile(r"([\w ]+) of the .* (?:is|are) in (?:an? )?(\w+) ([\w-]+)\.")
    singular = {form.lower(): each.one for each in TRAIN_WORDS.garments for form in (each.one, each.many)}
    holds = {
        "all": lambda k, n: k == n,
        "most": lambda k, n: k > n / 2,
        "some": lambda k, n: k > 0,
        "none": lambda k, n: k == 0,
        "only one": lambda k, n: k == 1,
        "exactly two": lambda k, n: k == 2,
        "at least two": lambda k, n: k >= 2,
        "more than two": lambda k, n: k > 2,
        "at least three": lambda k, n: k >= 3,
        "fewer than three": lambda k, n: k < 3,
        "not all": lambda k, n: k < n,
    }
    checked: Counter[str] = Counter()
    for first, second, label in texts(train):
        picture, claim = told.fullmatch(first.lower()), said.fullmatch(second.lower())
        if not picture or not claim:
            continue
        size = numbers[picture[1]]
        share = size if picture[2] == "all" else numbers[picture[2]]
        if (picture[3], singular[picture[4]]) == (claim[2], singular[claim[3]]):
            assert label == ("entailment" if holds[claim[1]](share, size) else "contradiction"), (
                first,
                second,
            )
        else:
            assert label == "neutral", (first, second)
        checked[label] += 1
    assert min(checked[label] for label in train.labels) > 40


def test_roles_read_from_the_sentences_give_the_label(train):
    """Who does it to whom, where the same two nouns are named on both sides."""
    active = r"(?:[\w ]+, )?an? ([\w ]+?)(?: in an? [\w-]+ [\w-]+)? is (?!being)(\w+ing) an? (\w+(?: officer)?)\b.*"
    passive = (
        r"(?:[\w ]+, )?an? ([\w ]+?)(?: in an? [\w-]+ [\w-]+)? is being (\w+) by an? (\w+(?: officer)?)\b.*"
    )
    people = {noun.one for noun in TRAIN_WORDS.nouns if not noun.animal}
    ing = {done: doing for doing, done in TRAIN_WORDS.dealings}

    def read(text):
        if match := re.fullmatch(passive, text.lower()):
            return match[3], ing[match[2]], match[1]
        match = re.fullmatch(active, text.lower())
        return match.groups() if match and match[1] in people and match[3] in people else None

    checked: Counter[str] = Counter()
    for first, second, label in texts(train):
        told, said = read(first), read(second)
        if told is None or said is None or told[1] != said[1] or {told[0], told[2]} != {said[0], said[2]}:
            continue
        if told == said:
            assert label != "contradiction", (first, second)
        else:
            assert label == "contradiction", (first, second)
        checked["same" if told == said else "swapped"] += 1
    assert min(checked["same"], checked["swapped"]) > 40


def accuracy_of(inputs, labels) -> float:
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from threadpoolctl import threadpool_limits

    half = len(inputs) // 2
    vectorizer = CountVectorizer(ngram_range=(1, 2), token_pattern=r"(?u)\b\w+\b", min_df=5)
    with threadpool_limits(1):
        model = make_pipeline(vectorizer, LogisticRegression(max_iter=300, C=0.1))
        return float(model.fit(inputs[:half], labels[:half]).score(inputs[half:], labels[half:]))


def test_the_hypothesis_alone_tells_nothing(train):
    assert (
        accuracy_of(train.second, train.label_names()) < 0.38
    )  # measured: 0.32 to 0.35 over four seeds; chance is 0.333


def test_the_premise_alone_tells_little(train):
    assert accuracy_of(train.first, train.label_names()) < 0.47  # measured: 0.42 to 0.43


def test_overlap_alone_does_not_solve_it(train):
    from sklearn.tree import DecisionTreeClassifier

    features = []
    for first, second in zip(train.first, train.second, strict=True):
        here, there = set(words(first)), set(words(second))
        shared = len(here & there)
        features.append([shared, len(there - here), shared / len(there), len(here), len(there)])
    half, labels = len(features) // 2, train.label_names()
    tree = DecisionTreeClassifier(max_depth=5, random_state=0).fit(features[:half], labels[:half])
    assert tree.score(features[half:], labels[half:]) < 0.56  # measured: 0.50


@pytest.mark.parametrize(("grammar", "at_least"), [(TRAIN_WORDS, 100_000_000), (TEST_WORDS, 10_000_000)])
def test_the_grammar_is_as_large_as_its_docstring_says(grammar, at_least):
    people = [noun for noun in grammar.nouns if not noun.animal]
    traits = sum(len(grammar.traits[axis]) for axis in grammar.traits if axis != "age")
    dresses = len(grammar.garments) * len(grammar.colours)
    deeds = sum(len(grammar.places_for[action.where]) for action in grammar.actions if action.people)
    numbers = 8  # one to six, some, several
    assert numbers * len(people) * traits * dresses * deeds * len(grammar.times) > at_least


@pytest.mark.parametrize(
    ("premise", "said", "label"),
    [
        (
            "poodle poodles kind=animal species=dog breed=poodle",
            "dog dogs kind=animal species=dog",
            "entailment",
        ),
        (
            "dog dogs kind=animal species=dog",
            "poodle poodles kind=animal species=dog breed=poodle",
            "neutral",
        ),
        ("cat cats kind=animal species=cat", "dog dogs kind=animal species=dog", "contradiction"),
        ("chef chefs kind=person role=chef", "nurse nurses kind=person role=nurse", None),
    ],
)
def test_what_one_noun_says_of_another(premise, said, label):
    assert Noun.parse(premise).says_of(Noun.parse(said)) == label


def test_articles():
    assert [a(noun) for noun in ("unicycle", "umbrella", "hourglass", "hat", "orange hat")] == [
        "a unicycle",
        "an umbrella",
        "an hourglass",
        "a hat",
        "an orange hat",
    ]


@pytest.mark.parametrize("n_pairs", [0, -3])
def test_fewer_than_one_pair_is_refused(n_pairs):
    with pytest.raises(UsageError, match=str(n_pairs)) as caught:
        generate(n_pairs)
    assert caught.value.expected == "at least 1"


def test_an_unknown_split_is_refused_with_the_nearest_name():
    with pytest.raises(UsageError, match="'tets'") as caught:
        generate(10, split="tets")
    assert caught.value.expected == "one of train, validation, test"
    assert "'test'" in (caught.value.hint or "")


def test_two_wordings_of_a_scene_say_it_in_the_same_words() -> None:
    rng = random.Random(3)
    sampler = SceneSampler(TRAIN_WORDS, held_out=False)
    drawn = [sampler.two_wordings(rng) for _ in range(200)]
    for wordings in drawn:
        one, other = (
            sorted(re.findall(r"[\w'-]+", text.casefold().replace("there", ""))) for text in wordings
        )
        assert one == other
    assert sum(one != other for one, other in drawn) > 100
