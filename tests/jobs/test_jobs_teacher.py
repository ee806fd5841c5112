"""Learning from a saved model's answers: what it asks, keeps and refuses, and that a student gains by it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import samesay
from samesay.bundle.pair_hashes import read_pair_hashes
from samesay.data import PairTable, load_pairs
from samesay.decision import softmax
from samesay.errors import LabelMismatch, UsageError
from samesay.jobs.train import train
from samesay.pairs import LabelSet, Sides
from samesay.recipes.run import Run
from samesay.runs.teacher import teacher_logits
from samesay.scoring import Scorer
from samesay.training.distillation import Taught, TaughtCrossEntropy, TaughtShareLoss
from tiny_bert import save_tiny_preset

LABELS = ("different", "same")
ANIMATE = ("dog", "cat", "man", "woman", "child", "cats")
THINGS = ("park", "house", "grass", "red", "blue", "two")
SETTINGS = {"epochs": 20, "batch_size": 16, "learning_rate": 5e-3, "schedule": "constant", "warmup": 0.0}


def pairs(
    n: int, words: tuple[tuple[str, ...], tuple[str, ...]] = (ANIMATE, THINGS)
) -> tuple[Any, list[str]]:
    """``n`` pairs, "same" where the first text begins with a word of the first group, and not of the second."""
    draw = np.random.default_rng(n)
    alive = draw.integers(0, 2, n)
    first = [f"{words[1 - one][draw.integers(len(words[0]))]} is here" for one in alive]
    return (first, ["a man sleeps"] * n), [LABELS[one] for one in alive]


@pytest.fixture(scope="module")
def preset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_preset(tmp_path_factory.mktemp("presets") / "steady", dropout=0.0)


@pytest.fixture(scope="module")
def teacher(preset: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Knows all twelve words; its labels stand in the other order."""
    model = samesay.PairModel.from_preset(preset, LABELS[::-1], dropout=0.0)
    model.fit(*pairs(240), **SETTINGS)
    return model.save(tmp_path_factory.mktemp("teachers") / "teacher")


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("samesay.runs.teacher.cache_folder", lambda: tmp_path / "cache")
    return tmp_path / "cache"


def table_of(n: int, sides: Sides = Sides()) -> PairTable:  # noqa: B008 - a value
    (first, second), _ = pairs(n)
    return PairTable.from_inputs((first, second), sides=sides, need_labels=False)


def test_a_student_that_saw_few_words_learns_the_others_from_its_teacher(preset: Path, teacher: Path) -> None:
    few = pairs(24, (ANIMATE[:1], THINGS[:1]))
    held_out, gold = pairs(200)
    for seed in range(3):
        reached = {}
        for name, more in (("alone", {}), ("taught", {"teacher": teacher, "unlabelled": pairs(160)[0]})):
            model = samesay.PairModel.from_preset(preset, LABELS, dropout=0.0, seed=seed)
            model.fit(*few, seed=seed, **more, **SETTINGS)
            reached[name] = np.mean(
                [LABELS[one] for one in model.predict(held_out).argmax(1)] == np.array(gold)
            )
        assert reached["taught"] > 0.95
        assert reached["alone"] < reached["taught"] - 0.1


def test_its_answers_are_asked_for_once_and_stand_in_the_order_of_the_students_labels(
    teacher: Path, own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table, scorer = table_of(50), Scorer.open(teacher)
    first = teacher_logits(teacher, table, LabelSet(LABELS))
    np.testing.assert_array_equal(first[:, ::-1], scorer.logits(table.pairs()))
    monkeypatch.setattr(Scorer, "logits", lambda *_: pytest.fail("asked again"))
    np.testing.assert_array_equal(teacher_logits(teacher, table, LabelSet(LABELS)), first)
    monkeypatch.undo()
    monkeypatch.setattr("samesay.runs.teacher.cache_folder", lambda: own_cache)
    (kept,) = (own_cache / "teachers").iterdir()
    raw = bytearray(kept.read_bytes())
    raw[-1] ^= 1
    kept.write_bytes(bytes(raw))
    np.testing.assert_array_equal(
        teacher_logits(teacher, table, LabelSet(LABELS)), first, "damaged, so asked"
    )


def test_a_teacher_reads_the_sides_in_its_own_order(teacher: Path) -> None:
    saved = samesay.load(teacher)
    table = table_of(20, Sides(saved.sides.second, saved.sides.first))
    said = softmax(teacher_logits(teacher, table, LabelSet(LABELS))[:, ::-1])
    np.testing.assert_allclose(said, saved.predict((table.second, table.first)), atol=1e-4)
    assert np.abs(said - saved.predict((table.first, table.second))).max() > 1e-3


def test_the_loss_is_the_mixture_of_both_and_the_teachers_alone_without_a_gold_label() -> None:
    from samesay.model.classifier import WeightedCrossEntropy

    draw = np.random.default_rng(0)
    logits, said = draw.normal(size=(2, 4, 3)).astype(np.float32) * 3
    labels, gold = np.array([0, 2, 1, 1], np.int32), np.array([True, True, False, False])
    loss = TaughtCrossEntropy(WeightedCrossEntropy(), 0.3, 2.0)
    found = np.asarray(loss.call(Taught(said, gold).beside(labels), logits))
    of_labels = -np.log(softmax(logits))[np.arange(4), labels]
    of_teacher = -4 * (softmax(said / 2) * np.log(softmax(logits / 2))).sum(1)
    np.testing.assert_allclose(
        found, np.where(gold, 0.7 * of_labels + 0.3 * of_teacher, of_teacher), rtol=1e-5
    )


@pytest.mark.parametrize("name", ["bce", "mse"])
def test_of_scores_the_loss_mixes_the_gold_share_and_the_teachers(name: str) -> None:
    from samesay.model.classifier import similarity_loss

    logits, said = np.random.default_rng(0).normal(size=(2, 4, 1)).astype(np.float32) * 3
    shares, gold = np.array([0.0, 0.4, 1.0, 0.9], np.float32), np.array([True, True, False, False])
    found = np.asarray(
        TaughtShareLoss(similarity_loss(name), 0.3).call(Taught(said, gold).beside(shares), logits)
    )
    answer, taught = 1 / (1 + np.exp(-logits[:, 0])), 1 / (1 + np.exp(-said[:, 0]))

    def loss(target: Any) -> Any:
        if name == "mse":
            return (answer - target) ** 2
        return -target * np.log(answer) - (1 - target) * np.log(1 - answer)

    expected = np.where(gold, 0.7 * loss(shares) + 0.3 * loss(taught), loss(taught))
    np.testing.assert_allclose(found, expected, rtol=1e-4)


def test_pairs_without_any_labels_are_learned_from_the_teacher_alone(
    preset: Path, teacher: Path, tmp_path: Path
) -> None:
    (first, second), _ = pairs(160)
    data = tmp_path / "unlabelled.csv"
    data.write_text("\n".join(["first,second", *map(",".join, zip(first, second, strict=True))]))
    for idle in ({"teacher_weight": 0.3}, {"class_weights": "balanced"}, {"label_smoothing": 0.1}):
        settings = {**SETTINGS, **idle}
        with pytest.raises(UsageError) as refused:
            train(Run(data=data, preset=preset, output=tmp_path / "m", teacher=teacher), settings)
        assert refused.value.where == next(iter(idle))
    result = train(Run(data=data, preset=preset, output=tmp_path / "m", teacher=teacher), SETTINGS)
    assert result.notes[-1] == f"{teacher} taught it: its answers are all that was learned"
    assert "teacher_weight: 1.0" in (tmp_path / "m" / "recipe.yaml").read_text()
    held_out, gold = pairs(200)
    scorer = Scorer.open(tmp_path / "m")
    said = [one.label for one in scorer.score([samesay.Pair(*pair) for pair in zip(*held_out, strict=True)])]
    assert np.mean(np.array(said) == np.array(gold)) > 0.95


def test_a_similarity_model_teaches_scores(preset: Path, tmp_path: Path) -> None:
    def scored(n: int) -> tuple[Any, list[float]]:
        given, labels = pairs(n)
        return given, [4.0 if one == "same" else 1.5 for one in labels]

    def fitted(x: Any, y: Any = None, **more: Any) -> samesay.PairModel:
        model = samesay.PairModel.from_preset(preset, scale=(0, 5), dropout=0.0)
        model.fit(x, y, **more, **SETTINGS)
        return model

    teacher = fitted(*scored(240)).save(tmp_path / "teacher")
    few, scores = pairs(24, (ANIMATE[:1], THINGS[:1]))[0], [5.0, 0.0] * 12
    student = fitted(few, scores, teacher=teacher, teacher_weight=1.0, unlabelled=pairs(160)[0])
    held_out, gold = scored(100)
    assert np.abs(student.predict(held_out) - np.array(gold)).mean() < 0.5
    assert student.predict(held_out).max() < 4.6, "the gold scores 5 and 0 weigh nothing"
    data = tmp_path / "sts.csv"
    data.write_text("first,second,score\na,b,1.5\nc,d,9\n")
    with pytest.raises(LabelMismatch, match="scores from 0 to 5"):
        train(Run(data=data, preset=preset, output=tmp_path / "m", teacher=teacher))


def test_a_taught_model_takes_labels_again_afterwards_also_from_its_keras_file(
    preset: Path, teacher: Path, tmp_path: Path
) -> None:
    model = samesay.PairModel.from_preset(preset, LABELS, dropout=0.0)
    result = model.fit(*pairs(48), teacher=teacher, teacher_weight=1.0, **{**SETTINGS, "epochs": 2})
    assert result.step.name == "samesay", "a loss of our own is no reason for the slower step"
    loaded = samesay.load(model.save(tmp_path / "x.keras"))
    figures = [one.classifier.evaluate(*pairs(48), verbose=0, return_dict=True) for one in (model, loaded)]
    assert figures[1] == pytest.approx(figures[0], abs=1e-6)
    assert set(figures[0]) == {"loss", "accuracy"}


def test_the_command_trains_with_a_teacher_and_its_recipe_says_so(
    preset: Path, teacher: Path, tmp_path: Path
) -> None:
    (first, second), labels = pairs(48)
    rows = [f"{one},{two},{label}" for one, two, label in zip(first, second, labels, strict=True)]
    data, more = tmp_path / "few.csv", tmp_path / "more.csv"
    data.write_text("\n".join(["first,second,label", *rows]))
    (others, seconds), _ = pairs(30)
    more.write_text("\n".join(["first,second", *map(",".join, zip(others, seconds, strict=True))]))
    settings = {**SETTINGS, "epochs": 1, "teacher_weight": 0.8}
    result = train(
        Run(data=data, preset=preset, output=tmp_path / "m", teacher=teacher, unlabelled=more), settings
    )
    assert result.n_pairs == 48
    assert result.notes[-1] == (
        f"{teacher} taught it: its answers were learned beside the labels, and of 30 pairs without labels alone"
    )
    trained_on = read_pair_hashes(tmp_path / "m" / "pair_hashes.txt.gz")["train"]
    expected = {*load_pairs(data).pair_hashes(), *load_pairs(more, need_labels=False).pair_hashes()}
    assert {*trained_on} == expected
    recipe = (tmp_path / "m" / "recipe.yaml").read_text()
    assert f"teacher: {teacher}" in recipe
    assert f"unlabelled: {more}" in recipe
    assert "teacher_weight: 0.8" in recipe


def test_what_cannot_teach_is_refused_before_anything_is_lost(
    preset: Path, teacher: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("samesay.jobs.train.remove_checkpoints", lambda _: pytest.fail("lost"))
    monkeypatch.setattr("samesay.jobs.train.PairModel.from_preset", lambda *_, **__: pytest.fail("late"))
    scored = tmp_path / "sts.csv"
    scored.write_text("first,second,score\na,b,1.5\nc,d,4\n")
    with pytest.raises(LabelMismatch, match="the pairs carry scores"):
        train(Run(data=scored, preset=preset, output=tmp_path / "m", teacher=teacher), overwrite=True)
    other = tmp_path / "other.csv"
    other.write_text("first,second,label\na,b,yes\nc,d,no\n")
    with pytest.raises(LabelMismatch):
        train(Run(data=other, preset=preset, output=tmp_path / "m", teacher=teacher), overwrite=True)
    with pytest.raises(LabelMismatch) as caught:
        teacher_logits(teacher, table_of(4), LabelSet(("yes", "no")))
    assert "same, different" in caught.value.message
    assert "yes, no" in caught.value.message
    data = tmp_path / "few.csv"
    data.write_text("first,second,label\na,b,same\nc,d,different\n")
    for unlabelled, settings, where in (
        (str(data), {}, "unlabelled"),
        (None, {"teacher_weight": 0.9}, "teacher_weight"),
    ):
        with pytest.raises(UsageError, match="teacher") as refused:
            train(Run(data=data, preset=preset, output=tmp_path / "m", unlabelled=unlabelled), settings)
        assert refused.value.where == where
    assert not (tmp_path / "m").exists()
