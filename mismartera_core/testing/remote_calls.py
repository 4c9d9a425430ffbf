"""Requests to a provider of a network service, while its venue has faults."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from mismartera_core.contracts.provider import DataProvider
from mismartera_core.errors import DataError
from mismartera_core.model.columns import BarColumns
from mismartera_core.model.intervals import interval_ns
from mismartera_core.registry.attributes import one_line
from mismartera_core.testing import rows
from mismartera_core.testing.loopback import Fault, LoopbackServer, Request
from mismartera_core.testing.provider_bars import described
from mismartera_core.testing.suite import breach, expect, not_applicable

_PIECES = 16
"""Parts that a window is read in at least, to know what is in it without paging."""
_SEVERAL = 3


class Call:
    """A call in a thread of its own: it may never end.

    Args:
        ask: What is called.

    Attributes:
        answer: What it returned.
        error: What it raised.
    """

    def __init__(self, ask: Callable[[], Any]) -> None:
        self.answer: Any = None
        self.error: Exception | None = None
        self._ask = ask
        self.thread = threading.Thread(target=self._run, name="request under test", daemon=True)
        self.thread.start()

    def _run(self) -> None:
        try:
            self.answer = self._ask()
        except Exception as error:  # noqa: BLE001 - told by whoever asked
            self.error = error

    def ends_within(self, seconds: float) -> bool:
        """Whether it has ended, waiting so long.

        Args:
            seconds: Longest wait.
        """
        self.thread.join(max(seconds, 0.0))
        return not self.thread.is_alive()


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A provider, its venue, and what it answers while the venue is well.

    Attributes:
        made: The provider, which was not asked for bars yet.
        venue: The server behind it.
        source: Name of its registration.
        symbol: What is asked for.
        interval: Bar interval.
        window: First and last stamp, the last excluded.
        expected: The bars, from another instance.
        count: Requests these took.
    """

    made: DataProvider
    venue: LoopbackServer
    source: str
    symbol: str
    interval: str
    window: tuple[int, int]
    expected: BarColumns
    count: int

    @property
    def whose(self) -> str:
        """What messages call the bars."""
        return described(self.symbol, self.interval)

    def ask(self) -> BarColumns:
        """The bars of the window."""
        return self.made.get_bars(self.symbol, self.interval, *self.window)

    def pages_or_skip(self, what: str) -> None:
        """Skip where the window is no more than three pages.

        Args:
            what: What cannot be tested then.
        """
        if self.count <= _SEVERAL:
            not_applicable(
                f"{what} needs more than {_SEVERAL} pages, the window took {self.count} requests: "
                "let the venue serve smaller pages, or override `window`"
            )

    def meets(
        self, faults: Sequence[Fault | None], then: Fault | None = None
    ) -> tuple[Call, Callable[[], tuple[Request, ...]]]:
        """Ask while the venue has faults, from the second request on where there are pages.

        Args:
            faults: Of the requests from there on.
            then: Of all that follow.

        Returns:
            The call, and a function for the requests since it began.
        """
        healthy = [None] if self.count > _SEVERAL - 1 else []
        before = len(self.venue.requests)
        self.venue.script([*healthy, *faults], then)
        return Call(self.ask), lambda: self.venue.requests[before:]

    def recovers(self, fault: Fault, what: str, seconds: float, cure: str) -> tuple[Request, ...]:
        """Expect the whole answer although one request meets a fault.

        Args:
            fault: What it meets.
            what: How messages call it.
            seconds: The deadline.
            cure: What to do where the answer differs.

        Returns:
            The requests it took, from the one that met the fault.
        """
        contract = f"{what} is retried, and the answer is whole"
        call, requests = self.meets([fault])
        if not call.ends_within(seconds):
            breach(contract, f"{self.whose}: no answer after {seconds:g} s", cure)
        if call.error is not None:
            breach(contract, f"{self.whose}: {one_line(call.error)}", cure)
        rows.same_rows(call.answer, self.expected, contract, self.whose, cure)
        return requests()[self.count > _SEVERAL - 1 :]

    def refuses(self, fault: Fault, what: str, seconds: float, cure: str) -> None:
        """Expect a DataError that names symbol and source, in time, while a fault stays.

        Args:
            fault: What every request meets.
            what: How messages call it.
            seconds: The deadline.
            cure: What to do where there is none.
        """
        contract = f"{what} ends in a DataError within {seconds:g} s"
        call, requests = self.meets([], then=fault)
        if not call.ends_within(seconds):
            found = f"{self.whose}: still at it, {len(requests())} requests so far"
            breach(contract, found, cure)
        if call.error is None:
            held = f"{len(call.answer)} rows" if hasattr(call.answer, "__len__") else "an answer"
            breach(contract, f"{self.whose}: no error, {held}", cure)
        if not isinstance(call.error, DataError):
            breach(contract, f"{self.whose}: {one_line(call.error)}", cure)
        text = f"{call.error}; {call.error.hint}"
        named = self.source in text or self.venue.address in text
        expect(
            self.symbol in text and named,
            "the error of a failed request names the symbol and the source",
            f"{text!r}",
            f"raise DataError(f'{self.source}: bars of {{symbol}}: ...')",
        )


def unpaged(
    made: DataProvider, venue: LoopbackServer, symbol: str, interval: str, window: tuple[int, int]
) -> BarColumns:
    """Bars read in pieces so small that none takes more requests than a single bar.

    Args:
        made: The provider.
        venue: The server behind it.
        symbol: Ticker.
        interval: Bar interval.
        window: First and last stamp, the last excluded.
    """
    step = interval_ns(interval)

    def read(start: int, end: int) -> tuple[BarColumns, int]:
        before = len(venue.requests)
        return made.get_bars(symbol, interval, start, end), len(venue.requests) - before

    def pieces(start: int, end: int) -> list[BarColumns]:
        bars, count = read(start, end)
        if count <= least or end - start <= step:
            return [bars]
        middle = start + max(step, (end - start) // 2 // step * step)
        return [*pieces(start, middle), *pieces(middle, end)]

    start, end = window
    made.get_bars(symbol, interval, start, start + step)  # whatever is asked only once
    least = read(start, start + step)[1]
    length = max(step, (end - start) // _PIECES // step * step)
    cuts = [*range(start, end, length), end]
    return BarColumns.concat(
        [p for low, high in itertools.pairwise(cuts) for p in pieces(low, high)]
    )


def together(ask: Callable[[], Any], rounds: int, seconds: float) -> list[Call]:
    """Ask from two threads at once.

    Args:
        ask: One request of the suite.
        rounds: How often each thread asks.
        seconds: Longest wait.

    Returns:
        The two calls; one that has not ended is over time.
    """
    until = time.monotonic() + seconds

    def repeatedly() -> None:
        for _ in range(rounds):
            ask()

    calls = [Call(repeatedly) for _ in range(2)]
    for call in calls:
        call.ends_within(until - time.monotonic())
    return calls


def fastest(requests: Sequence[Request], burst: int, slack: float) -> tuple[float, int]:
    """The stretch of time in which most requests a second came.

    Args:
        requests: In order of arrival.
        burst: Requests that may come at once, before the rate counts.
        slack: Seconds by which any request may have been late.

    Returns:
        Requests a second beyond the burst, and how many requests the stretch has.
    """
    at = [request.at for request in requests]
    rates = [
        ((last - first + 1 - burst) / (at[last] - at[first] + slack), last - first + 1)
        for first in range(len(at))
        for last in range(first, len(at))
    ]
    return max(rates, default=(0.0, 0))
