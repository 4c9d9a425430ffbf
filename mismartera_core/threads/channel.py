"""A bounded queue that can be closed, from one thread to another."""

from __future__ import annotations

from collections import deque
from threading import Condition
from typing import Generic, TypeVar

from mismartera_core.monitoring.performance import PerformanceMetrics

T = TypeVar("T")


class Stopped(Exception):  # noqa: N818 - not an error: the run is being stopped
    """The run is being stopped; the worker leaves its loop."""


class Idle(Exception):  # noqa: N818 - not an error: there is time to look around
    """Nothing has come in the time that a receiver waits."""


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
        self._awake = False

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

    def offer(self, item: T) -> bool:
        """Hand over an item without waiting; where there is no room the oldest goes.

        Returns:
            Whether there was room.

        Raises:
            Stopped: The run is being stopped.
        """
        with self._changed:
            if self._aborted:
                raise Stopped
            room = len(self._items) < self._size
            if not room:
                self._items.popleft()
            self._items.append(item)
            self._changed.notify()
        return room

    def get(self, metrics: PerformanceMetrics, timeout: float | None = None) -> T | None:
        """The next item; None when the sender has closed the channel and it is empty.

        Args:
            metrics: Of the receiver.
            timeout: Seconds to wait at most; None for as long as it takes. There is no wait
                either when the channel is woken, or has been since the last item.

        Raises:
            Idle: Nothing has come in that time.
            Stopped: The run is being stopped.
        """
        metrics.worked()
        with self._changed:
            while not self._items and not self._closed and not self._aborted:
                # Who was woken while it was busy must not wait: the notice has passed.
                woken = (timeout is not None and self._awake) or self._changed.wait(timeout)
                if timeout is not None and (not woken or self._awake) and not self._items:
                    self._awake = False
                    metrics.waited()
                    raise Idle
            self._awake = False
            if self._aborted:
                raise Stopped
            item = self._items.popleft() if self._items else None
            if len(self._items) <= self._size // 2:
                # Waking the sender for every place would switch threads for every frame.
                self._changed.notify()
        metrics.waited()
        return item

    def wake(self) -> None:
        """End the wait of a receiver that has set itself a time; to be called by any thread."""
        with self._changed:
            self._awake = True
            self._changed.notify_all()

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
