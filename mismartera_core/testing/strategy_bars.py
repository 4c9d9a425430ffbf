"""Days on which strategies are tested: whole and half, with gaps, flat, silent and empty."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import cache
from typing import TypeAlias

import numpy as np

from mismartera_core.model.columns import BarColumns
from mismartera_core.model.sessions import SessionTable
from mismartera_core.testing.builders import market_bars, repriced, walk_bars, without_volume
from mismartera_core.testing.fakes import session_table

Bars: TypeAlias = Mapping[str, BarColumns]
Days: TypeAlias = tuple[Bars, SessionTable]
"""Bars by symbol, and the sessions in which they lie."""

SYMBOLS = ("AAA", "BBB", "CCC", "DDD")


@cache
def week() -> Days:
    """Four sessions of four symbols with missing and idle minutes; the second is a half day."""
    sessions = session_table(date(2024, 7, 2), date(2024, 7, 8))
    return market_bars(SYMBOLS, sessions, seed=5), sessions


@cache
def half_day() -> Days:
    """A session that ends early, and the first hour of the next."""
    sessions = session_table(date(2024, 7, 3), date(2024, 7, 5))
    upto = int(sessions.open_ns[1]) + 3_600_000_000_000
    bars = market_bars(SYMBOLS, sessions, seed=6)
    return {name: part.take(part.ts < upto) for name, part in bars.items()}, sessions


def empty_sessions() -> Days:
    """The second session has no bar of any symbol, the third none of the first symbol."""
    bars, sessions = week()
    made = {name: part.take(part.session != 1) for name, part in bars.items()}
    return {**made, SYMBOLS[0]: made[SYMBOLS[0]].take(made[SYMBOLS[0]].session != 2)}, sessions


def missing_minutes() -> Days:
    """Half of the minutes are not there, each symbol's own, and one symbol begins at noon."""
    _, sessions = week()
    bars = dict(market_bars(SYMBOLS, sessions, seed=7, missing=0.5))
    late = bars[SYMBOLS[1]]
    noon = (sessions.open_ns + sessions.close_ns)[late.session] // 2
    return {**bars, SYMBOLS[1]: late.take(late.ts >= noon)}, sessions


def silent_symbol() -> Days:
    """One symbol has no bar at all."""
    bars, sessions = week()
    return {**bars, SYMBOLS[-1]: BarColumns.empty()}, sessions


def untraded(volume: float) -> Days:
    """No bar has volume (0), or nobody knows it (NaN)."""
    bars, sessions = week()
    return {name: without_volume(part, volume) for name, part in bars.items()}, sessions


def flat() -> Days:
    """Every price of every bar is the same."""
    _, sessions = week()
    return {name: walk_bars(sessions, step=0.0) for name in SYMBOLS}, sessions


def one_bar(symbols: Sequence[str] = SYMBOLS) -> Days:
    """One session with one bar of each symbol."""
    bars, sessions = week()
    first = {name: bars[name].take(bars[name].ts == bars[SYMBOLS[0]].ts[0]) for name in symbols}
    return first, sessions.slice(0, 1)


def one_symbol() -> Days:
    """Only the first symbol."""
    bars, sessions = week()
    return {SYMBOLS[0]: bars[SYMBOLS[0]]}, sessions


def other_futures(bars: Bars, instants: Sequence[int]) -> Iterator[tuple[int, Bars]]:
    """The same bars with other prices in those that open at an instant or later.

    Args:
        bars: By symbol.
        instants: Nanoseconds UTC.

    Yields:
        The instant, and the bars.
    """
    for seed, instant in enumerate(instants):
        rows = {name: int(np.searchsorted(part.ts, instant)) for name, part in bars.items()}
        yield (
            instant,
            {
                name: repriced(part, rows[name], seed=seed * 101 + number)
                for number, (name, part) in enumerate(bars.items())
            },
        )
