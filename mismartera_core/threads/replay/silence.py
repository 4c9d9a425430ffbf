"""Since when the feed of a live session is silent: told by its frames, in the order they come."""

from __future__ import annotations

from mismartera_core.store.frame import Frame

DUE_WITHIN = 50_000_000_000
"""Silence of a connected feed before bars are due that counts at most, nanoseconds: with a minute
allowed, the feed is stale ten seconds after the bars should have come."""


class Silence:
    """Follows the feed.

    While it is connected nothing is amiss until bars are due: the silence before is the market's.
    A step without any bar does not put off when they were due.
    """

    def __init__(self) -> None:
        self._heard_ns = -1
        self._due_ns = 0

    def since(self, frame: Frame) -> int | None:
        """Since when, nanoseconds UTC, as a new frame has it; None where it cannot fall silent."""
        feed = frame.feed
        if feed is None or not frame.next_ns:
            return None
        if feed.heard_ns != self._heard_ns or frame.opens or _brings_bars(frame):
            self._heard_ns, self._due_ns = feed.heard_ns, frame.next_ns
        if not feed.live:
            return feed.heard_ns or frame.upto_ns
        return max(feed.heard_ns, self._due_ns - DUE_WITHIN)


def _brings_bars(frame: Frame) -> bool:
    """Whether a step has a bar, from wherever: what was loaded while the stream began, too."""
    return any(frame.fresh(track) < track.stop for track in frame.base)
