"""Built-in models: named anywhere a model is, used where none is named, and repaired where they are damaged."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import samesay
from commands import outcome
from samesay.bundle import BUILTIN_MODELS, default_model, is_bundle, located, model_for, open_bundle
from samesay.errors import BuiltinUnknown, BuiltinUnusable
from samesay.pairs import LabelSet, Pair, Scale
from tiny_models import save_tiny

SHOP, CLOSED = "The shop opens at nine.", "The shop is closed at eight."


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with tiny models under the names of those that answer about pairs."""
    for name in ("nli", "same"):
        save_tiny(tmp_path / "room" / name, marker=name)
    monkeypatch.setenv("SAMESAY_BUILTIN", str(tmp_path / "room"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "room"


def test_every_command_without_a_model_has_one_built_in_model() -> None:
    claimed = [command for one in BUILTIN_MODELS for command in one.default_of]
    assert sorted(claimed) == ["check", "duplicates", "embed", "rank", "score"]
    assert default_model("score") == "builtin:nli"


@pytest.mark.parametrize(
    ("answers", "name"),
    [
        (Scale(0, 1), "builtin:same"),
        (LabelSet(("same", "different")), "builtin:same"),
        (LabelSet(("0", "1")), "builtin:same"),
        (LabelSet(("entailment", "not_entailment")), "builtin:nli"),
        (LabelSet(("Not-Entailment", "entails")), "builtin:nli"),
        (LabelSet(("Entailment", "neutral", "contradiction")), "builtin:nli"),
        (LabelSet(("contradicts", "entails", "neutral")), "builtin:nli"),
        (LabelSet(("complete", "partial", "none of it")), None),
        (LabelSet(("entailment", "neutral", "contradiction", "unclear")), None),
    ],
)
def test_the_data_decides_which_model_is_measured(answers, name) -> None:
    assert model_for(answers) == name


def test_a_name_is_a_model_wherever_a_model_is_named(room: Path) -> None:
    assert located("builtin:nli") == room / "nli"
    assert is_bundle("builtin:nli")
    assert not is_bundle("builtin:embed")
    assert open_bundle("builtin:nli").path == (room / "nli").resolve()
    by_name = samesay.Scorer.open("builtin:nli")
    assert by_name.checksum == samesay.Scorer.open().checksum == samesay.Scorer.open(room / "nli").checksum
    assert located("plain/folder") == Path("plain/folder")


def test_near_names_are_named(room: Path) -> None:
    with pytest.raises(BuiltinUnknown) as caught:
        samesay.Scorer.open("builtin:nil")
    assert "builtin:nli" in (caught.value.hint or "")


def test_a_version_without_models_does_not_send_anybody_to_reinstall_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SAMESAY_BUILTIN", str(tmp_path / "nowhere"))
    with pytest.raises(BuiltinUnusable, match="comes without built-in models") as caught:
        samesay.Scorer.open()
    assert caught.value.hint == "samesay models"


def test_a_damaged_or_absent_one_says_how_to_repair_the_install(room: Path) -> None:
    with pytest.raises(BuiltinUnusable, match="lacks") as caught:
        samesay.Embedder.open("builtin:embed")
    assert caught.value.hint == "pip install --force-reinstall samesay"
    graph = room / "nli" / "onnx" / "model.onnx"
    graph.write_bytes(graph.read_bytes()[:-1] + b"x")
    with pytest.raises(BuiltinUnusable, match="damaged") as caught:
        samesay.Scorer.open("builtin:nli")
    assert caught.value.hint == "pip install --force-reinstall samesay"
    (room / "same" / "samesay.json").write_text("{}")
    with pytest.raises(BuiltinUnusable, match="damaged"):
        open_bundle(room / "same")


def test_python_scores_without_a_model(room: Path) -> None:
    one = samesay.score(SHOP, CLOSED)
    assert one == samesay.Scorer.open("builtin:nli").score([Pair(SHOP, CLOSED)])[0]
    assert samesay.score([(SHOP, CLOSED), (CLOSED, "")])[1].empty_sides == ("hypothesis",)
    assert samesay.score(SHOP, CLOSED, model=room / "same").label is not None


def test_the_commands_say_which_model_answers(room: Path, capsys) -> None:
    status, out, err = outcome(capsys, "score", SHOP, CLOSED, "--json")
    assert (status, json.loads(out)["model"]) == (0, "builtin:nli")
    assert "builtin:nli, since no model is named" in err
    status, out, err = outcome(capsys, "score", "builtin:same", SHOP, CLOSED, "--json")
    assert (status, json.loads(out)["model"], err) == (0, "builtin:same", "")

    Path("pairs.csv").write_text(
        f"premise,hypothesis,label\n{SHOP},{CLOSED},neutral\n{CLOSED},{SHOP},entailment\n"
    )
    status, out, _ = outcome(capsys, "score", "--input", "pairs.csv", "--output", "scored.csv", "--json")
    assert (status, json.loads(out)["model"], json.loads(out)["rows"]) == (0, "builtin:nli", 2)
    status, out, err = outcome(capsys, "evaluate", "pairs.csv", "--json")
    assert (status, json.loads(out)["model"]) == (0, "builtin:nli")
    assert "builtin:nli" in err
    status, out, err = outcome(
        capsys, "compare", str(room / "same"), "--data", "pairs.csv", "--rounds", "0", "--json"
    )
    assert (status, json.loads(out)["models"][1]["model"]) == (0, "builtin:nli")
    status, out, err = outcome(capsys, "check", "--capability", "negation", "--json")
    assert (status, json.loads(out)["model"]) == (0, "builtin:nli")


def test_lists_are_searched_without_a_model(room: Path, capsys) -> None:
    Path("notices.txt").write_text(f"{SHOP}\n{CLOSED}\nCards are accepted.\n")
    Path("texts.csv").write_text(f"text\n{SHOP}\n{CLOSED}\nCards are accepted.\n")
    Path("others.txt").write_text(f"{SHOP}\nYou can pay by card.\n")
    status, out, _ = outcome(capsys, "rank", "--query", SHOP, "--input", "notices.txt", "--json")
    assert (status, json.loads(out)["model"]) == (0, "builtin:same")
    words = ("rank", "--query", SHOP, "--input", "notices.txt", "--label", "contradiction", "--json")
    status, out, _ = outcome(capsys, *words)
    assert (status, json.loads(out)["model"]) == (0, "builtin:nli")
    for files, sizes in (
        (("notices.txt",), [3]),
        (("notices.txt", "others.txt"), [3, 2]),
        (("texts.csv[:2]", "texts.csv[2:]"), [2, 1]),
        (("builtin:nli", "notices.txt"), [3]),
        ((str(room / "nli"), "notices.txt", "others.txt"), [3, 2]),
    ):
        status, out, _ = outcome(capsys, "duplicates", *files, "--json")
        found = json.loads(out)
        named = files[0] if len(files) == 3 or files[0].startswith("builtin") else "builtin:same"
        assert (status, found["model"], list(found["n_texts"])) == (0, named, sizes)
    status, _, err = outcome(capsys, "duplicates", "nowhere", "notices.txt")
    assert (status, "not-a-bundle" in err) == (41, True)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["notices.txt", "a text"], "'notices.txt' is a file or a folder"),
        (["builtin:nli", "notices.txt"], "'notices.txt' is a file or a folder"),
        (["builtin:nli", "a text", "room"], "'room' is a file or a folder"),
        (["nowhere/model", "./absent", "a text"], "'./absent' is a file or a folder"),
        (["a text", "builtin:nli"], "'builtin:nli' is a file or a folder"),
        (["builtin:nli"], "There is nothing to label"),
        (["", "a text"], "is empty"),
    ],
)
def test_a_place_is_never_scored_as_a_text(room: Path, capsys, words, message) -> None:
    Path("notices.txt").write_text(f"{SHOP}\n")
    status, _, err = outcome(capsys, "score", *words)
    assert status != 0
    assert message in err


def test_a_built_in_model_is_not_exchanged(room: Path, capsys) -> None:
    from samesay.bundle import write_decision
    from samesay.decision import Decision
    from samesay.errors import UsageError

    with pytest.raises(UsageError, match="stays as it was installed"):
        write_decision("builtin:nli", Decision(temperature=2.0))
    write_decision("builtin:nli", Decision(temperature=2.0), output="mine")
    assert samesay.Scorer.open("mine").decision.temperature == 2.0


def test_models_are_listed_whether_or_not_they_are_installed(room: Path, capsys) -> None:
    status, out, _ = outcome(capsys, "models", "--json")
    found = json.loads(out)
    assert status == 0
    assert {one["name"]: one["usable"] for one in found["builtin"]} == {
        "builtin:nli": True,
        "builtin:same": True,
        "builtin:nli-fast": False,
        "builtin:embed": False,
    }
    assert all(one["use"].startswith("samesay ") for one in found["published"])
    status, out, _ = outcome(capsys, "models")
    assert (status, "not installed" in out) == (0, True)


def test_texts_in_another_language_are_noted_whoever_asks(room: Path, capsys) -> None:
    german = "Der Laden ist heute nicht mit dem Bus zu erreichen."
    other = "Das ist nicht der Hund von dem Nachbarn."
    note = "look like German"
    (pair,) = json.loads(outcome(capsys, "score", german, other, "--json")[1])["notes"]
    assert note in pair
    assert json.loads(outcome(capsys, "score", SHOP, CLOSED, "--json")[1])["notes"] == []
    Path("pairs.csv").write_text(f"first,second\n{german},{other}\n" * 3, encoding="utf-8")
    Path("texts.txt").write_text(f"{german}\n{other}\n", encoding="utf-8")
    for call in (
        ["score", "--input", "pairs.csv", "--output", "scored.csv"],
        ["rank", "--query", german, "--input", "texts.txt"],
        ["duplicates", "texts.txt"],
    ):
        notes = json.loads(outcome(capsys, *call, "--json")[1])["notes"]
        assert any(note in text for text in notes), call
    # Of a model of the user's nobody knows the language.
    named = ["score", str(room / "nli"), german, other, "--json"]
    assert json.loads(outcome(capsys, *named)[1])["notes"] == []
