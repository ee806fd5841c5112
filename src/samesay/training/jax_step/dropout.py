"""Dropout whose random numbers cost next to nothing on a processor.

Which places are dropped is a function of a layer's own random state (seed and count, as Keras keeps them) and of the
place's number: no sequence has to be drawn, so the numbers are computed where they are used. The function is an integer
hash of two rounds (Wellons 2018, "Prospecting for hash functions", lowbias32), each keyed by one half of the state;
counter-based generators are described by Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3".
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

_LEVELS = 1 << 16
"""Rates are kept to one part in so many: 0.1 becomes 0.100006, and what is kept is scaled by that."""


def dropped(x: Any, rate: float, state: Any) -> Any:
    """``x`` with a share ``rate`` of its places 0 and the others scaled to keep the mean (Srivastava et al. 2014).

    Args:
        x: Any shape of float32.
        rate: In [0, 1].
        state: ``(2,)`` unsigned integers, seed and count: the same state drops the same places.
    """
    if rate == 0:
        return x
    if rate == 1:
        return jnp.zeros_like(x)
    threshold = max(1, round(rate * _LEVELS))
    kept = uniform_bits(x.shape, state) >= np.uint32(threshold)
    return jnp.where(kept, x * np.float32(_LEVELS / (_LEVELS - threshold)), np.float32(0))


def uniform_bits(shape: tuple[int, ...], state: Any) -> Any:
    """Whole numbers from 0 to 65,535, each as likely as the others, of ``shape`` as uint32."""
    # The last two axes counted on their own: a division for every place would cost more than the hash.
    place = jnp.zeros(shape, jnp.uint32)
    stride = 1
    for axis in reversed(range(len(shape))):
        place = place + jax.lax.broadcasted_iota(jnp.uint32, shape, axis) * np.uint32(stride)
        stride *= shape[axis]
    seed, count = (jnp.asarray(state, jnp.uint32)[at] for at in (0, 1))
    # The keys are scalars, so that all of this but the hash of the places is computed once.
    first = _mixed(seed ^ _mixed(count + np.uint32(0x9E3779B9)))
    second = _mixed(first + np.uint32(0x85EBCA6B))
    return _mixed(_mixed(place + first) ^ second) >> 16


def _mixed(x: Any) -> Any:
    """lowbias32, a bijection of 32-bit integers."""
    x = (x ^ (x >> 16)) * np.uint32(0x7FEB352D)
    x = (x ^ (x >> 15)) * np.uint32(0x846CA68B)
    return x ^ (x >> 16)
