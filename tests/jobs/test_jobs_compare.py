"""Several models on the same pairs, from what a user names to what is written."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path

import numpy as np
import pytest

from predictor_contract import check_predictor
from samesay.decision import Decision, decisions_of
from samesay.errors import ExtraMissing, HeadMismatch, LabelMismatch, NotABundle, TargetExists, UsageError
from samesay.jobs.compare import compare_models
from samesay.pairs import LabelSet, Pair, Scale, Sides
from samesay.predictors.cost import measure_memory
from samesay.predictors.opening import Opened, open_named, short_names
from tiny_models import LABELS, VOCABULARY, WORDS, save_tiny, tiny_graph

pytest.importorskip("scipy")

TURNED = LabelSet((LABELS.names[1], LABELS.names[2], LABELS.names[0]))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two models that differ in which answer they call by which name, one with its own, one of similarity, data."""
    root = tmp_path_factory.mktemp("compared")
    save_tiny(root / "one")
    save_tiny(root / "other", answers=TURNED)
    save_tiny(root / "shouting", answers=LabelSet(tuple(name.upper() for name in LABELS)))
    save_tiny(root / "strange", answers=LabelSet(("a", "b", "c")))
    save_tiny(
        root / "similarity",
        graph=tiny_graph(n_labels=1),
        task="similarity",
        answers=Scale(0, 5),
    )
    random = np.random.default_rng(1)
    with (root / "pairs.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["premise", "hypothesis", "label"])
        writer.writerow(["no label", "here", "-"])
        for _ in range(60):
            premise, hypothesis = (" ".join(random.choice(WORDS, 6)) for _ in range(2))
            writer.writerow([premise, hypothesis, random.choice(LABELS.names)])
    with (root / "scores.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["sentence1", "sentence2", "score"])
        for _ in range(40):
            words = random.choice(WORDS, 6)
            writer.writerow([" ".join(words), " ".join(words[::-1]), f"{random.uniform(0, 5):.2f}"])
    return root


@pytest.fixture(autouse=True)
def _there(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)


def test_two_models_and_a_baseline(tmp_path: Path) -> None:
    changed, table = tmp_path / "changed.csv", tmp_path / "table.md"
    compared = compare_models(
        ["one", "other", "baseline:hypothesis"],
        "pairs.csv",
        baselines="pairs.csv",
        resamples=50,
        rounds=0,
        changed=changed,
        markdown=table,
    )
    told = json.loads(json.dumps(compared.to_dict(), allow_nan=False))
    assert told["reference"] == "one"
    assert told["n_pairs"] == 60
    assert [one["kind"] for one in told["models"]] == ["onnx", "onnx", "baseline"]
    assert [one["against_reference"] is None for one in told["models"]] == [True, False, False]
    # The same logits under other names: no decision stays.
    assert told["models"][1]["against_reference"]["decisions"]["changed"] == 60
    assert told["models"][2]["notes"] == ["made from 60 pairs of pairs.csv; sees the hypothesis alone"]

    with changed.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    with Path("pairs.csv").open(encoding="utf-8") as file:
        source = list(csv.reader(file))
    assert len(rows) == 60
    assert rows[0]["row"] == "2"  # the first has no label
    for row in rows:
        assert row["answer one"] != row["answer other"]
        assert 1 / 3 <= float(row["probability one"]) <= 1
        assert source[int(row["row"])] == [row["premise"], row["hypothesis"], row["label"]]
    written = table.read_text(encoding="utf-8")
    assert written.startswith("| model | accuracy |")
    assert "| other |" in written
    assert "pairs/s" not in written
    with pytest.raises(TargetExists):
        compare_models(["one", "other"], "pairs.csv", markdown=table)


def test_a_model_and_itself_cost_the_same_and_differ_in_nothing() -> None:
    compared = compare_models(["one", "onnx:one", "one"], "pairs.csv", resamples=20, rounds=2)
    assert [model.name for model in compared.models] == ["one", "onnx:one", "one (2)"]
    assert any("named twice" in note for note in compared.notes)
    for model in compared.models:
        assert model.cost is not None
        assert len(model.cost.rounds) == 2
        assert model.cost.n_bytes == sum(file.stat().st_size for file in Path("one/onnx").iterdir())
        assert model.cost.peak_memory is not None
        assert 20e6 < model.cost.peak_memory < 1e9
    for model in compared.models[1:]:
        assert model.contrast is not None
        assert model.contrast.decisions is not None
        assert (model.contrast.decisions.changed, model.contrast.decisions.p_value) == (0, 1)
    assert list(compared.changed_rows()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="the trap is one of Linux")
def test_the_memory_of_a_model_is_not_that_of_the_process_that_asks() -> None:
    pairs = [Pair("a dog runs", "the cat runs")]
    held = np.ones(50_000_000)  # 400 MB, which getrusage would pass on to a child
    measured, _ = measure_memory("one", pairs, reads=None)
    assert measured is not None
    assert measured < held.nbytes


def test_a_process_that_fails_leaves_no_figure() -> None:
    measured, why = measure_memory("nothing there", [], reads=None)
    assert measured is None
    assert why


def test_similarity_models_are_compared_with_one_another_and_with_word_overlap() -> None:
    compared = compare_models(["similarity", "baseline:word-overlap"], "scores.csv", resamples=20, rounds=0)
    told = json.loads(json.dumps(compared.to_dict(), allow_nan=False))
    assert told["task"] == "similarity"
    assert told["models"][1]["against_reference"]["decisions"] is None
    assert set(told["models"][1]["against_reference"]["differences"]) <= {
        "spearman",
        "pearson",
        "mse",
        "mae",
    }
    with pytest.raises(UsageError, match="decide nothing"):
        compare_models(["similarity", "similarity"], "scores.csv", rounds=0, changed="changed.csv")


def test_baselines_alone_need_their_pairs() -> None:
    models = ["baseline:majority", "baseline:first"]
    compared = compare_models(models, "pairs.csv", baselines="pairs.csv", resamples=20, rounds=0)
    assert compared.reference.name == "baseline:majority"
    with pytest.raises(UsageError, match="does not record") as caught:
        compare_models(models, "pairs.csv", rounds=0)
    assert "--baselines" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("models", "data", "message"),
    [
        ([], "pairs.csv", "No model is named"),
        (["one", "similarity"], "pairs.csv", "Some of the models give similarity scores"),
        (["one", "baseline:word-overlap"], "pairs.csv", "no baseline 'word-overlap'"),
        (["similarity", "baseline:majority"], "scores.csv", "no baseline 'majority'"),
    ],
)
def test_what_cannot_be_compared_is_refused(models: list[str], data: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        compare_models(models, data, rounds=0)


def test_other_labels_are_refused_with_both_lists_and_the_renaming() -> None:
    with pytest.raises(LabelMismatch) as caught:
        compare_models(["one", "shouting"], "pairs.csv", rounds=0)
    assert "ENTAILMENT, NEUTRAL" in str(caught.value.expected)
    assert "ENTAILMENT=entailment,NEUTRAL=neutral,CONTRADICTION=contradiction" in str(caught.value.hint)
    names = {name.upper(): name for name in LABELS}
    compared = compare_models(
        ["one", "shouting"], "pairs.csv", rounds=0, resamples=20, rename_model_labels=names
    )
    contrast = compared.models[1].contrast
    assert contrast is not None
    assert contrast.decisions is not None
    assert contrast.decisions.changed == 0
    with pytest.raises(LabelMismatch, match="do not answer with the same labels") as caught:
        compare_models(["one", "strange"], "pairs.csv", rounds=0)
    assert caught.value.details["renaming"] == {}
    with pytest.raises(LabelMismatch, match="data's labels are not the model's"):
        compare_models(["strange", "strange"], "pairs.csv", rounds=0)
    with pytest.raises(UsageError, match="No model has a label 'LABEL_0'"):
        compare_models(["one", "other"], "pairs.csv", rounds=0, rename_model_labels={"LABEL_0": "neutral"})


def test_a_model_with_other_label_names_decides_as_before() -> None:
    class Careful:
        answers = LabelSet(("a", "b"))
        sides = Sides()

        def predict(self, pairs: list[Pair]) -> np.ndarray:
            return np.array([[0.6, 0.4]] * len(pairs), np.float32)

        decision = Decision(thresholds={"a": 0.8, "b": 0.2}, abstain_below=0.5)

    shouting = Opened("careful", "onnx", Careful()).renamed({"a": "A"})
    assert shouting.answers == LabelSet(("A", "b"))
    decided = decisions_of(shouting.predictor, shouting.predictor.predict([Pair("x", "y")]))
    assert (decided.label_ids.tolist(), decided.abstained.tolist()) == ([1], [True])


def test_names_are_short_where_that_tells_models_apart() -> None:
    assert short_names(["runs/a/model", "runs/b/model"]) == ["runs/a/model", "runs/b/model"]
    assert short_names(["runs/a/small", "keras:runs/a/small", "baseline:first"]) == [
        "small",
        "keras:small",
        "baseline:first",
    ]


def test_a_folder_of_others_names_the_library_that_it_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = {"model_type": "bert", "architectures": ["BertForSequenceClassification"]}
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    (theirs / "config.json").write_text(json.dumps(config), encoding="utf-8")
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(ExtraMissing) as caught:
        open_named(str(theirs))
    assert "pip install torch transformers" in str(caught.value.hint)
    assert "samesay import" in str(caught.value.hint)
    (theirs / "config_sentence_transformers.json").write_text("{}", encoding="utf-8")
    with pytest.raises(ExtraMissing, match="sentence-transformers"):
        open_named(str(theirs))
    (theirs / "config.json").write_text(json.dumps(config | {"architectures": ["BertModel"]}))
    with pytest.raises(NotABundle, match="not a saved model"):
        open_named(str(theirs))
    with pytest.raises(HeadMismatch, match="BertModel"):
        open_named(f"transformers:{theirs}")


@pytest.fixture(scope="module")
def their_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny classifier that transformers made and saved itself."""
    pytest.importorskip("torch", reason="folders of others are answered by torch")
    transformers = pytest.importorskip("transformers", reason="whose folders these are")
    path = tmp_path_factory.mktemp("theirs") / "classifier"
    path.mkdir()
    (path / "vocab.txt").write_text("\n".join(VOCABULARY), encoding="utf-8")
    config = transformers.BertConfig(
        vocab_size=len(VOCABULARY),
        hidden_size=8,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=24,
        id2label=dict(enumerate(LABELS)),
        initializer_range=0.5,
    )
    transformers.BertForSequenceClassification(config).save_pretrained(path)
    tokenizer = transformers.BertTokenizerFast(vocab_file=str(path / "vocab.txt"), model_max_length=16)
    tokenizer.save_pretrained(path)
    return path


@pytest.mark.parametrize("library", ["transformers", "sentence-transformers"])
def test_a_folder_of_others_answers_as_every_predictor_does(their_folder: Path, library: str) -> None:
    if library == "sentence-transformers":
        pytest.importorskip("sentence_transformers", reason="whose cross-encoder it is read as")
    opened = open_named(f"{library}:{their_folder}", reads=Sides("premise", "hypothesis"))
    predictor = opened.predictor
    assert opened.kind == library
    assert opened.answers == LABELS
    check_predictor(  # type: ignore[arg-type]
        predictor,
        [Pair("a dog runs", "the cat sleeps"), Pair("a man", "no man ."), Pair("a", "the dog eats")],
    )
    read = predictor.read([Pair("a dog " * 9, "the cat"), Pair("a", "b")])  # type: ignore[union-attr]
    # 18 and 2 words and three special tokens in 16 places.
    assert read.tokens_lost.tolist() == [[7, 0], [0, 0]]
    compared = compare_models(
        ["one", str(their_folder)], "pairs.csv", resamples=20, rounds=1, reads=Sides("premise", "hypothesis")
    )
    assert compared.models[1].kind == "transformers"
    assert compared.models[1].evaluation.sides == Sides("premise", "hypothesis")
    assert compared.models[1].cost is not None


def test_a_folder_without_a_trained_head_is_refused(their_folder: Path, tmp_path: Path) -> None:
    import transformers

    backbone = transformers.BertModel.from_pretrained(their_folder)
    backbone.save_pretrained(tmp_path / "headless")
    config = json.loads((their_folder / "config.json").read_text())
    (tmp_path / "headless" / "config.json").write_text(json.dumps(config))
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (tmp_path / "headless" / name).write_bytes((their_folder / name).read_bytes())
    with pytest.raises(HeadMismatch, match="lacks weights"):
        open_named(str(tmp_path / "headless"))
