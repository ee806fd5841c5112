"""The fuzz target: a minute of it here, an hour in ``make acceptance``; see ``fuzz.watch``."""

from __future__ import annotations

import sys
import time

import pytest

from fuzz import worker
from fuzz.mutation import CANARY
from fuzz.watch import Watched, hunt, kept_seeds

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="pipes, links and signals of Unix")

OPEN = {name for name, _ in kept_seeds(still_open=True)}
"""Specimens that are left out until what was found with them is mended."""

STAND_IN = """
import json, os, sys, time
kept = []
for line in sys.stdin:
    name, seed = line.split()
    if seed != "0":
        {deed}
    print(json.dumps({{"wrong": None}}), flush=True)
"""


def test_a_minute_of_changed_inputs_is_met(tmp_path):
    n_tried, findings = hunt(60, start=1, folder=tmp_path, first=kept_seeds(), without=OPEN)
    assert n_tried > 20
    assert not findings, "\n".join(
        ["try again: python tests/fuzz/watch.py SPECIMEN:NUMBER", *map(str, findings)]
    )


@pytest.mark.slow
def test_an_hour_of_changed_inputs_is_met(tmp_path):
    start = int(time.time())
    n_tried, findings = hunt(3600, start=start, folder=tmp_path, first=kept_seeds(), without=OPEN)
    told = f"{n_tried:,} inputs from {start:,} on; add to tests/fuzz/seeds.txt:"
    assert not findings, "\n".join([told, *map(str, findings)])


@pytest.mark.parametrize(
    ("deed", "told"),
    [
        ("while True: pass", "no end after"),
        ("time.sleep(60)", "no end after 3 s"),
        ("os.abort()", "the process died with -6"),
        ("kept.append(bytearray(b'x') * 700_000_000); time.sleep(60)", "bytes of memory"),
    ],
)
def test_the_watch_sees_what_hangs_dies_or_eats_the_memory(tmp_path, deed, told):
    stand_in = tmp_path / "stand_in.py"
    stand_in.write_text(STAND_IN.format(deed=deed))
    watched = Watched(tmp_path, hangs_after=0.5, worker=stand_in)
    try:
        found = watched.trial("pairs.csv", 1)
        assert found is not None
        assert told in found.wrong
        assert watched.trial("pairs.csv", 2) is not None, "it goes on with a new process"
    finally:
        watched.close()


@pytest.mark.parametrize(
    ("status", "said", "left", "told"),
    [
        (15, "error[row-malformed]: …", None, None),
        (0, "", "scored.csv", None),
        (70, "", None, "status 70"),
        (-11, "", None, "status -11"),
        (15, "Traceback (most recent call last)", None, "traceback"),
        (15, "\x1b[31m", None, "control character"),
        (15, "", "scored.csv", "although it failed"),
        (0, "", ".scored.csv.draft", "draft is left"),
        (0, "", CANARY, "was run"),
    ],
)
def test_what_is_asked_of_a_trial(tmp_path, status, said, left, told):
    out = tmp_path / "out"
    out.mkdir()
    if left:
        ((tmp_path if left == CANARY else out) / left).touch()
    wrong = worker._wrong(status, said, out, tmp_path)
    assert wrong is None if told is None else told in (wrong or "")
