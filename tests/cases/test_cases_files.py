"""Files as people have them: quoted TSV, other separators, no header, other encodings, packed, broken rows."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import shlex
import subprocess
import zipfile
from pathlib import Path

import pytest

from commands import outcome

QUESTIONS = [
    ("How do I pay?", "Where can I pay?", "same"),
    ("Can I, by card, pay?", "Is it open?", "different"),
]
QUORA = (
    "id\tqid1\tqid2\tquestion1\tquestion2\tis_duplicate\n"
    "0\t1\t2\tHow do I bake bread at home?\tWhat is the way to bake bread at home?\t1\n"
    '1\t3\t4\t"What does ""break a leg"" mean?"\t"Where does the saying ""break a leg"" come from?"\t0\n'
    '2\t5\t6\t"Which is better for soup, salt\nor pepper?"\tIs salt or pepper better for soup?\t1\n'
)
COMMAS = 'question1,question2,is_duplicate\nHow do I pay?,Where can I pay?,1\n"Can I, by card, pay?",Is it open?,0\n'
SHORT_ROW = (
    "id\tqid1\tqid2\tquestion1\tquestion2\tis_duplicate\n"
    "0\t1\t2\tHow do I bake bread?\tHow is bread baked?\t1\n"
    "1\t3\t4\tHow can I learn to swim?\n"
    "2\t5\t6\tWhich pan is best?\tIs iron the best pan?\t0\n"
)


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write(name: str, content: str | bytes) -> str:
    Path(name).write_bytes(content.encode() if isinstance(content, str) else content)
    return name


def shown(capsys, *words):
    """What ``data show`` says of a source: pairs, and the record of how they were read."""
    status, out, err = outcome(capsys, "data", "show", *words, "-n", "9", "--json")
    assert status == 0, err
    told = json.loads(out)
    return [(one["first"], one["second"], one["label"]) for one in told["samples"]], told["origin"]


def refused(capsys, *words):
    """How ``data show`` refuses a source."""
    status, out, _ = outcome(capsys, "data", "show", *words, "--json")
    assert status not in (0, 70)
    return json.loads(out)["error"]


def test_tsv_quoted_as_csv_is_read_with_a_note(capsys) -> None:
    pairs, origin = shown(capsys, write("quora_duplicate_questions.tsv", QUORA))
    assert [pair[0] for pair in pairs] == [
        "How do I bake bread at home?",
        'What does "break a leg" mean?',
        "Which is better for soup, salt\nor pepper?",
    ]
    notes = " ".join(origin["notes"])
    assert "read as CSV quotes them" in notes
    assert "double quotes around texts were taken off" in notes


def test_a_quote_that_opens_a_sentence_of_tsv_is_a_letter(capsys) -> None:
    rows = (
        '"Never closed\tWho said so?\tneutral\n"All of it."\tHe said it.\tneutral\nSo "it\tIs" it.\tneutral\n'
    )
    path = write("p.tsv", f"premise\thypothesis\tlabel\n{rows}")
    pairs, origin = shown(capsys, path)
    assert [pair[0] for pair in pairs] == ['"Never closed', '"All of it."', 'So "it']
    assert any("in 1 row a text begins and ends with a double quote" in note for note in origin["notes"])
    pairs, _ = shown(
        capsys, write("q.tsv", 'premise\thypothesis\tlabel\n"All of it."\tb\tneutral\n'), "--quoting", "csv"
    )
    assert pairs[0][0] == "All of it."


@pytest.mark.parametrize(
    "rows",
    [
        '"Who is it?"\t"It is I."\tneutral\n"Is it so?"\tSo.\tneutral\n',
        'Who is it?\t"It is I, I say."\tneutral\n"Is it, or not?"\tSo.\tneutral\n',
    ],
)
def test_quotes_of_a_program_are_told_from_those_of_a_text(capsys, rows: str) -> None:
    pairs, origin = shown(capsys, write("p.tsv", f"premise\thypothesis\tlabel\n{rows}"))
    assert not any('"' in text for pair in pairs for text in pair)
    assert any("around texts were taken off" in note for note in origin["notes"])
    said = '"He said, no."\tHe said, no.\tneutral\nHe spoke.\tA b.\tneutral\n'
    pairs, _ = shown(capsys, write("q.tsv", f"premise\thypothesis\tlabel\n{said}"))
    assert pairs[0][0] == '"He said, no."'


def test_what_is_no_text_gets_no_hint_that_would_read_it(capsys) -> None:
    for name in ("pairs.tar", "pairs.7z", "pairs.xls"):
        assert refused(capsys, write(name, b"7z\xbc\xaf\x27\x1c\0\4" * 90))["hint"] is None


@pytest.mark.parametrize("rows", ['"a\tb"\tc\tneutral\n', 'a\t"b\nb"\tneutral\nc\td\tneutral\n'])
def test_quotes_around_a_tab_or_a_line_end_are_no_letters(capsys, rows: str) -> None:
    pairs, _ = shown(capsys, write("p.tsv", f"premise\thypothesis\tlabel\n{rows}"))
    assert '"' not in pairs[0][0] + pairs[0][1]
    error = refused(capsys, "p.tsv", "--quoting", "none")
    assert error["code"] == "row-malformed"


def test_many_rows_with_quotes_never_closed_take_no_time(capsys) -> None:
    path = write("p.tsv", "premise\thypothesis\tlabel\na\tb\tneutral\n" + '"a\tb\n' * 60_000)
    pairs, origin = shown(capsys, path, "--on-error", "skip")
    assert len(pairs) == 1
    assert origin["rows_dropped"] == {"row-malformed": 60_000}
    assert len(origin["skipped"]) == 1000


def test_a_label_text_in_the_last_column_may_hold_a_line_end(capsys) -> None:
    rows = 'neutral\ta\t"b\nb"\nneutral\tc\td\n'
    pairs, _ = shown(capsys, write("p.tsv", f"label\tpremise\thypothesis\n{rows}"))
    assert [pair[1] for pair in pairs] == ["b\nb", "d"]


@pytest.mark.parametrize(
    ("name", "text", "mark"),
    [
        (
            "excel.csv",
            COMMAS.replace(",", ";").replace("Can I; by card; pay", "Can I, by card, pay"),
            "semicolon",
        ),
        (
            "sep.csv",
            "sep=;\r\n" + COMMAS.replace(",", ";").replace("I; by card;", "I, by card,"),
            "semicolon",
        ),
        ("quoted.csv", '"sep=|"\n' + COMMAS.replace(",", "|").replace("I| by card|", "I, by card,"), "bar"),
        ("tabs.csv", COMMAS.replace(",", "\t").replace("I\t by card\t", "I, by card,"), "tab"),
        ("commas.tsv", COMMAS, "comma"),
    ],
)
def test_what_parts_fields_is_told_from_the_file(capsys, name: str, text: str, mark: str) -> None:
    pairs, origin = shown(capsys, write(name, text))
    assert pairs == QUESTIONS
    assert any(f"delimiter is a {mark}" in note for note in origin["notes"])


def test_commas_in_texts_do_not_make_a_comma_the_separator(capsys) -> None:
    text = "question1;question2;is_duplicate\nA, b;C;1\nA;C, d, e;0\nOne;two;1\n"
    pairs, _ = shown(capsys, write("p.csv", text))
    assert pairs[1] == ("A", "C, d, e", "different")
    wrong = "question1,question2,is_duplicate\na;b,c,1\nd;e,f,0\ng;h,1\n"
    assert refused(capsys, write("q.csv", wrong))["code"] == "row-malformed"


@pytest.mark.parametrize("mark", ["^", "§", ":", "tab", ";"])
def test_a_separator_that_is_told(capsys, mark: str) -> None:
    sign = "\t" if mark == "tab" else mark
    text = COMMAS.replace(",", sign).replace(f"Can I{sign} by card{sign} pay", "Can I, by card, pay")
    pairs, _ = shown(capsys, write("p.txt", text), "--format", "csv", "--delimiter", mark)
    assert pairs == QUESTIONS
    assert refused(capsys, "p.txt", "--format", "csv", "--delimiter", "::")["code"] == "usage"


@pytest.mark.parametrize(
    ("column", "values", "options", "expected"),
    [
        ("score", ("3,8", "0,5"), (), [3.8, 0.5]),
        ("label", ("3,8", "5"), (), [3.8, 5.0]),
        ("score", ("1,234", "2,500"), ("--decimal-comma",), [1.234, 2.5]),
        ("score", ("3,8", "2.5"), ("--decimal-comma",), [3.8, 2.5]),
    ],
)
def test_decimal_commas_in_scores(capsys, column: str, values, options, expected) -> None:
    rows = "".join(f"A boat {index}.;A ship.;{value}\n" for index, value in enumerate(values))
    path = write("p.csv", f"sentence1;sentence2;{column}\n{rows}")
    _, out, err = outcome(capsys, "data", "show", path, "--json", *options)
    assert not err
    assert [one["score"] for one in json.loads(out)["samples"]] == pytest.approx(expected)


@pytest.mark.parametrize("values", [("1,234", "2,500"), ("3,8", "2.5")])
def test_commas_that_could_part_thousands_are_refused(capsys, values) -> None:
    rows = "".join(f"A boat {index}.;A ship.;{value}\n" for index, value in enumerate(values))
    error = refused(capsys, write("p.csv", f"sentence1;sentence2;score\n{rows}"))
    assert (error["code"], error["hint"]) == ("score-invalid", "--decimal-comma")


NO_HEADER = {
    "sts-train.csv": "main-captions,MSRvid,2012test,1,5,A boat leaves.,A ship is leaving.,,,,,,,,,\n"
    "main-captions,MSRvid,2012test,4,3.8,A girl plays a big drum.,A girl plays a drum.,,,,,,,,,\n",
    "scitail_1.0_train.tsv": "Water boils at a hundred degrees at sea level.\tWater boils at 100 degrees.\tentails\n"
    "Plants need light.\tMushrooms are not plants.\tneutral\n",
    "lcqmc.tsv": "喜欢打篮球的男生喜欢什么样的女生\t爱打篮球的男生喜欢什么样的女生\t1\n"
    "我手机丢了，我想换个手机\t我想买个新手机，求推荐\t0\n",
    "msrp.tsv": "1\t702876\t702977\tThe boat left at noon.\tAt noon the boat left.\n"
    "0\t2108705\t2108831\tHe bought it.\tThe fair opened.\n",
    "bare.tsv": "a man rides\ta man sleeps\tneutral\na dog runs\tan animal runs\tentailment\n",
    "unlabelled.csv": "How are you today?,Who are you?\nIs it so?,It is so.\n",
}


@pytest.mark.parametrize("name", list(NO_HEADER))
def test_a_file_without_a_header_is_recognised_and_read_by_numbers(capsys, name: str) -> None:
    error = refused(capsys, write(name, NO_HEADER[name]))
    assert error["code"] == "column-not-found"
    assert "a row and no header" in error["message"]
    assert error["hint"].startswith("--no-header --columns first=")
    _, origin = shown(capsys, name, *shlex.split(error["hint"]))
    assert origin["rows_read"] == 2
    wanted = {"sts-train.csv": ("6", "7", "5"), "msrp.tsv": ("4", "5", "1"), "unlabelled.csv": ("1", "2")}
    assert tuple(origin["columns"].values()) == wanted.get(name, ("1", "2", "3"))


def test_columns_of_a_spreadsheet_that_are_empty_are_no_columns(capsys) -> None:
    text = "question1,question2,is_duplicate,,,,\nHow?,Where is it?,1,,,,\nWho?,Why?,0\n"
    pairs, origin = shown(capsys, write("p.csv", text))
    assert len(pairs) == 2
    assert origin["columns"] == {"first": "question1", "second": "question2", "label": "is_duplicate"}
    _, out, _ = outcome(capsys, "data", "show", write("h.csv", NO_HEADER["sts-train.csv"]), "--no-header", "--json",
                        "--columns", "first=6,second=7")  # fmt: skip
    assert json.loads(out)["other_columns"] == ["1", "2", "3", "4", "5"]
    beyond = write("x.csv", "question1,question2,is_duplicate,,\nHow?,Where is it?,1,,what\n")
    _, origin = shown(capsys, beyond)
    assert any("beyond the columns that have a name" in note for note in origin["notes"])


def test_sides_by_number_are_called_first_and_second(capsys) -> None:
    _, out, _ = outcome(capsys, "data", "show", write("p.tsv", NO_HEADER["lcqmc.tsv"]), "--no-header", "--json",
                        "--columns", "first=1,second=2,label=3")  # fmt: skip
    assert json.loads(out)["sides"] == ["first", "second"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "utf-8-sig"])
def test_a_byte_order_mark_says_the_encoding(capsys, encoding: str) -> None:
    pairs, _ = shown(capsys, write("p.csv", COMMAS.replace("open", "öffen 東").encode(encoding)))
    assert pairs[1][1] == "Is it öffen 東?"


LEGACY = {
    "cp1252": "Is the café open?",
    "gb18030": "喜欢打篮球的男生喜欢什么样的女生",
    "shift_jis": "犬が公園を走っている",
    "cp1251": "Собака бежит по парку",
    "euc_kr": "개가 공원에서 달린다",
    "utf-16-le": "Is the cafe open?",
    "utf-16-be": "Is the cafe open?",
}


@pytest.mark.parametrize("encoding", list(LEGACY))
@pytest.mark.parametrize("packed", [False, True])
def test_the_hint_names_an_encoding_that_reads_the_file(capsys, encoding: str, packed: bool) -> None:
    raw = f"sentence1,sentence2,label\n{LEGACY[encoding]},{LEGACY[encoding]},1\n".encode(encoding)
    path = write("p.csv.gz" if packed else "p.csv", gzip.compress(raw) if packed else raw)
    error = refused(capsys, path)
    assert error["hint"] == f"--encoding {encoding}"
    pairs, _ = shown(capsys, path, *shlex.split(error["hint"]))
    assert pairs[0][0] == LEGACY[encoding]


def test_an_encoding_that_the_file_is_not_in(capsys) -> None:
    path = write("p.csv", COMMAS.replace("open", "öffen").encode())
    error = refused(capsys, path, "--encoding", "ascii")
    assert (error["code"], error["where"], error["hint"]) == (
        "encoding-invalid",
        "p.csv:3",
        "--encoding utf-8",
    )
    assert refused(capsys, path, "--encoding", "latin_11")["code"] == "usage"


def archive(name: str, **members: str) -> str:
    with zipfile.ZipFile(name, "w", zipfile.ZIP_DEFLATED) as file:
        for member, text in members.items():
            file.writestr(member.replace("__", "/") + ".csv", text)
        file.writestr("__MACOSX/._train.csv", "x")
        file.writestr("/etc/train.csv", "x")
    return name


@pytest.mark.parametrize("packing", ["bz2", "xz", "zip", "gz"])
def test_packed_files_are_read(capsys, packing: str) -> None:
    pack = {"bz2": bz2.compress, "xz": lzma.compress, "gz": gzip.compress}
    name = f"train.csv.{packing}"
    if packing == "zip":
        archive(name, train=COMMAS)
    else:
        write(name, pack[packing](COMMAS.encode()))
    assert shown(capsys, name)[0] == QUESTIONS
    raw = Path(name).read_bytes()
    error = refused(capsys, write(f"cut.csv.{packing}", raw[: len(raw) - 20]))
    assert error["code"] == "row-malformed"
    assert "damaged" in error["message"]


@pytest.mark.parametrize("packing", ["bz2", "xz", "zip"])
def test_a_bomb_is_refused_before_it_is_unpacked(capsys, monkeypatch, packing: str) -> None:
    from samesay.data.formats import packing as packings

    monkeypatch.setattr(packings, "FREELY_UNPACKED", 1_000_000)
    text = (COMMAS + "How?,Who?,1\n" * 400_000).encode()
    name = f"train.csv.{packing}"
    if packing == "zip":
        with zipfile.ZipFile(name, "w", zipfile.ZIP_BZIP2) as file:
            file.writestr("train.csv", text)
    else:
        write(name, {"bz2": bz2.compress, "xz": lzma.compress}[packing](text))
    error = refused(capsys, f"{name}[-1:]")
    assert "more than 200 times its size" in error["message"]


def test_an_archive_of_several_files_is_a_folder(capsys) -> None:
    archive("quora.zip", quora__train=COMMAS, quora__test=COMMAS.replace("pay", "go"))
    assert shown(capsys, "quora.zip")[0] == QUESTIONS
    assert shown(capsys, "quora.zip:test")[0][0][0] == "How do I go?"
    assert shown(capsys, "quora.zip/quora/test.csv[:1]")[0][0][0] == "How do I go?"
    archive("odd.zip", a__x=COMMAS, b__x=COMMAS)
    error = refused(capsys, "odd.zip")
    assert "a/x.csv, b/x.csv" in error["message"]
    assert refused(capsys, "quora.zip/quora/none.csv")["code"] == "source-not-found"


def test_a_packed_copy_beside_a_file_is_left_alone(capsys) -> None:
    Path("data").mkdir()
    write("data/train.csv", COMMAS)
    archive("data/train.csv.zip", train="x")
    assert shown(capsys, "data")[0] == QUESTIONS


def test_a_row_of_a_workbook_that_is_too_wide_is_no_matter_of_quotes(capsys) -> None:
    book = pytest.importorskip("openpyxl").Workbook()
    for row in (["premise", "hypothesis", "label"], ["a", "b", "neutral", None, "more"]):
        book.active.append(row)
    book.save("wide.xlsx")
    error = refused(capsys, "wide.xlsx")
    assert error["message"] == "Line 2 has 5 fields; the header has 3."
    assert error["expected"] == "3 fields: premise, hypothesis, label"


def test_a_workbook_is_read_as_its_csv(capsys) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for row in (
        ["question1", "question2", "is_duplicate", None],
        ["How old?", 1984, 1],
        ["Is it?", "It is.", 0.0],
    ):
        book.active.append(row)
    book.create_sheet("more")
    book.save("pairs.xlsx")
    pairs, origin = shown(capsys, "pairs.xlsx")
    assert pairs == [("How old?", "1984", "same"), ("Is it?", "It is.", "different")]
    assert any("'more'" in note for note in origin["notes"])
    for broken in (b"", b"no workbook", Path("pairs.xlsx").read_bytes()[:-40]):
        assert refused(capsys, write("broken.xlsx", broken))["code"] == "row-malformed"


def test_a_workbook_that_unpacks_to_more_than_memory_is_refused(capsys, monkeypatch) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    from samesay.data.formats import excel

    book = openpyxl.Workbook()
    for row in (["question1", "question2"], ["How old?", "x" * 9000]):
        book.active.append(row)
    book.save("pairs.xlsx")
    assert len(shown(capsys, "pairs.xlsx")[0]) == 1
    monkeypatch.setattr(excel, "_MOST_BYTES", {True: 9000, False: 9000})
    assert "unpack to" in refused(capsys, "pairs.xlsx")["message"]


def test_a_workbook_without_openpyxl_says_what_to_install(capsys, monkeypatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "openpyxl", None)
    error = refused(capsys, write("pairs.xlsx", b"PK\x03\x04"))
    assert (error["code"], error["hint"]) == ("extra-missing", "pip install 'samesay[excel]'")


def test_lists_are_no_pairs_and_hints_name_texts_alone(capsys) -> None:
    rerank = {"query": "How do I pay?", "pos": ["You can pay at the desk."], "neg": ["It rains."]}
    for name, row in (
        ("rerank", rerank),
        ("set", {"set": ["How do I pay?", "Where can I pay?"]}),
        ("nested", {"id": 1, "translation": {"en": "A dog runs.", "de": "Ein Hund rennt."}}),
    ):
        error = refused(capsys, write(f"{name}.jsonl", json.dumps(row) + "\n"))
        assert "which are no texts" in error["message"]
        assert error["hint"] is None
    anli = {
        "uid": "1",
        "article": "It was built in 1901.",
        "hypothesis": "It is old.",
        "label": "e",
        "reason": "r",
    }
    error = refused(capsys, write("anli.jsonl", json.dumps(anli) + "\n"))
    assert error["hint"] == "--columns first=article,second=hypothesis"


def test_an_array_a_line_is_read_by_places(capsys) -> None:
    write("st.jsonl", '["How do I pay?","Where can I pay?",1]\n["Is it so?","It is so.",0]\n')
    error = refused(capsys, "st.jsonl")
    assert error["hint"] == "--columns first=1,second=2,label=3"
    assert len(shown(capsys, "st.jsonl", *shlex.split(error["hint"]))[0]) == 2


def test_rows_that_cannot_be_used_are_skipped_counted_and_listed(capsys) -> None:
    pairs, origin = shown(capsys, write("train.tsv", SHORT_ROW), "--on-error", "skip")
    assert len(pairs) == 2
    assert origin["rows_dropped"] == {"row-malformed": 1}
    assert [(row["file"], row["line"]) for row in origin["skipped"]] == [("train.tsv", 3)]
    assert any("1 row was skipped (row-malformed 1): train.tsv:3" in note for note in origin["notes"])
    _, origin = shown(capsys, "train.tsv[1:]", "--on-error", "skip")
    assert (origin["rows_read"], origin["rows_dropped"]) == (2, {"row-malformed": 1})
    lines = [
        '{"premise": "a", "hypothesis": "b"}',
        "{",
        '{"premise": ["a"]}',
        '{"premise": "", "hypothesis": "b"}',
    ]
    _, origin = shown(capsys, write("p.jsonl", "\n".join(lines)), "--on-error", "skip")
    assert origin["rows_dropped"] == {"row-malformed": 2, "empty-side": 1}
    nothing = write("none.csv", "premise,hypothesis\na\n")
    assert refused(capsys, nothing, "--on-error", "skip")["code"] == "no-rows"


# What fails, and whose hint, pasted behind the command (or run in the shell), has to get it past that.
FAILING: dict[str, str | bytes] = {
    **NO_HEADER,
    "lcqmc_train.txt": NO_HEADER["lcqmc.tsv"],
    "named.csv": 'first text,"second, it\'s text",gold\nHow are you?,Who are you?,1\nIs it so?,It is so.,0\n',
    "misspelt.csv": "premise,hypotesis,label\nA dog runs.,It is so.,neutral\nHe sleeps.,He rests.,entailment\n",
    "short.tsv": SHORT_ROW,
    "long.csv": "premise,hypothesis,label\na,b,neutral\na,b,c,neutral\n",
    "behind.csv": 'premise,hypothesis,label\na,b,neutral\n"a" b,c,neutral\n',
    "over.csv": 'premise,hypothesis,label\n"a\nb" b,c,neutral\nd,e,entailment\n',
    "open.csv": 'premise,hypothesis,label\n"a,b,neutral\nc,d,entailment\n',
    "empty.csv": "premise,hypothesis,label\na,b,neutral\n,c,neutral\n",
    "nul.csv": "premise,hypothesis,label\na,b,neutral\na\0,c,neutral\n",
    "broken.jsonl": '{"premise": "a", "hypothesis": "b"}\n{\n',
    "twice.jsonl": '{"premise": "a", "hypothesis": "b"}\n{"premise": "a", "premise": "b"}\n',
    "array's.json": '[{"premise": "a", "hypothesis": "b"},\n {"premise": "c", "hypothesis": "d"}]\n',
    "arrays.jsonl": '["How do I pay?","Where can I pay?",1]\n',
    "thousands.csv": "sentence1;sentence2;score\na;b;1,234\nc;d;2,500\n",
    "words.csv": "sentence1,sentence2,score\na,b,1.5\nc,d,word\n",
    "latin.csv": "premise,hypothesis,label\ncaf\xe9,b,neutral\n".encode("latin-1"),
    "wide.csv": "premise,hypothesis,label\na,b,neutral\n".encode("utf-16-be"),
}  # fmt: skip


@pytest.mark.parametrize("name", list(FAILING))
def test_what_an_error_tells_to_try_works_when_it_is_pasted(capsys, name: str) -> None:
    write(name, FAILING[name])
    command = f"data show {shlex.quote(name)}"
    met = []
    for _ in range(3):
        status, _, err = outcome(capsys, *shlex.split(command))
        if status == 0:
            break
        (hint,) = (line.removeprefix("  try: ") for line in err.splitlines() if line.startswith("  try: "))
        assert hint not in met, "the same error again"
        met.append(hint)
        if hint.startswith("--"):
            command += f" {hint}"
        else:
            subprocess.run(hint, shell=True, check=True)
            command = "data show pairs.jsonl"
    assert met
    assert status == 0, err
