"""Calls into plugins that may never return."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import TypeVar

T = TypeVar("T")


class HungError(Exception):
    """A call did not return in time; its thread is left behind.

    Args:
        thread: Name of the thread.
        where: File and line at which it was last seen; empty where nobody can tell.
    """

    def __init__(self, thread: str, where: str) -> None:
        super().__init__(f"still in thread {thread!r}" + (f", at {where}" if where else ""))
        self.thread = thread
        self.where = where


def within(seconds: float, name: str, work: Callable[[], T]) -> T:
    """Call something in a thread of its own and wait for it so long.

    Args:
        seconds: At most.
        name: Of the thread. It is a daemon, which is the one way not to wait for it at the end.
        work: What is called.

    Raises:
        HungError: It has not returned.
        BaseException: Whatever it raised.
    """
    answers: list[T] = []
    errors: list[BaseException] = []

    def target() -> None:
        try:
            answers.append(work())
        except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
            errors.append(error)

    thread = Thread(target=target, name=name, daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        raise HungError(name, _seen(thread.ident))
    if errors:
        raise errors[0]
    return answers[0]


def _seen(ident: int | None) -> str:
    """Where a thread is: the innermost line outside of Python's own library."""
    frame = sys._current_frames().get(ident or 0)  # noqa: SLF001 - documented, by this name
    own = str(Path(Thread.__init__.__code__.co_filename).parent)
    while frame is not None:
        file = frame.f_code.co_filename
        if not file.startswith((own, "<frozen")):
            return "" if file == __file__ else f"{Path(file).name}:{frame.f_lineno}"
        frame = frame.f_back
    return ""
