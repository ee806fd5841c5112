"""What is typed reaches the workflow as the value that was meant, and help states the defaults that hold."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from samesay.cli.main import cli
from samesay.cli.options import Mapping, Names, SidesOption
from samesay.data import ReadOptions
from samesay.declaration import settings_of
from samesay.errors import UsageError
from samesay.pairs import Scale, Sides
from samesay.recipes.run import Run
from samesay.scoring import BATCH_TOKENS
from samesay.training.recipe import Recipe, RunFiles


def convert(kind, text):
    return kind.convert(text, None, None)


def test_names_mappings_and_sides_are_read():
    assert convert(Names(), "entailment, neutral,contradiction") == ("entailment", "neutral", "contradiction")
    assert convert(Names(), '"yes, indeed",no') == ("yes, indeed", "no")
    assert convert(Mapping(), "first = text_a,second=text b") == {"first": "text_a", "second": "text b"}
    assert convert(Mapping(), '"a,b=x=y"') == {"a,b": "x=y"}
    assert convert(SidesOption(), "hypothesis, premise") == Sides("hypothesis", "premise")


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (Names(), "a,,b"),
        (Names(), ""),
        (Mapping(), "first"),
        (Mapping(), "first="),
        (Mapping(), "a=b,a=c"),
        (SidesOption(), "hypothesis"),
        (SidesOption(), "premise,premise"),
        (Mapping(float), "same=much"),
    ],
)
def test_what_cannot_be_read_is_refused(kind, text):
    if text == "":
        assert convert(kind, text) == ()
        return
    with pytest.raises(UsageError):
        convert(kind, text)


class Recorder:
    """Stands where a workflow stands, keeps what it is called with, and ends the command."""

    class Reached(Exception):
        pass

    def __init__(self, monkeypatch, target):
        self.calls = []
        monkeypatch.setattr(target, self)

    def __call__(self, *positional, **named):
        self.calls.append((positional, named))
        raise self.Reached

    def called_by(self, *arguments):
        result = CliRunner().invoke(cli, list(arguments))
        assert isinstance(result.exception, self.Reached), result.output
        return self.calls[-1]


def test_train_hands_over_every_option(monkeypatch):
    recorder = Recorder(monkeypatch, "samesay.jobs.train.train")
    line = (
        "train pairs.csv --preset minilm -o out --validation held.csv --epochs 2 --batch-size 16 "
        "--learning-rate 1e-4 --optimizer adamw --schedule cosine --warmup 0.2 --weight-decay 0.004 "
        "--seed 5 --max-length 64 --early-stopping 2 --dropout 0.2 --shuffle random "
        "--sides hypothesis,premise --split train[:20%] "
        "--task similarity --scale 1,5 --loss mse "
        "--columns first=a,second=b --labels x,y --rename-labels p=x --where source~cat --format csv "
        "--allow-empty-sides --delimiter ; --quoting none --no-header --encoding cp1252 --decimal-comma "
        "--on-error skip --new-head --checkpoints state --checkpoint-every 5 --resume --overwrite --quiet "
        "--monitor loss --evaluate-every 50 --clip-norm 1 --accumulate 2 --label-smoothing 0.1 "
        "--class-weights x=2,y=0.5 --sampling balanced --freeze 2 --lora 4 --layer-decay 0.8 --precision bfloat16 "
        "--seeds 3 --tensorboard logs --teacher big --unlabelled more.csv --teacher-weight 0.7 --teacher-temperature 3"
    )
    positional, named = recorder.called_by(*line.split())
    run, recipe = positional
    assert recipe == Recipe(
        epochs=2,
        batch_size=16,
        learning_rate=1e-4,
        optimizer="adamw",
        schedule="cosine",
        warmup=0.2,
        weight_decay=0.004,
        seed=5,
        max_length=64,
        early_stopping=2,
        dropout=0.2,
        shuffle="random",
        loss="mse",
        monitor="loss",
        evaluate_every=50,
        clip_norm=1.0,
        accumulate=2,
        label_smoothing=0.1,
        class_weights={"x": 2.0, "y": 0.5},
        sampling="balanced",
        freeze=2,
        lora=4,
        layer_decay=0.8,
        precision="bfloat16",
        teacher_weight=0.7,
        teacher_temperature=3.0,
    )
    assert run == Run(
        data="pairs.csv",
        preset="minilm",
        output="out",
        validation="held.csv",
        reading=ReadOptions(
            sides=Sides("hypothesis", "premise"),
            split="train[:20%]",
            columns={"first": "a", "second": "b"},
            labels=("x", "y"),
            rename_labels={"p": "x"},
            task="similarity",
            scale=Scale(1, 5),
            where="source~cat",
            format="csv",
            allow_empty_sides=True,
            delimiter=";",
            quoting="none",
            no_header=True,
            encoding="cp1252",
            decimal_comma=True,
            on_error="skip",
        ),
        new_head=True,
        teacher="big",
        unlabelled="more.csv",
        seeds=3,
    )
    assert named == {
        "files": RunFiles(checkpoints="state", checkpoint_every=5.0, tensorboard="logs"),
        "resume": True,
        "overwrite": True,
        "progress": None,
    }


def test_train_leaves_what_was_not_said_to_the_recipe(monkeypatch):
    positional, _ = Recorder(monkeypatch, "samesay.jobs.train.train").called_by(
        "train", "pairs.csv", "--preset", "minilm", "--output", "out"
    )
    assert positional == (Run(data="pairs.csv", preset="minilm", output="out"), Recipe())


def test_score_hands_over_its_options(monkeypatch):
    recorder = Recorder(monkeypatch, "samesay.jobs.score.score_file")
    line = (
        "score m -i a.csv -i b*.jsonl -o out.csv --columns first=a,second=b --input-format csv "
        "--output-format jsonl --overwrite --restart --on-truncate error --on-error skip --threads 3 --jobs 2 "
        "--batch-tokens 512 --symmetric --quiet"
    )
    positional, named = recorder.called_by(*line.split())
    assert positional == ("m", ("a.csv", "b*.jsonl"), "out.csv")
    assert named == {
        "reading": ReadOptions(columns={"first": "a", "second": "b"}, format="csv", on_error="skip"),
        "output_format": "jsonl",
        "overwrite": True,
        "restart": True,
        "on_truncate": "error",
        "threads": 3,
        "jobs": 2,
        "batch_tokens": 512,
        "symmetric": True,
        "progress": None,
    }
    positional, named = recorder.called_by("score", "m", "-i", "a.csv")
    assert positional == ("m", "a.csv", "-")
    assert (named["jobs"], named["batch_tokens"]) == (1, BATCH_TOKENS)


@pytest.mark.parametrize(
    ("words", "baselines"),
    [([], None), (["--baselines"], "trained-on"), (["--baselines", "snli:train"], "snli:train")],
)
def test_evaluate_hands_over_its_options(monkeypatch, words, baselines):
    from samesay.predictors.labelled import OWN_TRAINING_DATA

    assert OWN_TRAINING_DATA == "trained-on"
    recorder = Recorder(monkeypatch, "samesay.jobs.evaluate.evaluate_model")
    positional, named = recorder.called_by("evaluate", "model", "data", "--backend", "keras", *words)
    assert positional == ("model", "data")
    assert named["backend"] == "keras"
    assert named["baselines"] == baselines


@pytest.mark.parametrize(
    ("words", "called", "baselines"),
    [
        (["m", "--baselines", "pairs.csv"], ("m", "pairs.csv"), "trained-on"),
        (["--baselines", "pairs.csv"], (None, "pairs.csv"), "trained-on"),
        (["m", "pairs.csv", "--baselines"], ("m", "pairs.csv"), "trained-on"),
        (["pairs.csv", "--baselines", "snli:train"], (None, "pairs.csv"), "snli:train"),
    ],
)
def test_baselines_do_not_swallow_the_data(monkeypatch, words, called, baselines):
    monkeypatch.setattr("samesay.bundle.is_bundle", lambda word: word == "m")
    recorder = Recorder(monkeypatch, "samesay.jobs.evaluate.evaluate_model")
    positional, named = recorder.called_by("evaluate", *words)
    assert positional == called
    assert named["baselines"] == baselines


@pytest.mark.parametrize("declaration", [Recipe, Run, RunFiles, ReadOptions])
def test_every_setting_is_an_option_with_its_meaning_and_default(declaration):
    text = "".join(CliRunner().invoke(cli, ["train", "--help"]).output.split())
    for setting in settings_of(declaration).values():
        if not setting.is_option:
            assert f"{setting.option} " not in text
            continue
        assert setting.option in text
        assert "".join(setting.plain_meaning.split()) in text
        if setting.unset or setting.default:
            shown = f"({setting.unset})" if setting.unset else setting.default
            assert "".join(f"{setting.plain_meaning} [default: {shown}]".split()) in text


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["score"], "There is nothing to label."),
        (["score", "m"], "There is one text, and a pair has two."),
        (["score", "builtin:nli", "one text"], "There is one text, and a pair has two."),
        (["score", "one text", "two texts", "--input", "f.csv"], "Two texts and --input are given."),
        (["score", "m", "nowhere.csv"], "'nowhere.csv' is a file or a folder, and would be read as a text."),
        (["score", "m", "a", "."], "'.' is a file or a folder, and would be read as a text."),
        (["score", "m", "a", "b", "--input", "f.csv"], "Two texts and --input are given."),
        (["score", "m", "a", "b", "--output", "f.csv"], "--output is for --input"),
        (["score", "m", "a", "b", "--symmetric"], "--symmetric is for --input"),
        (["score", "m", "a", "b", "--jobs", "2"], "--jobs is for --input"),
        (["verify", "m", "--split", "test"], "--split is for DATA, and none is named"),
        (["verify", "m", "--format", "csv"], "--format is for DATA"),
        (["export", "m", "x", "--labels", "a,b"], "--labels is for --data, and none is named"),
        (["export", "m", "x", "--max-changed", "0.1"], "--max-changed is for --quantize"),
        (["score", "m", "a", "b", "--input-format", "csv"], "--input-format is for --input"),
        (["score", "m", "--input", "f.csv", "--json"], "would both go to standard output"),
    ],
)
def test_score_refuses_what_does_not_fit_together(words, message):
    result = CliRunner().invoke(cli, words)
    assert isinstance(result.exception, UsageError)
    assert message in result.exception.message
