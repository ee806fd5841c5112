"""Published corpora by the real code of huggingface_hub: a hub on loopback, its cache, offline."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from fake_hub import COMMIT, NOWHERE, ask_apart, fake_hub
from samesay.data import load_pairs
from samesay.data.corpora import CORPORA
from samesay.data.hub import HubAddress, Listing, parse_address
from samesay.data.hub import _tables as tables
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
    (root / "program").mkdir()
    (root / "program/program.py").write_text("raise SystemExit('a program of a stranger was run')")
    served = {
        "datasets/stanfordnlp/snli": root / "snli",
        "datasets/nyu-mll/glue": root / "glue",
        "datasets/me/own": root / "program",
        "datasets/me/own@refs/convert/parquet": root / "own",
        "datasets/me/program": root / "program",
    }
    refused = {"datasets/me/gated": (403, "GatedRepo"), "datasets/me/private": (401, "RepoNotFound")}
    sources = (
        "snli:train[:20%]",
        "all of snli",
        "mrpc:train",
        "rte:test",
        "all of rte",
        "hf://datasets/nyu-mll/glue:mrpc:dev",
        "hf://datasets/nyu-mll/glue",
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


def test_a_dataset_that_is_a_program_is_read_from_the_hubs_own_copy_and_never_run(hub):
    assert hub[1]["hf://datasets/me/own"]["labels"] == ["yes"]
    assert hub[1]["hf://datasets/me/program"]["code"] == "source-not-found"
    assert "not run" in hub[1]["hf://datasets/me/program"]["hint"]


def test_what_the_hub_refuses_is_told_apart(hub):
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
    sources = ("snli:train[:20%]", "hf://datasets/me/own", "qqp", "mrpc:test")
    for environment in ({"HF_HUB_OFFLINE": "1", "HF_ENDPOINT": NOWHERE}, {"HF_ENDPOINT": NOWHERE}):
        found = read(cache, *sources, **environment)
        for source in sources[:2]:
            assert found[source]["first"] == online[source]["first"]
        # In the cache are other parts of the same repository.
        assert found["mrpc:test"]["code"] == "split-not-found"
        assert "cache" in found["mrpc:test"]["message"]
        assert found["qqp"]["code"] in ("split-not-found", "corpus-unreachable")
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


def test_the_names_that_converters_use_are_understood():
    found = tables(
        [
            "README.md",
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
