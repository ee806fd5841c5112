"""``rank``, ``duplicates`` and ``score --window`` on a tiny saved model: what is printed, and how they fail."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from commands import outcome
from samesay.pairs import Scale
from tiny_models import LABELS, save_tiny, tiny_graph

TEXTS = ["a dog runs outside", "the cat sleeps", "a dog runs outside", "outside a dog runs"]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return save_tiny(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture
def texts_file(tmp_path):
    path = tmp_path / "texts.txt"
    path.write_text("\n".join(TEXTS) + "\n\n", encoding="utf-8")
    return path


def test_rank_prints_the_first_texts_and_notes_the_rest(model, texts_file, capsys):
    words = ("rank", model, "--query", "a dog runs", "--input", texts_file)
    status, out, err = outcome(capsys, *words, "--top", 2)
    assert status == 0
    assert "1 empty text left out" in err
    assert "entailment" in out
    assert sum(text in out for text in set(TEXTS)) <= 2
    _, out, _ = outcome(capsys, *words, "--json")
    answer = json.loads(out)
    assert [text["rank"] for text in answer["texts"]] == [1, 2, 3, 4]
    shown = [text["score"] for text in answer["texts"]]
    assert shown == sorted(shown, reverse=True)
    assert (answer["query_side"], answer["text_side"]) == ("hypothesis", "premise")


def test_a_similarity_model_ranks_and_finds_duplicates(texts_file, tmp_path, capsys):
    model = save_tiny(
        tmp_path / "similarity",
        graph=tiny_graph(n_labels=1),
        task="similarity",
        answers=Scale(0, 5),
    )
    status, out, _ = outcome(capsys, "rank", model, "--query", "a dog runs", "--input", texts_file, "--json")
    ranking = json.loads(out)
    assert (status, ranking["label"]) == (0, None)
    assert all(0 <= text["score"] <= 5 for text in ranking["texts"])
    words = ("duplicates", model, texts_file, "--json", "--threshold")
    status, out, _ = outcome(capsys, *words, "0.1")
    found = json.loads(out)
    assert (status, found["label"], found["orders"], found["threshold"]) == (0, None, "mean", 0.1)
    assert len(found["pairs"]) > 1
    assert outcome(capsys, *words, "5.1")[0] == 2
    assert outcome(capsys, *words[:-1], "--label", "same")[0] == 2


def test_rank_writes_all_of_them(model, texts_file, tmp_path, capsys):
    target = tmp_path / "ranked.jsonl"
    words = ("rank", model, "--query", "a dog", "-i", texts_file, "--output", target, "--label", "neutral")
    status, out, _ = outcome(capsys, *words)
    assert status == 0
    assert "4 texts ranked by neutral" in out
    rows = [json.loads(line) for line in target.read_text(encoding="utf-8").splitlines()]
    assert sorted(row["text"] for row in rows) == sorted(TEXTS)
    assert outcome(capsys, *words)[0] == 45
    assert outcome(capsys, *words, "--overwrite")[0] == 0


def test_duplicates_prints_groups_and_how_it_was_done(model, texts_file, tmp_path, capsys):
    status, out, err = outcome(capsys, "duplicates", model, texts_file, "--measure-recall", 3)
    assert status == 0
    assert "group 1" in out
    assert f"{texts_file}:3" in out
    assert "each entails the other" in out
    assert "recall of the first pass:" in out
    assert "1 empty text left out" in err
    target = tmp_path / "pairs.csv"
    status, out, _ = outcome(
        capsys, "duplicates", model, texts_file, texts_file, "--one-way", "-o", target, "--json"
    )
    answer = json.loads(out)
    assert (status, answer["orders"], answer["n_texts"]) == (0, "one", [4, 4])
    assert {(pair["first"]["list"], pair["second"]["list"]) for pair in answer["pairs"]} == {(1, 2)}
    assert target.is_file()


def test_duplicates_without_scikit_learn_says_what_to_install(model, texts_file, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    status, out, err = outcome(capsys, "duplicates", model, texts_file)
    assert (status, out) == (52, "")
    assert "pip install 'samesay[duplicates]'" in err


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["rank", "MODEL", "--query", "x", "--input", "FILE", "--label", "entail"], 22, "did you mean"),
        (["rank", "MODEL", "--query", "x", "--input", "FILE", "--query-side", "left"], 2, "hypothesis"),
        (["rank", "MODEL", "--query", "x", "--input", "absent.txt"], 11, "absent.txt"),
        (["rank", "absent", "--query", "x", "--input", "FILE"], 41, "absent"),
        (["duplicates", "MODEL", "-", "-"], 2, "once"),
        (["duplicates", "MODEL", "FILE", "--groups", "FOLDER"], 18, "does not show the format"),
        (["score", "MODEL", "--input", "FILE", "--window"], 2, "--window"),
        (["score", "MODEL", "", "a dog", "--window"], 20, "premise"),
    ],
)
def test_mistakes_are_told(model, texts_file, tmp_path, capsys, arguments, status, words):
    places = {"MODEL": model, "FILE": texts_file, "FOLDER": tmp_path}
    left, out, err = outcome(capsys, *(places.get(word, word) for word in arguments))
    assert (left, out) == (status, "")
    assert words in err


def test_score_in_windows_shows_the_passage_that_decides(model, capsys):
    source = "A dog runs outside. The cat sleeps. The man eats inside. A child plays. The woman sings."
    status, out, err = outcome(capsys, "score", model, source, "the cat sleeps", "--window", "1")
    assert (status, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] in LABELS
    assert "of the premise:" in lines[-2]
    assert lines[-1].strip() in source
    _, out, _ = outcome(capsys, "score", model, source, "the cat sleeps", "--json", "--window")
    answer = json.loads(out)
    assert (answer["side"], answer["windows"]) == ("premise", 4)
    assert source[answer["start"] : answer["end"]] == answer["window"]


def test_score_in_windows_minds_what_is_too_long(model, capsys):
    words = ("score", model, "a man plays outside " * 12, "a man", "--window", "1")
    assert "1 window of 1 longer than the model reads" in outcome(capsys, *words)[2]
    assert outcome(capsys, *words, "--on-truncate", "allow")[2] == ""
    assert outcome(capsys, *words, "--on-truncate", "error")[0] == 25


def test_finding_loads_no_keras(model, texts_file):
    code = (
        "import sys\n"
        "from samesay.cli.main import main\n"
        "def loaded(words, heavy):\n"
        "    try:\n        main(words)\n    except SystemExit as left:\n        assert left.code == 0, left.code\n"
        "    return [name for name in heavy if name in sys.modules]\n"
        "backends = ['keras', 'keras_hub', 'jax', 'tensorflow', 'torch']\n"
        f"words = ['rank', {str(model)!r}, '--query', 'a dog', '--input', {str(texts_file)!r}]\n"
        "ranked = loaded(words, [*backends, 'sklearn', 'scipy', 'pandas', 'pyarrow'])\n"
        # scikit-learn itself imports pandas wherever it is installed.
        f"found = loaded(['duplicates', {str(model)!r}, {str(texts_file)!r}], backends)\n"
        "print('loaded', ranked, found)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=240)
    assert done.stdout.splitlines()[-1] == "loaded [] []", done.stderr
