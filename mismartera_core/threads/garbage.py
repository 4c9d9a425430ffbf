"""Python looks for garbage when nobody waits for a decision: never by itself while a run lasts.

What a run allocates (bars by the hundred thousand) would set the search off for nothing. With 500
symbols live, a search through everything took 100 to 200 ms (measured), every few minutes, and most
often between a bar and the decision on it.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

YOUNG = 10_000
"""Objects made since the last search from which on another is worth its time."""
THOROUGH = 60.0
"""Seconds after which a live session that is quiet searches everything."""


@contextmanager
def collection_paused() -> Iterator[None]:
    """No automatic search within; what is there already is left out of every search."""
    was_on = gc.isenabled()
    gc.disable()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
        if was_on:
            gc.enable()


def tidy_young() -> None:
    """Search what was made of late, if that is much; between frames or sessions."""
    if gc.get_count()[0] > YOUNG:
        gc.collect(0)


class Quiet:
    """Searches everything now and then, when told that it is quiet."""

    def __init__(self) -> None:
        self._searched = monotonic()

    def tidy(self) -> None:
        """Search everything, if the last time was long ago."""
        if monotonic() - self._searched > THOROUGH:
            gc.collect()
            self._searched = monotonic()
