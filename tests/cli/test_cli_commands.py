"""The commands on a real, tiny saved model: what is printed, written and returned, what stays unloaded."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from types import SimpleNamespace

import pytest

from commands import outcome
from samesay.export import Verdict
from samesay.pairs import Sides
from samesay.training import Recipe
from samesay.training.jax_step import ChosenStep
from tiny_models import LABELS, save_tiny

HEAVY = ("keras", "keras_hub", "jax", "tensorflow", "torch", "sklearn", "matplotlib", "pyarrow", "pandas")
LONG = "a man plays outside " * 12


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return save_tiny(tmp_path_factory.mktemp("models") / "tiny", metrics={"pairs.csv": {"accuracy": 0.5}})


@pytest.fixture
def pairs_file(tmp_path):
    path = tmp_path / "pairs.csv"
    rows = [
        ("a dog runs", "an animal runs", "entailment"),
        ("a cat sleeps", "a cat eats", "contradiction"),
        ("a man sings", "[bold]a man[/bold] is outside", "neutral"),
        ("a child plays", "a child sings", ""),
    ]
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([("premise", "hypothesis", "label"), *rows])
    return path


def test_score_prints_the_label_and_every_probability(model, capsys):
    status, out, err = outcome(capsys, "score", model, "a dog runs", "an animal runs")
    assert (status, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] in LABELS
    assert {line.split()[0] for line in lines[1:]} == set(LABELS)
    shown = [float(line.split()[1]) for line in lines[1:]]
    assert shown == sorted(shown, reverse=True)
    assert sum(shown) == pytest.approx(1, abs=2e-4)
    assert lines[1].split()[0] == lines[0]


def test_score_as_json_says_the_same(model, capsys):
    _, words, _ = outcome(capsys, "score", model, "a dog runs", "an animal runs")
    status, out, err = outcome(capsys, "score", model, "a dog runs", "an animal runs", "--json")
    answer = json.loads(out)
    assert (status, err) == (0, "")
    assert answer["label"] == words.splitlines()[0]
    assert list(answer["probabilities"]) == list(LABELS)
    assert answer["truncated"] is False


def test_score_does_about_long_pairs_what_it_is_told(model, capsys):
    status, out, err = outcome(capsys, "score", model, LONG, "a man sings")
    assert status == 0
    assert out.splitlines()[0] in LABELS
    assert "of the premise not read" in err
    assert outcome(capsys, "score", model, LONG, "a man sings", "--on-truncate", "allow")[2] == ""
    status, out, err = outcome(capsys, "score", model, LONG, "a man sings", "--on-truncate", "error")
    assert (status, out) == (25, "")
    assert "error[truncation-refused]" in err


def test_score_labels_a_file(model, pairs_file, tmp_path, capsys):
    target = tmp_path / "labelled.jsonl"
    status, out, err = outcome(capsys, "score", model, "--input", pairs_file, "--output", target)
    assert status == 0
    assert "4 rows labelled" in out
    assert "predicted_label" in err  # the table has a column "label" of its own
    rows = [json.loads(line) for line in target.read_text(encoding="utf-8").splitlines()]
    assert [row["premise"] for row in rows] == ["a dog runs", "a cat sleeps", "a man sings", "a child plays"]
    assert {row["predicted_label"] for row in rows} <= set(LABELS)
    status, _, err = outcome(capsys, "score", model, "--input", pairs_file, "--output", target)
    assert status == 45
    assert "--overwrite" in err
    status, out, _ = outcome(capsys, "score", model, "-i", pairs_file, "-o", target, "--overwrite", "--json")
    assert status == 0
    assert json.loads(out)["rows"] == 4


def test_score_goes_on_where_it_was_interrupted(model, tmp_path, capsys, monkeypatch):
    from samesay.scoring.files import run as files

    source, target = tmp_path / "pairs.csv", tmp_path / "labelled.csv"
    source.write_text(
        "premise,hypothesis\n" + "a dog runs,an animal runs\n" * 9000 + "one field\n", encoding="utf-8"
    )
    words = ("score", model, "--input", source, "--output", target)

    def press_the_keys(tally):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(files._Run, "count", lambda run, tally: press_the_keys(tally))
        status, _, err = outcome(capsys, *words)
    assert status == 130
    assert "Interrupted." in err
    assert "note: 4,096 rows are done and kept; the same command resumes after them" in err
    status, _, err = outcome(capsys, *words)
    assert status == 15
    assert err.startswith("going on after 4,096 rows of an interrupted run\n")
    assert "note: 8,192 rows are done and kept" in err
    status, out, err = outcome(capsys, *words, "--on-error", "skip", "--json")
    assert status == 0
    report = json.loads(out)
    assert (report["rows"], report["resumed_rows"], report["skipped"]) == (9000, 8192, 1)
    assert report["skipped_file"] == f"{target}.skipped.jsonl"
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_evaluate_prints_tables_and_json(model, pairs_file, capsys):
    status, out, _ = outcome(capsys, "evaluate", model, pairs_file)
    assert status == 0
    for words in ("accuracy", "macro F1", "precision", "true \\ answer", *LABELS, "1 rows were left out"):
        assert words in out
    status, out, err = outcome(capsys, "evaluate", model, pairs_file, "--json")
    answer = json.loads(out)
    assert (status, err) == (0, "")
    assert set(answer["metrics"]) == {"accuracy", "macro_f1", "loss"}
    assert answer["n_pairs"] == 3
    assert answer["majority"]["accuracy"] == pytest.approx(1 / 3)
    assert answer["truncated"] == 0


def test_evaluate_draws_a_plot_and_measures_baselines(model, pairs_file, tmp_path, capsys):
    pytest.importorskip("sklearn")
    plot = tmp_path / "confusion.svg"
    status, out, _ = outcome(capsys, "evaluate", model, pairs_file, "--baselines", pairs_file, "--plot", plot)
    assert status == 0
    assert "hypothesis only" in out
    assert plot.read_bytes().startswith(b"<?xml")


def test_evaluate_names_the_renaming_that_fits(model, tmp_path, capsys):
    path = tmp_path / "pairs.csv"
    path.write_text("premise,hypothesis,label\na,b,entails!\nc,d,neutrality\n", encoding="utf-8")
    status, _, err = outcome(capsys, "evaluate", model, path)
    assert status in (22, 23)
    assert "expected: " in err


def test_inspect_shows_what_the_model_is_and_that_it_is_whole(model, capsys):
    status, out, _ = outcome(capsys, "inspect", model)
    assert status == 0
    for words in ("premise, then hypothesis", "verified", "24 tokens", "Measured on pairs.csv", *LABELS):
        assert words in out
    _, out, _ = outcome(capsys, "inspect", model, "--json")
    assert json.loads(out)["labels"] == list(LABELS)


def test_a_damaged_model_is_refused(tmp_path, capsys):
    damaged = save_tiny(tmp_path / "model")
    graph = damaged / "onnx" / "model.onnx"
    content = bytearray(graph.read_bytes())
    content[-1] ^= 1
    graph.write_bytes(content)
    for arguments in (["inspect", damaged], ["score", damaged, "a dog", "a cat"]):
        status, out, err = outcome(capsys, *arguments)
        assert (status, out) == (42, "")
        assert "model.onnx" in err
    assert outcome(capsys, "inspect", damaged, "--no-verify")[0] == 0


def test_data_show_prints_columns_labels_lengths_and_samples(pairs_file, capsys):
    status, out, _ = outcome(capsys, "data", "show", pairs_file, "-n", "3")
    assert status == 0
    for words in ("3 of 4 rows", "first = premise", "contradiction", "[bold]a man[/bold]", "length in words"):
        assert words in out
    status, out, err = outcome(capsys, "data", "show", pairs_file, "-n", "1", "--json")
    assert (status, err) == (0, "")
    assert len(json.loads(out)["samples"]) == 1


def test_data_show_needs_no_labels(tmp_path, capsys):
    path = tmp_path / "pairs.csv"
    path.write_text("question1,question2\nwhere is it,where was it\n", encoding="utf-8")
    status, out, _ = outcome(capsys, "data", "show", path)
    assert status == 0
    assert "where was it" in out


def test_data_generate_writes_a_file_or_a_folder(tmp_path, capsys):
    path = tmp_path / "pairs.tsv"
    assert outcome(capsys, "data", "generate", "--pairs", "30", "--output", path)[0] == 0
    first = path.read_bytes()
    assert len(first.splitlines()) == 31
    assert outcome(capsys, "data", "generate", "--pairs", "30", "--output", path)[0] == 45
    assert outcome(capsys, "data", "generate", "--pairs", "30", "--output", path, "--overwrite")[0] == 0
    assert path.read_bytes() == first
    folder = tmp_path / "made"
    status, out, _ = outcome(capsys, "data", "generate", "--pairs", "30", "--output", folder, "--json")
    assert status == 0
    assert [(file["split"], file["n_pairs"]) for file in json.loads(out)["files"]] == [
        ("train", 30),
        ("validation", 6),
        ("test", 6),
    ]
    assert sorted(entry.name for entry in folder.iterdir()) == ["test.csv", "train.csv", "validation.csv"]
    assert outcome(capsys, "data", "show", f"{folder}:test")[0] == 0


def test_data_generate_never_replaces_a_folder_of_something_else(tmp_path, capsys):
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "thesis.txt").write_text("years of work")
    status, _, err = outcome(capsys, "data", "generate", "--pairs", "5", "--output", folder, "--overwrite")
    assert status == 45
    assert "thesis.txt" in err
    assert (folder / "thesis.txt").read_text() == "years of work"


@pytest.mark.parametrize("interrupted", [False, True])
def test_train_prints_what_was_done_and_ends_with_a_status_that_tells(
    monkeypatch, capsys, tmp_path, interrupted
):
    result = SimpleNamespace(
        path=tmp_path / "model",
        preset="minilm",
        head="new",
        recipe=Recipe(epochs=2, learning_rate=1e-4),
        n_pairs=1200,
        label_counts={"same": 800, "different": 400},
        scale=None,
        sides=Sides("question1", "question2"),
        evaluation=None,
        measured_on=None,
        alternatives=(),
        warnings=["it is not better than always answering same on these pairs"],
        few_pairs=None,
        history=[
            {"epoch": 1, "loss": 0.6, "accuracy": 0.7, "seconds": 100.0, "pairs_per_second": 12.0},
            {"epoch": 2, "loss": 0.5, "accuracy": 0.8, "seconds": 100.0, "pairs_per_second": 12.0},
        ],
        best_epoch=2,
        interrupted=interrupted,
        checkpoints=None,
        seeds=None,
        onnx=Verdict("failed", "the largest difference is 0.2"),
        seconds=200.0,
        pairs_per_second=12.0,
        padding_share=0.08,
        step=ChosenStep("samesay", "its layers are known", (7_680, 30_522)),
        trained_weights=(371_000, 22_700_000),
        notes=("a new head was made",),
        to_dict=lambda: {"interrupted": interrupted},
    )
    monkeypatch.setattr("samesay.jobs.train.train", lambda *_, **__: result)
    words = ("train", "pairs.csv", "--preset", "minilm", "--output", tmp_path / "model")
    status, out, _ = outcome(capsys, *words)
    assert status == (130 if interrupted else 0)
    assert ("Interrupted: the best so far was saved" in out) == interrupted
    for shown in (
        "1,200",
        "3 min 20 s",
        "WARNING: it is not better than always answering same",
        "8.0% padding",
        "7,680 of 30,522 rows of the token table can change",
        "371,000 of 22,700,000 were trained (1.63%)",
        "0.8000",
        "kept",
        "the ONNX part is failed",
        "Next:",
    ):
        assert shown in out
    status, out, _ = outcome(capsys, *words, "--json")
    assert json.loads(out) == {"interrupted": interrupted}
    assert status == (130 if interrupted else 0)


@pytest.mark.parametrize(
    "arguments",
    [
        ["score", "MODEL", "a dog runs", "an animal runs"],
        ["evaluate", "MODEL", "PAIRS", "--json"],
        ["inspect", "MODEL"],
        ["data", "show", "PAIRS"],
    ],
    ids=lambda arguments: arguments[0],
)
def test_using_a_model_loads_no_keras(model, pairs_file, arguments):
    arguments = [{"MODEL": str(model), "PAIRS": str(pairs_file)}.get(word, word) for word in arguments]
    code = (
        "import sys\n"
        "from samesay.cli.main import main\n"
        f"try:\n    main({arguments!r})\nexcept SystemExit as left:\n    assert left.code == 0, left.code\n"
        f"print('loaded', [name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=240)
    assert done.stdout.splitlines()[-1] == "loaded []", done.stderr
