"""The matrix products that a training step cannot do without, and how long they take alone.

What a step computes beside them (norms, activations, dropout, the optimizer, moving numbers about) is what the share of
this time in the step's own tells.
"""

from __future__ import annotations

import statistics
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np


class Product(NamedTuple):
    """``n`` products of ``(rows, inner)`` by ``(inner, columns)``."""

    n: int
    rows: int
    inner: int
    columns: int

    @property
    def multiplications(self) -> int:
        """Of all of them."""
        return self.n * self.rows * self.inner * self.columns


def training_products(
    *, height: int, width: int, layers: int, heads: int, hidden: int, inner: int
) -> Counter[Product]:
    """Of one step on ``height`` rows of ``width`` tokens, the last layer for the first position alone.

    Each product of the forward pass has two in the backward pass: for its left side and for its right one.
    """
    tokens, size = height * width, hidden // heads
    forward: Counter[Product] = Counter()
    for layer in range(layers):
        last = layer + 1 == layers
        if last:
            # Neither keys nor values: what asks is taken through the keys' kernel, what is taken through the values'.
            forward[Product(1, height, hidden, hidden)] += 1
            forward[Product(heads, height, size, hidden)] += 1
            forward[Product(height, heads, hidden, width)] += 1
            forward[Product(height, heads, width, hidden)] += 1
            forward[Product(heads, height, hidden, size)] += 1
        else:
            forward[Product(1, tokens, hidden, 3 * hidden)] += 1
            forward[Product(height * heads, width, size, width)] += 1
            forward[Product(height * heads, width, width, size)] += 1
        rows = height if last else tokens
        forward[Product(1, rows, hidden, hidden)] += 1
        forward[Product(1, rows, hidden, inner)] += 1
        forward[Product(1, rows, inner, hidden)] += 1
    forward[Product(1, height, hidden, hidden)] += 1
    every: Counter[Product] = Counter()
    for one, times in forward.items():
        n, rows, between, columns = one
        every[one] += times
        every[Product(n, rows, columns, between)] += times
        every[Product(n, between, rows, columns)] += times
    return every


def seconds_alone(products: Iterable[Product], *, at_least: float = 0.1) -> dict[Product, float]:
    """The median time of each, by the faster of XLA and NumPy's BLAS, all cores theirs.

    Args:
        products: Which.
        at_least: Seconds that each is repeated for, with each of the two.
    """
    import jax

    draw = np.random.default_rng(0)
    multiplied = jax.jit(jax.numpy.matmul)
    found = {}
    for one in set(products):
        shape = (one.n,) if one.n > 1 else ()
        left = draw.normal(size=(*shape, one.rows, one.inner)).astype(np.float32)
        right = draw.normal(size=(*shape, one.inner, one.columns)).astype(np.float32)
        on_device = jax.numpy.asarray(left), jax.numpy.asarray(right)
        result = np.empty((*shape, one.rows, one.columns), np.float32)
        found[one] = min(
            _median(lambda of=on_device: multiplied(*of).block_until_ready(), at_least),
            _median(lambda a=left, b=right, c=result: np.matmul(a, b, out=c), at_least),
        )
    return found


def seconds_of(products: Mapping[Product, int], alone: Mapping[Product, float]) -> float:
    """The time of all of them, one after the other."""
    return sum(times * alone[one] for one, times in products.items())


def _median(work: object, at_least: float) -> float:
    assert callable(work)
    work()
    times: list[float] = []
    while sum(times) < at_least or len(times) < 5:
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return statistics.median(times)
