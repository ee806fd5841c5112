"""Ctrl-C, and what a scheduler or a lost terminal sends in its place: SIGTERM and SIGHUP end a command in the same way.

In Python programs of others only Ctrl-C is heard: what their SIGTERM does is theirs to say.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_TERMINATED = [number for name in ("SIGTERM", "SIGHUP") if (number := getattr(signal, name, None))]


class _Last:
    number: int = signal.SIGINT


def status() -> int:
    """The exit status of what was interrupted: 130 after Ctrl-C, 143 after SIGTERM, 129 after SIGHUP."""
    return 128 + _Last.number


def listen() -> None:
    """From now on SIGTERM and SIGHUP raise ``KeyboardInterrupt``, as Ctrl-C does, where nobody chose to ignore them."""
    _Last.number = signal.SIGINT
    if threading.current_thread() is not threading.main_thread():
        return
    for number in _TERMINATED:
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _interrupt)


def heard() -> bool:
    """Whether SIGTERM or SIGHUP has come since ``listen``."""
    return _Last.number != signal.SIGINT


@contextmanager
def first_one_calls(stop: Callable[[], None]) -> Iterator[None]:
    """Within it the first interrupt calls ``stop``; a second one interrupts at once."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, *_TERMINATED)}
    # A shell's background job is to outlive the Ctrl-C that is meant for another.
    ours = [
        number
        for number, handler in before.items()
        if handler is _interrupt or (number == signal.SIGINT and handler is not signal.SIG_IGN)
    ]
    if threading.current_thread() is not threading.main_thread():
        ours = []

    def put_back() -> None:
        for number in ours:
            signal.signal(number, before[number])

    def on_interrupt(number: int, frame: FrameType | None) -> None:
        _Last.number = number
        put_back()
        stop()

    for number in ours:
        signal.signal(number, on_interrupt)
    try:
        yield
    finally:
        put_back()


def _interrupt(number: int, frame: FrameType | None) -> None:
    _Last.number = number
    raise KeyboardInterrupt
