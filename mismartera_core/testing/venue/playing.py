"""The venue's clock runs ahead of real time, in a thread."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mismartera_core.testing.venue.fake_venue import FakeVenue


class Player:
    """Lets a venue's clock run, and everything happen when it is due.

    The clock never passes anything that has not happened yet: it waits there.

    Args:
        venue: The venue.
        rate: Seconds of the venue in a real second.
        until_ns: Where it ends; at the end of the tape where it is None.
    """

    def __init__(self, venue: FakeVenue, rate: float, until_ns: int | None) -> None:
        self._venue, self._rate, self._until = venue, rate, until_ns
        self._wake = threading.Event()
        self._stopped = False
        self.ended = threading.Event()
        self.error: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="venue player")
        self._thread.start()

    def wake(self) -> None:
        """Look again at what is due next."""
        self._wake.set()

    def stop(self) -> None:
        """End the thread; the clock stands where it is."""
        self._stopped = True
        self._wake.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            while not self._stopped and self._step():
                pass
        except Exception as error:  # noqa: BLE001 - raised by whoever waits for the end
            self.error = error
        finally:
            self._venue.clock.set(self._venue.clock.now_ns)
            self.ended.set()

    def _step(self) -> bool:
        """Wait for what is due next and let it happen; whether anything is left."""
        due = self._venue.next_ns
        if due is None or (self._until is not None and due > self._until):
            due = self._until
        if due is None:
            return False
        self._venue.clock.run(self._rate, due)
        left = (due - self._venue.clock.now_ns) / self._rate / 1e9
        if left > 0.0 and self._wake.wait(left):
            self._wake.clear()
            return True
        self._venue.advance(due)
        return due != self._until
