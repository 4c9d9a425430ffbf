"""The bars of a recorded session: as they finally are, or as they were known at an instant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from mismartera_core.contracts.provider import DataProvider
from mismartera_core.errors import DataError
from mismartera_core.model.columns import PRICE_FIELDS, BarColumns
from mismartera_core.model.parity import Cause, Trouble
from mismartera_core.repositories.recording import Recording
from mismartera_core.repositories.recording_values import decode
from mismartera_core.store.frame import Feed
from mismartera_core.store.live_step import Change, ChangeKind, LiveStep
from mismartera_core.system.recorded import tracks
from mismartera_core.system.recorded.steps import step_of

Prices = tuple[float, ...]
CAUSES = {
    ChangeKind.LATE: Cause.BAR_LATE,
    ChangeKind.REVISED: Cause.BAR_REVISED,
    ChangeKind.FILLED: Cause.BAR_FILLED,
}


@dataclass(slots=True)
class RecordedBars:
    """Base bars by symbol, and what became of them.

    Attributes:
        symbols: Tickers, by row.
        interval_ns: Length of a base bar.
        steps: Steps that were applied, in order.
        prices: By symbol row, prices by open.
    """

    symbols: tuple[str, ...]
    interval_ns: int
    steps: list[LiveStep] = field(default_factory=list)
    prices: tuple[dict[int, Prices], ...] = ()

    @property
    def feed(self) -> Feed:
        """How the stream stood at the last step."""
        return self.steps[-1].feed

    def changes(self, symbol: int, bar_ns: int) -> Iterator[tuple[LiveStep, Change]]:
        """What the session was told of one bar, in order."""
        for step in self.steps:
            for change in step.changes:
                if change.symbol == symbol and change.bar.ts == bar_ns:
                    yield step, change

    def troubles(self) -> tuple[Trouble, ...]:
        """Bars that strategies did not know in time as they finally are."""
        return tuple(
            Trouble(
                CAUSES[change.kind],
                change.symbol,
                change.bar.ts,
                change.bar.ts + self.interval_ns,
                step.upto_ns,
            )
            for step in self.steps
            for change in step.changes
            if change.kind in CAUSES
        )

    def columns(self, symbol: int) -> BarColumns:
        """Bars of a symbol, each known at its close."""
        held = self.prices[symbol]
        opens = sorted(held)
        rows = [held[ts] for ts in opens]
        values = zip(*rows, strict=True) if rows else [[]] * len(PRICE_FIELDS)
        return BarColumns.build(opens, *values, interval_ns=self.interval_ns)


def recorded_bars(
    recording: Recording,
    symbols: tuple[str, ...],
    interval_ns: int,
    until_ns: int | None = None,
) -> RecordedBars:
    """The bars of a recorded session.

    Args:
        recording: The recording.
        symbols: Tickers, by row.
        interval_ns: Length of a base bar.
        until_ns: Only what was known by then; everything where left out.

    Raises:
        DataError: No step was recorded.
    """
    prices: tuple[dict[int, Prices], ...] = tuple({} for _ in symbols)
    found = RecordedBars(symbols, interval_ns, prices=prices)
    for item in recording.items:
        if item.track != tracks.COORDINATOR:
            continue
        if item.kind == "provider.load_bars" and not item.failed:
            for symbol, bars in decode(item.came).items():
                prices[symbols.index(symbol)].update(_rows(bars))
        elif item.kind == tracks.STEP:
            step = step_of(item.came)
            if until_ns is not None and step.upto_ns > until_ns:
                break
            found.steps.append(step)
    if not found.steps:
        raise DataError("the recording ends before the first step of the session")
    # What had been loaded beyond the beginning came once more, as steps.
    began = found.steps[0].upto_ns
    for held in prices:
        for ts in [ts for ts in held if ts + interval_ns > began]:
            del held[ts]
    for step in found.steps:
        for change in step.changes:
            prices[change.symbol][change.bar.ts] = change.bar.prices
    return found


def _rows(bars: BarColumns) -> dict[int, Prices]:
    columns = [getattr(bars, name).tolist() for name in PRICE_FIELDS]
    return dict(zip(bars.ts.tolist(), zip(*columns, strict=True), strict=True))


class RecordedProvider(DataProvider):
    """Base bars of a recording, as a provider.

    Args:
        bars: Columns by ticker.
        interval: Their interval.
    """

    def __init__(self, bars: Mapping[str, BarColumns], interval: str) -> None:
        self._bars = bars
        self._interval = interval

    def symbols(self) -> Sequence[str]:
        """Symbols that were recorded."""
        return sorted(self._bars)

    def intervals(self, symbol: str) -> Sequence[str]:  # noqa: ARG002 - one for all
        """The base interval."""
        return (self._interval,)

    def coverage(self, symbol: str, interval: str) -> tuple[int, int] | None:  # noqa: ARG002
        """First and last open."""
        ts = self._bars[symbol].ts
        return (int(ts[0]), int(ts[-1])) if len(ts) else None

    def get_bars(self, symbol: str, interval: str, start_ns: int, end_ns: int) -> BarColumns:  # noqa: ARG002
        """Bars of a range."""
        bars = self._bars[symbol]
        low, high = np.searchsorted(bars.ts, (start_ns, end_ns)).tolist()
        return bars.slice(low, high)
