"""The clock of a backtest: stands where it is put."""

from __future__ import annotations


class BacktestClock:
    """A clock that is set from outside.

    Attributes:
        now_ns: The instant, nanoseconds since the epoch, UTC; written by the engine at each step.
    """

    __slots__ = ("now_ns",)

    def __init__(self, now_ns: int = 0) -> None:
        self.now_ns = now_ns
