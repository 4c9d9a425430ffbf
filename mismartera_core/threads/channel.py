"""A bounded queue that can be closed, from one thread to another."""

from __future__ import annotations

from collections import deque
from threading import Condition
from typing import Generic, TypeVar

from mismartera_core.monitoring.performance import PerformanceMetrics

T = TypeVar("T")


class Stopped(Exception):  # noqa: N818 - not an error: the run is being stopped
    """The run is being stopped; the worker leaves its loop."""


class Channel(Generic[T]):
    """First in, first out. The sender waits while it is full, the receiver while it is empty.

    `queue.Queue` cannot be closed before Python 3.13.

    Args:
        size: Most items that wait in it.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._items: deque[T] = deque()
        self._changed = Condition()
        self._closed = False
        self._aborted = False

    def put(self, item: T, metrics: PerformanceMetrics) -> None:
        """Hand over an item.

        Raises:
            Stopped: The run is being stopped.
        """
        metrics.worked()
        with self._changed:
            while len(self._items) >= self._size and not self._aborted:
                self._changed.wait()
            if self._aborted:
                raise Stopped
            self._items.append(item)
            self._changed.notify()
        metrics.waited()

    def get(self, metrics: PerformanceMetrics) -> T | None:
        """The next item; None when the sender has closed the channel and it is empty.

        Raises:
            Stopped: The run is being stopped.
        """
        metrics.worked()
        with self._changed:
            while not self._items and not self._closed and not self._aborted:
                self._changed.wait()
            if self._aborted:
                raise Stopped
            item = self._items.popleft() if self._items else None
            if len(self._items) <= self._size // 2:
                # Waking the sender for every place would switch threads for every frame.
                self._changed.notify()
        metrics.waited()
        return item

    def close(self) -> None:
        """Nothing more will come."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def abort(self) -> None:
        """Wake both ends; what waits in it is dropped."""
        with self._changed:
            self._aborted = True
            self._changed.notify_all()
