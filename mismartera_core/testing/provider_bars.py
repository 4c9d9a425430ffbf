"""Promises of a data provider about its bars."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from mismartera_core.contracts.context import PluginContext
from mismartera_core.contracts.provider import DataProvider
from mismartera_core.errors import DataError
from mismartera_core.managers.time_manager.live_clock import LiveClock
from mismartera_core.model.columns import BarColumns
from mismartera_core.model.intervals import DAY, interval_ns
from mismartera_core.registrations import DataProviderReg
from mismartera_core.testing import rows
from mismartera_core.testing.market_days import check_days, days_of
from mismartera_core.testing.suite import MadeConformance, breach, expect, not_applicable, survives

STORED = "*"
"""Capability of a provider whose intervals are whatever is stored."""
ROWS = 5000
"""About how many rows the suite reads at once."""

_LEAST_ROWS = 4


class BarPromises(MadeConformance):
    """What a data provider promises about its bars."""

    @pytest.fixture
    def symbol(self, made: DataProvider) -> str:
        """The symbol that is read."""
        try:
            known = made.symbols()
        except DataError as error:
            not_applicable(f"it has no data to test with: {error}")
        if not known:
            not_applicable(
                "symbols() is empty, it has no data or cannot tell: override the fixture `symbol`"
            )
        return known[0]

    @pytest.fixture
    def interval(self, registration: DataProviderReg, made: DataProvider, symbol: str) -> str:
        """The interval that is read: the finest there is."""
        offered = offered_intervals(registration, made, symbol)
        if not offered:
            not_applicable("it delivers no bars")
        return min(offered, key=interval_ns)

    @pytest.fixture
    def window(self, made: DataProvider, symbol: str, interval: str) -> tuple[int, int]:
        """First and last stamp, the last excluded, of a stretch in which there are bars."""
        span = made.coverage(symbol, interval)
        if span is None:
            not_applicable(
                f"coverage({symbol!r}, {interval!r}) is None, it cannot tell where it has bars: "
                "override the fixture `window` (start_ns, end_ns)"
            )
        length = min(max(5 * DAY, 30 * interval_ns(interval)), ROWS * interval_ns(interval))
        return max(span[0], span[1] + 1 - length), span[1] + 1

    @pytest.fixture
    def bars(
        self, made: DataProvider, symbol: str, interval: str, window: tuple[int, int]
    ) -> BarColumns:
        """The bars of the window."""
        with survives("get_bars delivers what coverage promises", "look at get_bars"):
            found = made.get_bars(symbol, interval, *window)
        rows.bars_are_columns(found, described(symbol, interval))
        if len(found) < _LEAST_ROWS:
            not_applicable(
                f"it has {len(found)} {interval} bars of {symbol} from {rows.instant(window[0])} "
                f"to {rows.instant(window[1])}, the suite needs {_LEAST_ROWS}: test with more "
                "data, or override the fixture `window`"
            )
        return found

    def test_rows_are_ascending_and_unique(
        self, bars: BarColumns, symbol: str, interval: str
    ) -> None:
        """Stamps rise from row to row."""
        rows.stamps_ascend(bars.ts, described(symbol, interval))

    def test_prices_are_possible(self, bars: BarColumns, symbol: str, interval: str) -> None:
        """Finite, low <= open, close <= high; volume at least 0 or NaN."""
        rows.prices_are_possible(bars, described(symbol, interval))

    def test_bars_are_known_at_their_close(
        self, bars: BarColumns, symbol: str, interval: str
    ) -> None:
        """Stamped at the open, known at the close."""
        rows.known_at_close(bars, interval, described(symbol, interval))

    def test_range_is_half_open(
        self, made: DataProvider, bars: BarColumns, symbol: str, interval: str
    ) -> None:
        """A row belongs to a range when start_ns <= ts < end_ns."""
        first, last = 1, len(bars) - 2
        start, end = int(bars.ts[first]), int(bars.ts[last])
        for shift, (low, high) in ((0, (first, last)), (1, (first + 1, last + 1))):
            found = made.get_bars(symbol, interval, start + shift, end + shift)
            whose = f"{described(symbol, interval)} from {rows.instant(start)} + {shift} ns"
            rows.within(found.ts, start + shift, end + shift, whose)
            absent = np.setdiff1d(bars.ts[low:high], found.ts)
            expect(
                not len(absent),
                "a range is half open: start_ns <= ts < end_ns",
                f"{whose}: {len(absent)} rows less than in a longer range, the first of "
                f"{rows.instant(absent[0]) if len(absent) else ''}",
                "return every row with start_ns <= ts < end_ns",
            )

    def test_parts_equal_the_whole(
        self,
        made: DataProvider,
        bars: BarColumns,
        symbol: str,
        interval: str,
        window: tuple[int, int],
    ) -> None:
        """A range read in pieces gives the rows of the range: nothing is lost between pages."""
        cuts = [window[0], *(int(bars.ts[len(bars) * k // 3]) for k in (1, 2)), window[1]]
        parts = [
            made.get_bars(symbol, interval, start, end) for start, end in itertools.pairwise(cuts)
        ]
        rows.same_rows(
            BarColumns.concat(parts),
            bars,
            "adjoining ranges give the rows of the whole range",
            described(symbol, interval),
            "look at the edges of pages and files",
        )

    def test_range_without_data_is_empty(
        self, made: DataProvider, bars: BarColumns, symbol: str, interval: str
    ) -> None:
        """A range of no length, or before all data, is an empty result and no error."""
        at = int(bars.ts[1])
        span = made.coverage(symbol, interval)
        ranges = [(at, at)] if span is None else [(at, at), (span[0] - DAY, span[0])]
        for start, end in ranges:
            contract = "a range without data is an empty result"
            cure = "return BarColumns.empty()"
            with survives(contract, cure):
                found = made.get_bars(symbol, interval, start, end)
            rows.bars_are_columns(found, described(symbol, interval))
            what = f"{len(found)} rows from {rows.instant(start)} to {rows.instant(end)}"
            expect(len(found) == 0, contract, what, cure)

    def test_same_request_gives_the_same_rows(
        self,
        made: DataProvider,
        bars: BarColumns,
        symbol: str,
        interval: str,
        window: tuple[int, int],
    ) -> None:
        """Asked twice, also from two threads at once, it answers alike."""
        with ThreadPoolExecutor(2) as pool:
            asked = [pool.submit(made.get_bars, symbol, interval, *window) for _ in range(2)]
            answers = [one.result() for one in asked]
        for again in answers:
            rows.same_rows(
                again,
                bars,
                "the same request gives the same rows, from any thread",
                described(symbol, interval),
                "keep no state between requests, and lock what threads share",
            )

    def test_columns_stay_as_they_were_handed_out(
        self, made: DataProvider, bars: BarColumns, symbol: str, interval: str
    ) -> None:
        """Later requests write into no column that was handed out earlier."""
        kept = rows.copied(bars)
        for row in (1, len(bars) // 3):
            made.get_bars(symbol, interval, int(bars.ts[row]), int(bars.ts[-1]))
            made.load_bars([symbol], interval, int(bars.ts[row]), int(bars.ts[-1]) + 1)
        rows.same_rows(
            bars,
            kept,
            "columns belong to whoever they were handed to: nobody writes into them",
            described(symbol, interval),
            "copy before you change; do not reuse a buffer for the next answer",
        )

    def test_unfinished_bars_are_not_returned(
        self, made: DataProvider, symbol: str, interval: str, window: tuple[int, int]
    ) -> None:
        """A bar that is still forming is no bar yet."""
        found = made.get_bars(symbol, interval, window[0], LiveClock().now_ns + 366 * DAY)
        now = LiveClock().now_ns
        for row in np.flatnonzero(found.available_at > now)[:1]:
            breach(
                "a bar is returned once it is known, never while it forms",
                f"{described(symbol, interval)}: the bar of {rows.instant(found.ts[row])} will be "
                f"known at {rows.instant(found.available_at[row])}, it is {rows.instant(now)}",
                "drop rows whose close lies ahead",
            )

    def test_loading_many_equals_asking_for_each(
        self, made: DataProvider, symbol: str, interval: str, window: tuple[int, int]
    ) -> None:
        """`load_bars` gives for each symbol what `get_bars` gives."""
        offered = [s for s in made.symbols() if interval in (made.intervals(s) or (interval,))]
        asked = list(dict.fromkeys([symbol, *offered[:2]]))
        many = made.load_bars(asked, interval, *window)
        contract = "load_bars(symbols) gives for each symbol what get_bars gives"
        cure = "return a mapping with every symbol asked for, empty columns where it has no rows"
        expect(set(many) == set(asked), contract, f"{sorted(many)} for {asked}", cure)
        for name in asked:
            single = made.get_bars(name, interval, *window)
            rows.same_rows(many[name], single, contract, described(name, interval), cure)

    def test_coverage_agrees_with_the_bars(
        self, made: DataProvider, symbol: str, interval: str
    ) -> None:
        """The first and the last open of `coverage` are those of the first and the last bar."""
        span = made.coverage(symbol, interval)
        if span is None:
            not_applicable("coverage() is None: it cannot tell")
        reach = max(DAY, interval_ns(interval))
        contract = "coverage() is the first and the last open there is, both included"
        cure = "return int(ts[0]), int(ts[-1]) of what is held"
        for edge, low, high, row in (
            ("first", span[0] - reach, span[0] + reach, 0),
            ("last", span[1] - reach, span[1] + reach, -1),
        ):
            found = made.get_bars(symbol, interval, low, high)
            at = span[0] if row == 0 else span[1]
            what = "there is no bar near it" if not len(found) else rows.instant(found.ts[row])
            expect(
                len(found) and int(found.ts[row]) == at,
                contract,
                f"{described(symbol, interval)}: coverage says {edge} {rows.instant(at)}, {what}",
                cure,
            )

    def test_provenance_tells_where_bars_come_from(
        self,
        made: DataProvider,
        bars: BarColumns,
        symbol: str,
        interval: str,
        window: tuple[int, int],
    ) -> None:
        """Ranges with source, feed and adjustment, ascending; together they have every bar."""
        found = list(made.provenance(symbol, interval, *window))
        if not found:
            not_applicable("provenance() is empty: it cannot tell; its name stands for the source")
        contract = "provenance() has ascending ranges, each with its source, that hold every bar"
        cure = "return Origin(start_ns=..., end_ns=..., source=..., feed=..., adjustment=...)"
        starts = [it.start_ns for it in found]
        whose = described(symbol, interval)
        expect(all(it.source for it in found), contract, f"{whose}: a range without source", cure)
        expect(starts == sorted(starts), contract, f"{whose}: ranges begin at {starts}", cure)
        held = [(bars.ts >= it.start_ns) & (bars.ts < it.end_ns) for it in found]
        for row in np.flatnonzero(~np.logical_or.reduce(held))[:1]:
            breach(contract, f"{whose}: none has the bar at {rows.instant(bars.ts[row])}", cure)

    @pytest.mark.parametrize("which", ["clock_change", "early_close", "holiday"])
    def test_bars_follow_the_calendar(
        self, made: DataProvider, context: PluginContext, symbol: str, interval: str, which: str
    ) -> None:
        """Around a change of clocks, on a half day and on a holiday, bars lie within hours."""
        span = made.coverage(symbol, interval)
        if span is None:
            not_applicable("coverage() is None: the suite cannot tell which days there are")
        days = days_of(which, context, *span)
        if days is None:
            not_applicable(f"its data hold no {which.replace('_', ' ')}")
        check_days(days, made, symbol, interval)


def offered_intervals(
    registration: DataProviderReg, made: DataProvider, symbol: str
) -> tuple[str, ...]:
    """Bar intervals that a provider says it has.

    Args:
        registration: Its record.
        made: The provider.
        symbol: Ticker.
    """
    fixed = tuple(name for name in registration.capabilities.bars if name != STORED)
    return tuple(made.intervals(symbol)) or fixed


def described(symbol: str, interval: str) -> str:
    """What a message calls the bars of a symbol.

    Args:
        symbol: Ticker.
        interval: Bar interval.
    """
    return f"{interval} bars of {symbol}"
