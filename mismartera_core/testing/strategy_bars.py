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


@cache
def two_days() -> Days:
    """The first two sessions of the week."""
    bars, sessions = week()
    return {name: part.take(part.session < 2) for name, part in bars.items()}, sessions.slice(0, 2)


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
    bars, sessions = two_days()
    return {**bars, SYMBOLS[-1]: BarColumns.empty()}, sessions


def untraded(volume: float) -> Days:
    """No bar has volume (0), or nobody knows it (NaN)."""
    bars, sessions = two_days()
    return {name: without_volume(part, volume) for name, part in bars.items()}, sessions


def flat() -> Days:
    """Every price of every bar is the same."""
    _, sessions = two_days()
    return {name: walk_bars(sessions, step=0.0) for name in SYMBOLS}, sessions


def one_bar(symbols: Sequence[str] = SYMBOLS) -> Days:
    """One session with one bar of each symbol."""
    bars, sessions = week()
    first = {name: bars[name].take(bars[name].ts == bars[SYMBOLS[0]].ts[0]) for name in symbols}
    return first, sessions.slice(0, 1)


def one_symbol() -> Days:
    """Only the first symbol."""
    bars, sessions = two_days()
    return {SYMBOLS[0]: bars[SYMBOLS[0]]}, sessions


def other_futures(days: Days, instants: Sequence[int]) -> Iterator[tuple[int, Days]]:
    """The same days with other prices in the bars that are known after an instant.

    The session of the instant is the last: that there are more is part of the future, too.

    Args:
        days: Bars and sessions.
        instants: Nanoseconds UTC.

    Yields:
        The instant, and the days.
    """
    bars, sessions = days
    for seed, instant in enumerate(instants):
        count = int(np.searchsorted(sessions.open_ns, instant, side="right"))
        made = {}
        for number, (name, whole) in enumerate(bars.items()):
            part = whole.slice(0, int(np.searchsorted(whole.session, count)))
            row = int(np.searchsorted(part.available_at, instant, side="right"))
            made[name] = repriced(part, row, seed=seed * 101 + number)
        yield instant, (made, sessions.slice(0, count))
