"""What is said of files holds in every command that reads pairs: broken rows are skipped, told layouts followed."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from commands import outcome

# Fields of a short row, a row whose bytes are no UTF-8, and good ones.
ROWS = "".join(
    f"{index}\tthe {one} runs in the park\ta {other} runs\t{int(one == other)}\n"
    for index, (one, other) in enumerate(
        [(one, other) for one in ("dog", "cat", "man", "woman") for other in ("dog", "cat", "man", "woman")]
        * 8
    )
)
BROKEN = f"id\tquestion1\tquestion2\tis_duplicate\n0\tshort\n{ROWS}".encode() + b"9\ta\xff\tb\t1\n"
SKIP = ("--on-error", "skip")


@pytest.fixture
def train_tsv(tmp_path: Path) -> Path:
    path = tmp_path / "train.tsv"
    path.write_bytes(BROKEN)
    return path


def reads(capsys, *words) -> dict:
    """The JSON of a command that is refused without ``--on-error skip``, for the row, and goes through with it."""
    status, out, _ = outcome(capsys, *words, "--json")
    error = json.loads(out)["error"]
    assert (status, error["code"]) == (15, "row-malformed")
    assert error["hint"] == "--on-error skip"
    status, out, err = outcome(capsys, *words, *SKIP, "--json")
    assert status == 0, err
    found = json.loads(out)
    told = json.dumps(found)
    assert "2 rows were skipped (row-malformed 1, encoding-invalid 1)" in told
    assert "train.tsv:2, " in told or "skipped_file" in found
    return found


@pytest.mark.parametrize(
    "words",
    [
        ["evaluate", "{model}", "{data}"],
        ["audit", "{data}"],
        ["calibrate", "{model}", "{data}", "--output", "{new}", "--max-overlap", "1"],
        ["compare", "{model}", "baseline:majority", "--data", "{data}", "--rounds", "0", "--baselines", "{data}"],
        ["verify", "{model}", "{data}"],
        ["rank", "{model}", "--query", "a dog runs", "--input", "{data}", "--column", "question1"],
        ["duplicates", "{model}", "{data}", "--column", "question1"],
        ["data", "show", "{data}"],
    ],
    ids=lambda words: words[0],
)  # fmt: skip
def test_rows_of_too_few_fields_can_be_skipped(capsys, words, trained_bundle, train_tsv, tmp_path) -> None:
    places = {"model": trained_bundle, "data": train_tsv, "new": tmp_path / "new"}
    reads(capsys, *(word.format(**places) for word in words))


def test_they_can_be_in_training_and_its_recipe_says_so(capsys, tiny_preset, train_tsv, tmp_path) -> None:
    words = ["train", train_tsv, "--preset", tiny_preset, "--epochs", "1", "--quiet"]
    reads(capsys, *words, "--output", tmp_path / "m", "--validation", f"{train_tsv}[:20]")
    status, out, err = outcome(
        capsys, "train", "--config", tmp_path / "m" / "recipe.yaml", "--output", tmp_path / "again", "--json"
    )
    assert status == 0, err
    assert not any("not those of the recipe" in note for note in json.loads(out)["notes"])


def test_they_can_be_in_a_suite_of_tests(capsys, trained_bundle, tmp_path) -> None:
    suite = tmp_path / "train.tsv"
    suite.write_bytes(b"first\tsecond\texpected\na\na dog runs\tthe dog runs\tsame\nb\xff\tc\tsame\n")
    reads(capsys, "check", trained_bundle, "--suite", suite, "--capability", "train")


def test_they_can_be_scored(capsys, trained_bundle, train_tsv, tmp_path) -> None:
    scored = tmp_path / "scored.csv"
    found = reads(capsys, "score", trained_bundle, "--input", train_tsv, "--output", scored)
    assert found["skipped"] == 2
    assert len(Path(found["skipped_file"]).read_text("utf-8").splitlines()) == 2


HEADERLESS = "the dog runs;a dog runs;1\nthe café opens;a café opens;0\n"


@pytest.mark.parametrize(
    "words",
    [
        ["evaluate", "{model}", "{data}", "--labels", "different,same"],
        ["score", "{model}", "--input", "{data}", "--output", "{new}"],
        ["verify", "{model}", "{data}"],
        ["audit", "{data}"],
    ],
    ids=lambda words: words[0],
)
def test_a_layout_that_is_told_is_followed(capsys, words, trained_bundle, tmp_path) -> None:
    data = tmp_path / "pairs.txt"
    data.write_bytes(HEADERLESS.encode("cp1252"))
    told = [
        "--format",
        "csv",
        "--delimiter",
        ";",
        "--no-header",
        "--encoding",
        "cp1252",
        "--columns",
        "first=1,second=2,label=3",
    ]
    places = {"model": trained_bundle, "data": data, "new": tmp_path / "scored.jsonl"}
    status, _, err = outcome(capsys, *(word.format(**places) for word in words), *told, "--json")
    assert status == 0, err
    if words[0] == "score":
        assert "the café opens" in (tmp_path / "scored.jsonl").read_text("utf-8")


@pytest.mark.parametrize("name", ["texts.txt", "texts.csv"])
def test_texts_of_one_column_without_a_header_are_all_read(capsys, trained_bundle, tmp_path, name) -> None:
    data = tmp_path / name
    data.write_bytes("Is the café open?\nWho is it?\nIs it so, or not?\n".replace(",", "").encode("cp1252"))
    words = ["rank", trained_bundle, "--query", "a dog runs", "--input", data]
    met: list[str] = []
    for _ in range(3):
        status, out, _ = outcome(capsys, *words, "--json")
        if status == 0:
            break
        met.append(json.loads(out)["error"]["hint"])
        words += met[-1].split()
    assert met == ["--encoding cp1252", *(["--no-header --column 1"] if name == "texts.csv" else [])]
    assert json.loads(out)["n_texts"] == 3


@pytest.mark.parametrize(
    ("name", "content", "n_hints"),
    [
        (
            "pairs.txt",
            "How do I pay today?\tWhere can I pay?\t1\nIs it so?\tIt is so.\t0\n".encode("utf-16-le"),
            3,
        ),
        ("short.tsv", b"premise\thypothesis\na\tb\nc\n", 1),
        (
            "named.csv",
            'one,two\n"Is the café open?","Who, or what?"\nIs it so?,It is so.\n'.encode("cp1252"),
            2,
        ),
    ],
)
def test_what_an_error_tells_to_try_works_for_files_to_be_scored(
    capsys, trained_bundle, tmp_path, name, content, n_hints
) -> None:
    (tmp_path / name).write_bytes(content)
    words = ["score", trained_bundle, "--input", tmp_path / name, "--output-format", "jsonl"]
    for _ in range(n_hints):
        status, _, err = outcome(capsys, *words)
        assert status != 0
        words += shlex.split(err.partition("  try: ")[2])
    status, out, err = outcome(capsys, *words)
    assert status == 0, err
    assert '"label"' in out


def test_a_workbook_is_scored(capsys, trained_bundle, tmp_path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for row in (["question1", "question2"], ["the dog runs", "a dog runs"]):
        book.active.append(row)
    book.save(tmp_path / "pairs.xlsx")
    status, _, err = outcome(
        capsys,
        "score",
        trained_bundle,
        "--input",
        tmp_path / "pairs.xlsx",
        "--output",
        tmp_path / "scored.csv",
    )
    assert status == 0, err
    assert (tmp_path / "scored.csv").read_text("utf-8").startswith("question1,question2,")
