"""PyTorch and TensorFlow compute what JAX computes, and keep what they learned, each in an environment of its own."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from benchmarks.backends import save_small

    return save_small(tmp_path_factory.mktemp("backends") / "small")


@pytest.fixture(scope="module")
def by_jax(small: Path) -> dict[str, Any]:
    from benchmarks.backends import run

    return run(Path(sys.executable), "jax", small, small, small.with_name("jax"))


@pytest.mark.parametrize("backend", ["torch", "tensorflow"])
def test_it_computes_and_keeps_the_same(backend: str, small: Path, by_jax: dict[str, Any]) -> None:
    from benchmarks.backends import compare, run
    from benchmarks.environments import NoProcessorBuild, python_with

    try:
        python = python_with(backend)
    except NoProcessorBuild as reason:
        pytest.skip(str(reason))
    found = {"jax": by_jax, backend: run(python, backend, small, small, small.with_name(backend))}
    assert len(set(by_jax["losses"])) > 10, "the steps stand still"
    assert [one for one in compare(found) if not one.met] == []
