"""How far the machine's clock is from the venue's, looked at every minute of a live session."""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Event, Thread
from types import TracebackType
from typing import Self

from mismartera_core.errors import BrokerError
from mismartera_core.managers.execution_manager.surroundings import Surroundings

log = logging.getLogger(__name__)

EVERY = 60.0
"""Seconds between looks."""


class ClockWatch:
    """Keeps `surroundings.clock_skew` up to date while it is entered.

    Args:
        venue_ns: The venue's clock, nanoseconds UTC.
        now_ns: The wall clock, nanoseconds UTC.
        surroundings: Takes the difference.
        every: Seconds between looks.
    """

    def __init__(
        self,
        venue_ns: Callable[[], int],
        now_ns: Callable[[], int],
        surroundings: Surroundings,
        every: float = EVERY,
    ) -> None:
        self._venue_ns = venue_ns
        self._now_ns = now_ns
        self._surroundings = surroundings
        self._every = every
        self._stop = Event()
        self._thread = Thread(target=self._run, name="ClockWatch")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(self._every):
            try:
                self._surroundings.clock_skew = skew(self._venue_ns, self._now_ns)
            except BrokerError as error:
                log.warning("the venue's clock could not be asked: %s", error)


def skew(venue_ns: Callable[[], int], now_ns: Callable[[], int]) -> float:
    """The machine's clock less the venue's, seconds; the way to the venue counts half each way.

    Args:
        venue_ns: The venue's clock, nanoseconds UTC.
        now_ns: The wall clock, nanoseconds UTC.

    Raises:
        BrokerError: The venue does not answer.
    """
    before = now_ns()
    there = venue_ns()
    return ((before + now_ns()) / 2 - there) / 1e9
