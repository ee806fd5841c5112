"""A long source in windows: which sentences, which window decides, and what is said of it."""

from __future__ import annotations

import pytest

from asked import Asked, nli
from predictor_contract import check_predictor
from samesay.data import PairTable
from samesay.errors import UsageError
from samesay.evaluation import evaluate
from samesay.pairs import Pair
from samesay.scoring import Scorer, WindowedScorer
from samesay.scoring.windows import Span, nearness, sentence_spans, windows
from tiny_models import save_tiny

NLI = ("entailment", "neutral", "contradiction")
PAGE = "The shop opens at nine. Dogs are welcome. On Sundays it is closed. Cards are accepted."


def by_keyword(answers, otherwise=(0.1, 0.2)):
    """An answer for windows that hold a keyword, and one for others; a premise first."""
    return lambda source, _: next(
        (answer for word, answer in answers.items() if word in source), nli(*otherwise)
    )


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("Dr. Smith paid 3.50 at 5 p.m. yesterday. He left!", 2),
        ("One.  Two?\n\nThree without a stop\n\n  Four.  ", 4),
        ("这是第一句。这是第二句！「他说：好。」", 3),
        ("no stop at all", 1),
        (" \n ", 0),
        ("", 0),
    ],
)
def test_sentences_are_found_with_their_places(text, sentences):
    spans = sentence_spans(text)
    assert len(spans) == sentences
    parts = [text[span.start : span.end] for span in spans]
    assert all(part == part.strip() != "" for part in parts)
    assert "".join("".join(parts).split()) == "".join(text.split())


def test_windows_cover_the_text_and_overlap_as_asked():
    spans = sentence_spans(PAGE)
    assert windows(PAGE, sentences=1, overlap=0) == spans
    assert windows(PAGE, sentences=2, overlap=1) == [
        Span(spans[at].start, spans[at + 1].end) for at in range(3)
    ]
    # Three at a time, one shared: 0-2, and 1-3 so that the last sentence is read too.
    assert windows(PAGE, sentences=3, overlap=1) == [
        Span(spans[0].start, spans[2].end),
        Span(spans[1].start, spans[3].end),
    ]
    assert windows(PAGE, sentences=9, overlap=0) == [Span(0, len(PAGE))]


def test_the_window_that_entails_most_decides():
    model = Asked(
        by_keyword({"Dogs": nli(0.6, 0.1), "Cards": nli(0.9, 0.05), "Sundays": nli(0.02, 0.97)}), NLI
    )
    found = WindowedScorer(model, sentences=1).score([Pair(PAGE, "You may pay by card.")])[0]
    assert (found.prediction.label, found.window) == ("entailment", "Cards are accepted.")
    assert found.prediction.probabilities["entailment"] == pytest.approx(0.9)
    assert PAGE[found.start : found.end] == found.window
    assert (found.side, found.n_windows, found.n_truncated) == ("premise", 4, 0)


def test_a_high_entailment_that_is_not_the_answer_does_not_decide():
    model = Asked(by_keyword({"Dogs": nli(0.45, 0.5), "Cards": nli(0.4, 0.25)}), NLI)
    found = WindowedScorer(model, sentences=1).score([Pair(PAGE, "Cards and dogs are fine.")])[0]
    assert found.window == "Cards are accepted."
    assert found.prediction.label == "entailment"


def test_without_entailment_the_nearest_window_decides_whatever_unrelated_ones_say():
    model = Asked(by_keyword({"Sundays": nli(0.1, 0.2)}, otherwise=(0.0, 0.99)), NLI)
    pair = Pair(PAGE, "On Sundays it is warm.")
    found = WindowedScorer(model, sentences=1).score([pair])[0]
    assert (found.prediction.label, found.window) == ("neutral", "On Sundays it is closed.")
    anywhere = WindowedScorer(model, sentences=1, rule="any").score([pair])[0]
    assert anywhere.prediction.label == "contradiction"


def test_of_two_sure_answers_the_nearer_window_decides():
    model = Asked(by_keyword({"Dogs": nli(0.95, 0.0), "Cards": nli(0.9, 0.0)}), NLI)
    found = WindowedScorer(model).score([Pair(PAGE, "One can pay with a card: it is accepted.")])[0]
    assert found.window == "Cards are accepted."


def test_an_answer_weighs_beside_nearness():
    # Both windows have one of the claim's rare words; what is unrelated is called a contradiction.
    model = Asked(by_keyword({"Dogs": nli(0.0, 0.95), "Cards": nli(0.5, 0.1)}, otherwise=(0.0, 0.99)), NLI)
    found = WindowedScorer(model).score([Pair(PAGE, "Dogs have cards.")])[0]
    assert found.window == "Cards are accepted."


def test_rule_any_takes_the_highest_contradiction():
    model = Asked(by_keyword({"shop": nli(0.0, 0.7), "Cards": nli(0.0, 0.9)}), NLI)
    found = WindowedScorer(model, sentences=1, rule="any").score(
        [Pair(PAGE, "Dogs are welcome on Sundays.")]
    )[0]
    assert found.window == "Cards are accepted."


def test_rare_words_say_more_about_nearness_than_common_ones():
    texts = ["the man is in the park", "the man is at the zoo", "the man sees a giraffe"]
    assert nearness(texts, "The man is near a giraffe").argmax() == 2
    assert nearness(["a cat sleeps", "a dog runs"], "Dogs are running.").argmax() == 1
    assert nearness(["今天下雨", "明天天晴"], "明天晴吗").argmax() == 1


@pytest.mark.parametrize(
    ("sides", "pair", "long"),
    [
        (("hypothesis", "premise"), Pair("Cards are fine.", PAGE), "premise"),
        (("question", "passage"), Pair("Cards?", PAGE), "passage"),
        (("text1", "text2"), Pair("Cards.", PAGE), "text2"),
        (("text1", "text2"), Pair(PAGE, "Cards."), "text1"),
    ],
)
def test_the_long_side_is_known_by_name_or_by_length(sides, pair, long):
    model = Asked(lambda *_: nli(0.9, 0.0), NLI, sides)
    found = WindowedScorer(model, sentences=1).score([pair])[0]
    assert (found.side, found.n_windows) == (long, 4)
    # The short side stays where it was.
    assert {asked[sides.index(long) ^ 1] for asked in model.asked} == {min(pair.first, pair.second, key=len)}


def test_labels_of_another_task_and_another_side():
    model = Asked(
        lambda one, other: {"same": 0.8, "different": 0.2} if "Dogs" in one + other else {"different": 1.0},
        ("different", "same"),
        ("left", "right"),
    )
    found = WindowedScorer(model, side="right", sentences=1).score([Pair("Dogs", "Cats sleep. Cars drive.")])[
        0
    ]
    assert found.side == "right"
    assert found.n_windows == 2
    with pytest.raises(UsageError, match="no side 'rigth'"):
        WindowedScorer(model, side="rigth")


def test_windows_that_are_too_long_are_counted():
    model = Asked(lambda *_: nli(0.9, 0.0), NLI, most_words=4)
    found = WindowedScorer(model, sentences=1).score([Pair(PAGE, "Sundays.")])[0]
    assert found.n_truncated == 2
    assert found.prediction.tokens_lost == (1, 0)


def test_settings_that_mean_nothing_are_refused():
    model = Asked(lambda *_: nli(0.9, 0.0), NLI)
    for settings in ({"sentences": 0}, {"sentences": 2, "overlap": 2}, {"rule": "best"}):
        with pytest.raises(UsageError):
            WindowedScorer(model, **settings)
    with pytest.raises(UsageError, match="Cannot tell which of the labels"):
        WindowedScorer(Asked(lambda *_: {}, ("red", "blue")))


def test_it_is_a_predictor_over_a_real_graph(tmp_path):
    scorer = Scorer.open(save_tiny(tmp_path / "model"))
    windowed = WindowedScorer(scorer, sentences=1)
    pairs = [
        Pair("a dog runs. a cat sleeps. the man eats.", "an animal is outside."),
        Pair("the woman sings", "no person sings"),
        Pair("", "the cat sleeps"),
        Pair("a child plays. a man sings inside. no dog is outside. a cat eats.", "a child is not inside"),
    ]
    check_predictor(windowed, pairs)
    measured = evaluate(
        windowed, PairTable.from_inputs(pairs, ["neutral"] * 4, allow_empty_sides=True, labels=NLI)
    )
    assert (measured.n_pairs, measured.truncated) == (4, 0)
    assert windowed.score([pairs[0]])[0].n_windows == 3
    # One sentence is one window: what the model itself says.
    assert windowed.predict(pairs[1:2]).tolist() == scorer.predict(pairs[1:2]).tolist()
