"""Memory that a training step gives back is there for the next one, and the system's again after the run."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

# In a process of its own: the allocator's settings are the process'. In a thread, as XLA's steps are.
SCRIPT = """
from samesay.model.runtime.allocator import freed_memory_kept, use_one_arena

use_one_arena()
import resource
import threading
import numpy as np

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    steps = threading.Thread(target=lambda: [np.ones(100_000_000, np.uint8).sum() for _ in range(3)])
    steps.start()
    steps.join()
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

def resident():
    return int(open("/proc/self/statm").read().split()[1]) * resource.getpagesize()

def measured():
    faults()
    return faults()

before = measured()
with freed_memory_kept():
    kept, held = measured(), resident()
print(before, kept, held - resident(), measured())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the allocator is glibc's")
def test_a_step_finds_the_memory_of_the_one_before_and_the_system_gets_it_back() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    before, kept, given_back, after = map(int, done.stdout.split())
    pages = 3 * 100_000_000 // 4096
    # numpy asks for large pages where the system has them.
    assert kept < min(before, pages) / 5
    assert given_back > 90_000_000
    assert after > kept
