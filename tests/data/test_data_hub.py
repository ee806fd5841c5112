"""Published corpora by the real code of huggingface_hub: a hub on loopback, its cache, offline."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from fake_hub import COMMIT, NOWHERE, ask_apart, fake_hub
from samesay.data import load_pairs
from samesay.data.sources.corpora import CORPORA
from samesay.data.sources.hub import HubAddress, Listing, commit_of, declared_files, parse_address
from samesay.data.sources.hub import _by_names as by_names
from samesay.errors import SourceNotFound, SplitNotFound, UsageError

READ = """
import json, sys
from samesay.data import load_pairs, load_splits
from samesay.errors import SameSayError

def told(table):
    return {"first": table.first, "labels": table.label_names(), "split": table.origin.split,
            "sides": list(table.sides), "notes": list(table.origin.notes)}

for source in sys.argv[1:]:
    try:
        if source.startswith("all of "):
            print(json.dumps(list(load_splits(source.removeprefix("all of ")))))
        else:
            print(json.dumps(told(load_pairs(source))))
    except SameSayError as error:
        print(json.dumps(error.to_dict()))
"""


def read(cache: Path, *sources: str, **environment: str) -> dict[str, Any]:
    """What loading each source ends in."""
    return dict(zip(sources, ask_apart(READ, cache, *sources, **environment), strict=True))


def write_rows(path: Path, columns: list[str], *rows: tuple[object, ...]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(rows)


CARD = """---
license: mit
configs:
- config_name: one
  data_files:
  - split: train
    path: one/a*.csv
  - split: dev
    path: [one/b*.csv]
- config_name: two
  default: true
  data_dir: two
  data_files:
  - split: train_r1
    path: '*.csv'
- config_name: three
  data_files: missing/*.csv
---
# A dataset whose files' names tell nothing
"""


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    """A hub with three datasets, what was read from it, and the cache that is left."""
    root = tmp_path_factory.mktemp("hub")
    nli = ["premise", "hypothesis", "label"]
    rows = [(f"Tea number {n} is hot.", "Something is hot.", n % 3) for n in range(10)]
    for split in ("train", "validation", "test"):
        write_rows(root / "snli/plain_text" / f"{split}-00000-of-00001.csv", nli, *rows, ("A.", "B.", -1))
    glue = ["sentence1", "sentence2", "label"]
    for split in ("train", "validation", "test"):
        write_rows(
            root / "glue/mrpc" / f"{split}-00000-of-00001.csv", glue, ("One.", "Two.", 1), ("On.", "Off.", 0)
        )
        write_rows(
            root / "glue/rte" / f"{split}-00000-of-00001.csv",
            glue,
            ("One.", "Two.", 0 if split != "test" else -1),
        )
    write_rows(root / "own/default/train/0000.csv", ["first", "second", "label"], ("a b", "c d", "yes"))
    cards = root / "cards"
    for name, text in {
        "one/a1": "one a",
        "one/b1": "one b",
        "two/a1": "two a",
        "two/old/b1": "two b",
    }.items():
        write_rows(cards / f"{name}.csv", ["first", "second", "label"], (text, "c d", "yes"))
    (cards / "README.md").write_text(CARD, encoding="utf-8")
    for place in range(2):
        write_rows(
            root / f"shards/train-{place:05d}-of-00002.csv", ["first", "second", "label"], ("a", "b", "yes")
        )
    (root / "program").mkdir()
    (root / "program/program.py").write_text("raise SystemExit('a program of a stranger was run')")
    served = {
        "datasets/stanfordnlp/snli": root / "snli",
        "datasets/nyu-mll/glue": root / "glue",
        "datasets/me/cards": cards,
        "datasets/me/shards": root / "shards",
        "datasets/me/own": root / "program",
        "datasets/me/own@refs/convert/parquet": root / "own",
        "datasets/me/program": root / "program",
    }
    refused = {"datasets/me/gated": (403, "GatedRepo"), "datasets/me/private": (401, "RepoNotFound")}
    sources = (
        "snli:train[:20%]",
        "snli:train[:99]",
        "all of snli",
        "mrpc:train",
        "rte:test",
        "all of rte",
        "hf://datasets/nyu-mll/glue:mrpc:dev",
        "hf://datasets/nyu-mll/glue",
        "hf://datasets/me/cards:train_r1",
        "hf://datasets/me/cards:one:validation",
        "hf://datasets/me/cards:one:train",
        "hf://datasets/me/cards:three",
        "hf://datasets/me/shards:train",
        "hf://datasets/me/own",
        "hf://datasets/me/own:tain",
        "hf://datasets/me/own@never",
        "hf://datasets/me/program",
        "hf://datasets/me/gated",
        "hf://datasets/me/private",
        "hf://datasets/me/nothing",
    )
    with fake_hub(served, refused) as address:
        found = read(root / "cache", *sources, HF_ENDPOINT=address, HF_HUB_OFFLINE="0")
    return root / "cache", found


def test_a_corpus_is_read_by_its_name_with_a_slice(hub):
    table = hub[1]["snli:train[:20%]"]
    assert table["first"] == ["Tea number 0 is hot.", "Tea number 1 is hot."]
    assert table["labels"] == ["entailment", "neutral"]
    assert table["sides"] == ["premise", "hypothesis"]
    assert table["split"] == "train"
    assert any(COMMIT[:12] in note and "CC BY-SA" in note for note in table["notes"])


def test_a_slice_outside_a_corpus_says_how_many_rows_there_are(hub):
    refused = hub[1]["snli:train[:99]"]
    assert refused["code"] == "slice-invalid"
    assert "which has 11 rows" in refused["message"]


def test_all_splits_with_labels_are_found(hub):
    assert hub[1]["all of snli"] == ["train", "validation", "test"]
    assert hub[1]["all of rte"] == ["train", "validation"]
    assert hub[1]["rte:test"]["code"] == "label-missing"


def test_classes_that_are_numbers_get_the_names_of_their_corpus(hub):
    assert hub[1]["mrpc:train"]["labels"] == ["equivalent", "not_equivalent"]


def test_any_dataset_is_read_by_its_address_config_and_split(hub):
    assert hub[1]["hf://datasets/nyu-mll/glue:mrpc:dev"]["labels"] == ["1", "0"]
    several = hub[1]["hf://datasets/nyu-mll/glue"]
    assert several["code"] == "split-not-found"
    assert several["expected"] == "one of mrpc, rte"


def test_a_card_says_which_file_is_which_split(hub):
    online = hub[1]
    assert online["hf://datasets/me/cards:train_r1"]["first"] == ["two a"]  # and not what lies deeper
    assert online["hf://datasets/me/cards:one:train"]["first"] == ["one a"]
    assert online["hf://datasets/me/cards:one:validation"]["first"] == ["one b"]
    assert "three" in online["hf://datasets/me/cards:three"]["message"]
    assert online["hf://datasets/me/cards:three"]["expected"] == "one of train_r1"


def test_a_dataset_that_is_a_program_is_read_from_the_hubs_own_copy_and_never_run(hub):
    assert hub[1]["hf://datasets/me/own"]["labels"] == ["yes"]
    assert hub[1]["hf://datasets/me/program"]["code"] == "source-not-found"
    assert "not run" in hub[1]["hf://datasets/me/program"]["hint"]


def test_what_the_hub_refuses_is_distinguished(hub):
    _, found = hub
    assert found["hf://datasets/me/own:tain"]["code"] == "split-not-found"
    assert "train" in found["hf://datasets/me/own:tain"]["hint"]
    assert "revision" in found["hf://datasets/me/own@never"]["message"]
    for name in ("gated", "private", "nothing"):
        assert found[f"hf://datasets/me/{name}"]["code"] == "source-not-found"
    for name in ("gated", "private"):
        assert "HF_TOKEN" in found[f"hf://datasets/me/{name}"]["hint"]


def test_what_was_fetched_is_read_offline_and_the_rest_says_what_to_do(hub):
    cache, online = hub
    sources = (
        "snli:train[:20%]",
        "hf://datasets/me/own",
        "hf://datasets/me/cards:one:validation",
        "qqp",
        "mrpc:test",
    )
    found = read(cache, *sources, HF_HUB_OFFLINE="1", HF_ENDPOINT=NOWHERE)
    for source in sources[:3]:
        assert found[source]["first"] == online[source]["first"]
    # In the cache are other parts of the same repository.
    assert found["mrpc:test"]["code"] == "split-not-found"
    assert "cache" in found["mrpc:test"]["message"]
    assert found["qqp"]["code"] in ("split-not-found", "corpus-unreachable")
    # A hub that does not answer is asked again for half a minute by its library, so one source stands for all.
    found = read(cache, sources[0], HF_ENDPOINT=NOWHERE)
    assert found[sources[0]]["first"] == online[sources[0]]["first"]
    empty = read(cache.parent / "empty", "snli:train", HF_HUB_OFFLINE="1", HF_ENDPOINT=NOWHERE)
    assert empty["snli:train"]["code"] == "corpus-unreachable"
    assert "HF_HUB_OFFLINE" in empty["snli:train"]["message"]
    assert "HF_HOME" in empty["snli:train"]["hint"]


def test_a_path_of_the_same_name_is_that_path(tmp_path, monkeypatch):
    write_rows(
        tmp_path / "snli/train.csv",
        ["premise", "hypothesis", "label"],
        ("It rains.", "It is wet.", "neutral"),
    )
    monkeypatch.chdir(tmp_path)
    assert load_pairs("snli:train").first == ["It rains."]


def test_a_typo_names_the_corpus_that_is_near():
    with pytest.raises(SourceNotFound) as caught:
        load_pairs("mulit_nli:train")
    assert "multi_nli" in (caught.value.hint or "")
    with pytest.raises(SplitNotFound, match="validation"):
        load_pairs("snli:validaton")


@pytest.mark.parametrize("text", ["hf://owner/name", "hf://datasets/name", "hf://datasets/a/b:c:d:e"])
def test_what_is_no_address_is_refused(text):
    with pytest.raises(UsageError, match="address"):
        parse_address(text)


def declared(tmp_path: Path, header: str, *tables: str) -> tuple[Any, str | None]:
    card = tmp_path / "README.md"
    card.write_text(f"---\n{header}\n---\n", encoding="utf-8")
    return declared_files(card, sorted(tables))


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ("a/*.csv", {"train": ("a/x.csv",)}),
        ("a/**/*.csv", {"train": ("a/b/y.csv", "a/x.csv")}),
        ("[a/b/y.csv, ./a/x.csv]", {"train": ("a/b/y.csv", "a/x.csv")}),
        ("{test: 'a/?.csv', val: 'a/b/*'}", {"test": ("a/x.csv",), "validation": ("a/b/y.csv",)}),
        (
            "[{split: val, path: a/x.csv}, {split: validation, path: a/b/y.csv}]",
            {"val": ("a/x.csv",), "validation": ("a/b/y.csv",)},
        ),
    ],
)
def test_the_forms_that_a_card_may_take(tmp_path, files, found):
    configs, default = declared(tmp_path, f"configs:\n- data_files: {files}", "a/x.csv", "a/b/y.csv")
    assert configs == {"default": found}
    assert default is None


@pytest.mark.parametrize(
    "header",
    [
        "license: mit",
        "configs: 7",
        "configs: [7]",
        "configs: [{config_name: a}]",
        "configs:\n- data_files: [{path: a.csv}]",
        "configs:\n- data_files: 'a**.csv'",
        "configs: [",
        "- a list",
    ],
)
def test_a_card_that_declares_nothing_leaves_it_to_the_names_of_files(tmp_path, header):
    assert declared(tmp_path, header, "a.csv") == ({}, None)


def test_a_cache_that_lacks_a_part_of_a_split_is_not_read_as_the_whole(hub):
    cache, online = hub
    assert online["hf://datasets/me/shards:train"]["first"] == ["a", "a"]
    part = next(cache.glob("hub/datasets--me--shards/snapshots/*/train-00001-of-00002.csv"))
    part.rename(part.with_name("lost"))
    try:
        found = read(cache, "hf://datasets/me/shards:train", HF_HUB_OFFLINE="1", HF_ENDPOINT=NOWHERE)
    finally:
        part.with_name("lost").rename(part)
    assert found["hf://datasets/me/shards:train"]["code"] == "corpus-unreachable"
    assert "Of the 2 files" in found["hf://datasets/me/shards:train"]["message"]


def test_the_names_that_converters_use_are_understood():
    found = by_names(
        [
            "data/train-00000-of-00002.parquet",
            "data/train-00001-of-00002.parquet",
            "data/validation_matched-00000-of-00001.parquet",
            "cola/test/0000.parquet",
            "dev.jsonl",
        ]
    )
    assert found["data"]["train"] == (
        "data/train-00000-of-00002.parquet",
        "data/train-00001-of-00002.parquet",
    )
    assert list(found["data"]) == ["train", "validation_matched"]
    assert found["cola"] == {"test": ("cola/test/0000.parquet",)}
    assert found[""] == {"validation": ("dev.jsonl",)}
    # A dataset of one configuration is stored under no name of its own.
    listing = Listing(HubAddress("me/own", config="default"), "main", {"data": found["data"]})
    assert listing.splits() == found["data"]


def test_every_corpus_states_what_its_user_needs_to_know():
    for name, corpus in CORPORA.items():
        assert name == corpus.name
        assert corpus.licence
        assert corpus.citation
        assert {"first", "second", "label"} == set(corpus.columns)
        assert bool(corpus.labels) or corpus.scale is not None
        assert set(corpus.unlabelled) <= set(corpus.sizes)


def test_the_commit_is_that_of_the_cache_whatever_the_folders_above_are_called():
    commit = "0123456789" * 4
    path = Path("/home/snapshots/me/hub/datasets--a--b/snapshots") / commit / "data/train.csv"
    assert commit_of(path) == commit
    assert commit_of(Path("/home/snapshots/me/train.csv")) is None
