"""Promises of a gap filler."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from mismartera_core.contracts.context import PluginContext
from mismartera_core.contracts.gap_filler import GapFiller
from mismartera_core.contracts.provider import DataProvider
from mismartera_core.errors import DataError
from mismartera_core.model.columns import BarColumns
from mismartera_core.model.intervals import DAY
from mismartera_core.registrations import GapFillerReg
from mismartera_core.testing import rows
from mismartera_core.testing.builders import sealed
from mismartera_core.testing.suite import (
    MadeConformance,
    breach,
    build,
    expect,
    not_applicable,
    survives,
)

_LEAST_ROWS = 2
_EMPTY = "a gap without data is an empty result"
_EMPTY_CURE = "return BarColumns.empty(): the gap stays visible"


class GapFillerConformance(MadeConformance):
    """What a gap filler promises.

    The suite has to know where the filler has bars: override the fixture `gap`.
    """

    kind = "gap_filler"

    @pytest.fixture
    def gap(self) -> tuple[str, str, int, int]:
        """Symbol, interval, start_ns and end_ns of a stretch in which the filler has bars.

        By default three minutes of AAPL on 2013-02-28, which the sample data have.
        """
        start = 1_362_062_100 * 1_000_000_000
        return "AAPL", "1m", start, start + 180 * 1_000_000_000

    @pytest.fixture
    def filled(self, made: GapFiller, gap: tuple[str, str, int, int]) -> BarColumns:
        """The bars of the gap."""
        try:
            found = made.fill(*gap)
        except DataError as error:
            not_applicable(f"its source refuses the gap of the suite ({error}): override `gap`")
        rows.bars_are_columns(found, _whose(gap))
        if len(found) < _LEAST_ROWS:
            not_applicable(
                f"it has {len(found)} {_whose(gap)} for the gap of the suite: override the fixture "
                "`gap` (symbol, interval, start_ns, end_ns) where it has some"
            )
        return found

    def test_only_the_gap_is_filled(
        self, filled: BarColumns, gap: tuple[str, str, int, int]
    ) -> None:
        """Bars outside the gap would change what a strategy has already seen."""
        rows.within(filled.ts, *gap[2:], _whose(gap))

    def test_part_of_a_gap_is_part_of_its_bars(
        self, made: GapFiller, filled: BarColumns, gap: tuple[str, str, int, int]
    ) -> None:
        """The range is half open: the bar at its end is not part of it."""
        start, end = int(filled.ts[0]), int(filled.ts[-1])
        rows.same_rows(
            made.fill(*gap[:2], start, end),
            filled.slice(0, len(filled) - 1),
            "a range is half open: start_ns <= ts < end_ns",
            _whose(gap),
            "keep rows with start_ns <= ts < end_ns",
        )

    def test_rows_are_bars(self, filled: BarColumns, gap: tuple[str, str, int, int]) -> None:
        """Ascending, unique, possible prices, known at their close."""
        rows.stamps_ascend(filled.ts, _whose(gap))
        rows.prices_are_possible(filled, _whose(gap))
        rows.known_at_close(filled, gap[1], _whose(gap))

    def test_same_gap_gives_the_same_rows(
        self, made: GapFiller, filled: BarColumns, gap: tuple[str, str, int, int]
    ) -> None:
        """Asked twice it answers alike, and leaves what it handed out as it was."""
        kept = rows.copied(filled)
        contract, cure = "the same gap gives the same rows", "keep no state between calls"
        rows.same_rows(made.fill(*gap), kept, contract, _whose(gap), cure)
        rows.same_rows(filled, kept, contract, _whose(gap), "do not write into what you returned")

    def test_bars_of_another_provider_are_only_read(
        self,
        registration: GapFillerReg,
        settings: Any,
        context: PluginContext,
        gap: tuple[str, str, int, int],
    ) -> None:
        """What `context.provider` hands out belongs to it: the next one may be handed the same."""
        asked: list[_Sealing] = []

        def provider(name: str, config: Mapping[str, Any]) -> Any:
            asked.append(_Sealing(context.provider(name, config)))
            return asked[-1]

        made = build(registration, settings, replace(context, provider=provider))
        contract = "bars of another provider are read, never written"
        cure = "bars.take(...) and dataclasses.replace(bars, close=...) make bars of your own"
        with survives(contract, cure), suppress(DataError):
            made.fill(*gap)
        if callable(close := getattr(made, "close", None)):
            close()
        if not asked:
            not_applicable("it asks no other provider")

    def test_gap_without_data_stays_empty(
        self, made: GapFiller, filled: BarColumns, gap: tuple[str, str, int, int]
    ) -> None:
        """A gap of no length, or long before all data, is an empty result."""
        symbol, interval, *_ = gap
        start = int(filled.ts[0])
        for low, high in ((start, start), (DAY, 2 * DAY)):
            with survives(_EMPTY, _EMPTY_CURE):
                found = made.fill(symbol, interval, low, high)
            rows.bars_are_columns(found, _whose(gap))
            expect(len(found) == 0, _EMPTY, f"{len(found)} rows", _EMPTY_CURE)

    def test_unknown_symbol_is_empty_or_a_data_error(
        self, made: GapFiller, gap: tuple[str, str, int, int]
    ) -> None:
        """What the source does not have is said as the host understands it."""
        try:
            found: object = made.fill("NO_SUCH_SYMBOL", *gap[1:])
        except DataError:
            return
        except Exception as error:  # noqa: BLE001 - whatever a plugin raises is the finding
            found = error
        if not isinstance(found, BarColumns) or len(found):
            breach(
                "a source that fails raises DataError: the host tries again as the config says",
                f"{found!r} for an unknown symbol",
                "raise DataError from what the source raises",
            )


class _Sealing:
    """A provider whose bars nobody can write to."""

    def __init__(self, source: DataProvider) -> None:
        self._source = source

    def __getattr__(self, name: str) -> Any:
        return getattr(self._source, name)

    def get_bars(self, symbol: str, interval: str, start_ns: int, end_ns: int) -> BarColumns:
        return sealed(self._source.get_bars(symbol, interval, start_ns, end_ns))

    def load_bars(
        self, symbols: Sequence[str], interval: str, start_ns: int, end_ns: int
    ) -> Mapping[str, BarColumns]:
        loaded = self._source.load_bars(symbols, interval, start_ns, end_ns)
        return {name: sealed(bars) for name, bars in loaded.items()}


def _whose(gap: tuple[str, str, int, int]) -> str:
    return f"{gap[1]} bars of {gap[0]}"
