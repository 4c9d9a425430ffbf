"""Derived bars and indicators of a frame: the work of the DataProcessor."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from mismartera_core.contracts.strategy import SignalStrategy
from mismartera_core.model.columns import BarColumns, FloatArray, IntArray
from mismartera_core.model.intervals import interval_ns
from mismartera_core.model.signals import Signals
from mismartera_core.services.bar_aggregation import Aggregation
from mismartera_core.services.indicator_library import (
    ColumnIndicators,
    IndicatorLibrary,
    Told,
    ask_signals,
)
from mismartera_core.store.frame import (
    Frame,
    ManyOutputs,
    Need,
    Needs,
    Outputs,
    Track,
    known_rows,
)


@dataclass(slots=True)
class _Made:
    """What was computed on all columns of a track, for frames whose history starts alike."""

    columns: BarColumns
    hist: int
    result: Any


def _nothing() -> None:
    """Nobody waits to leave."""


class _Bars(NamedTuple):
    """What indicators are computed on: bars of a symbol, or of each of many, or their trades."""

    symbols: Any
    interval: str
    ticks: bool


class Derivation:
    """Computes on history + session of a frame.

    Where the history of every frame starts at the same row, a result over the whole of the columns
    is kept and cut: a causal function gives the same values on every prefix.

    Args:
        library: Indicators by name.
        base: The base interval.
        opens: Anchor of each session of the run, nanoseconds UTC.
        closes: Close of each session.
    """

    def __init__(
        self, library: IndicatorLibrary, base: str, opens: IntArray, closes: IntArray
    ) -> None:
        self._library = library
        self._base = base
        self._aggregate = Aggregation(opens, closes)
        self._made: dict[Any, _Made] = {}
        self._filled: Frame | None = None
        self._revisions: tuple[int, ...] = ()
        self._needs: Iterable[Need | Needs] = ()
        self._groups: list[tuple[_Bars, list[Any]]] = []
        self._ticks = False
        self._intervals: list[str] = []

    def tracks(self, frame: Frame, interval: str) -> tuple[Track, ...]:
        """Bars of an interval, of all symbols, as known at the end of the frame."""
        if interval == self._base:
            return frame.base
        found = frame.derived.get(interval)
        if found is None:
            before = self._unfinished(frame, interval)
            shared = self._filled is not None and frame.base is self._filled.base
            found = (
                before
                if before and shared
                else tuple(
                    before[symbol]
                    if before and frame.revisions[symbol] == self._revisions[symbol]
                    else self._track(frame, interval, symbol, track)
                    for symbol, track in enumerate(frame.base)
                )
            )
            frame.derived[interval] = found
        return found

    def _unfinished(self, frame: Frame, interval: str) -> tuple[Track, ...]:
        """Bars of the step before, where none of the interval has ended since; else nothing."""
        before, length = self._filled, interval_ns(interval)
        if before is None or not frame.revisions or frame.opens or frame.ends:
            return ()
        windows = ((each.upto_ns - frame.open_ns) // length for each in (before, frame))
        same = before.session == frame.session and next(windows) == next(windows)
        return before.derived.get(interval, ()) if same else ()

    def outputs(self, frame: Frame, need: Need) -> Outputs:
        """An indicator's arrays over the rows of its track from `hist` on."""
        found = frame.values.get(need)
        if found is None:
            ticks = self._library.get(need.name).ticks
            self._compute(frame, _Bars(need.symbol, need.interval, ticks), [need])
            found = frame.values[need]
        return found

    def many_outputs(self, frame: Frame, needs: Needs) -> ManyOutputs:
        """An indicator's arrays by symbol, each over the rows of its track from `hist` on."""
        if needs not in frame.many:
            self._compute_many(frame, [needs])
        return frame.many[needs]

    def _compute(
        self, frame: Frame, of: _Bars, group: Iterable[Need], heed: Callable[[], None] = _nothing
    ) -> None:
        """Compute indicators over the same bars of one symbol; `heed` may raise to leave."""
        track = self.tracks(frame, of.interval)[of.symbols]
        bars = track.known() if of.ticks else _seen(frame, track)
        trades = frame.ticks[of.symbols] if of.ticks else None
        for need in group:
            heed()
            frame.values[need] = self._library.bound(need.name, need.params)(bars, trades)

    def _compute_many(
        self,
        frame: Frame,
        group: list[Needs],
        heed: Callable[[], None] | None = None,
        before: Frame | None = None,
    ) -> None:
        """Compute indicators over the same bars, symbol by symbol: each reads them from a cache.

        Args:
            frame: The frame.
            group: Over the same symbols and interval.
            heed: Called between symbols; may raise to leave.
            before: The frame of the step before, whose values hold where no bar has come.
        """
        symbols, interval = group[0].symbols, group[0].interval
        ticks = self._library.get(group[0].name).ticks
        tracks = [self.tracks(frame, interval)[symbol] for symbol in symbols]
        seen = [track.known() if ticks else _seen(frame, track) for track in tracks]
        if before is None or ticks or any(needs not in before.many for needs in group):
            before, holds = None, [False] * len(symbols)
        else:
            holds = [self._is_same(before, frame, interval, symbol) for symbol in symbols]
            if all(holds):
                frame.many.update((needs, before.many[needs]) for needs in group)
                return
        computes = [self._library.bound(needs.name, needs.params) for needs in group]
        made = [
            {output: _rows_for(seen) for output in self._library.get(needs.name).outputs}
            for needs in group
        ]
        for row, (symbol, bars, held) in enumerate(zip(symbols, seen, holds, strict=True)):
            if heed is not None:
                heed()
            trades = frame.ticks[symbol] if ticks else None
            for needs, compute, rows in zip(group, computes, made, strict=True):
                outputs: Mapping[str, Any]
                if before is not None and held:
                    outputs = {name: each[row] for name, each in before.many[needs].items()}
                else:
                    outputs = compute(bars, trades)
                for output, whole in rows.items():
                    whole[row] = outputs[output]
        frame.many.update(zip(group, made, strict=True))

    def fill(self, frame: Frame, needs: Iterable[Need | Needs], heed: Callable[[], None]) -> None:
        """Compute what strategies asked for; what was computed on the same columns stays.

        Args:
            frame: The frame.
            needs: What they asked for.
            heed: Called between symbols, which may take long; may raise to leave.
        """
        before, self._filled, self._revisions = self._filled, frame, frame.revisions
        stays = before if before is not None and _same_bars(before, frame) else None
        groups = self._by_bars(needs)
        # Trades are those of one session: what was computed of them does not stay.
        if before is not None and not self._ticks and (stays or _is_still(before, frame)):
            frame.values, frame.many = before.values, before.many
            return
        grows = before if frame.revisions else None
        settled = self._settled(grows, frame)
        for of, group in groups:
            heed()
            if stays is not None and not of.ticks:
                _keep(stays, frame, group)
            if isinstance(of.symbols, tuple):
                missing = [need for need in group if need not in frame.many]
                if missing:
                    self._compute_many(frame, missing, heed, grows)
                continue
            if (
                grows is not None
                and not of.ticks
                and (of.interval in settled or self._is_same(grows, frame, of.interval, of.symbols))
            ):
                _keep(grows, frame, group)
            missing = [need for need in group if need not in frame.values]
            if missing:
                self._compute(frame, of, missing, heed)

    def _settled(self, before: Frame | None, frame: Frame) -> set[str]:
        """Intervals of which no symbol has a new bar since the step before."""
        if before is None:
            return set()
        return {
            interval
            for interval in self._intervals
            if self.tracks(frame, interval) is before.derived.get(interval)
        }

    def _by_bars(self, needs: Iterable[Need | Needs]) -> list[tuple[_Bars, list[Any]]]:
        """Needs side by side that are computed on the same bars."""
        if needs is not self._needs:
            groups: dict[_Bars, list[Any]] = {}
            for need in needs:
                symbols = need.symbols if isinstance(need, Needs) else need.symbol
                ticks = self._library.get(need.name).ticks
                groups.setdefault(_Bars(symbols, need.interval, ticks), []).append(need)
            self._needs, self._groups = needs, list(groups.items())
            self._ticks = any(of.ticks for of in groups)
            self._intervals = list(dict.fromkeys(of.interval for of in groups))
        return self._groups

    def _is_same(self, before: Frame, frame: Frame, interval: str, symbol: int) -> bool:
        """Whether the bars of a symbol are those of the step before."""
        tracks = before.derived.get(interval), frame.derived.get(interval)
        if interval == self._base:
            tracks = before.base, frame.base
        if tracks[0] is None or tracks[1] is None:
            return False
        older, newer = tracks[0][symbol], tracks[1][symbol]
        return older is newer or (
            older.columns is newer.columns and older[1:] == newer[1:] and not frame.opens
        )

    def signals(
        self, frame: Frame, key: object, track: Track, strategy: SignalStrategy, told: Told
    ) -> Signals:
        """A SignalStrategy's rows over [hist, stop) of a track, or more; `told` its indicators."""

        def ask(bars: BarColumns) -> Signals:
            return ask_signals(strategy, bars, ColumnIndicators(self._library, bars, told))

        made: Signals = self._over(frame, key, track, ask)
        return made

    def _track(self, frame: Frame, interval: str, symbol: int, base: Track) -> Track:
        length = interval_ns(interval)
        bars: BarColumns = self._over(
            frame,
            (interval, symbol),
            base,
            lambda columns: self._aggregate(columns, length),
        )
        start = int(np.searchsorted(bars.session, frame.session, side="left"))
        return Track(bars, 0, start, known_rows(bars, start, frame.upto_ns))

    def _over(self, frame: Frame, key: object, track: Track, function: Any) -> Any:
        if not frame.anchored:
            return function(_seen(frame, track))
        kept = self._made.get(key)
        if kept is None or kept.columns is not track.columns or kept.hist != track.hist:
            result = function(_seen(frame, track))
            kept = self._made[key] = _Made(track.columns, track.hist, result)
        return kept.result


def _keep(before: Frame, frame: Frame, group: Iterable[Any]) -> None:
    """Take over what was computed for the frame before, if it was."""
    for need in group:
        if need in before.values:
            frame.values[need] = before.values[need]
        elif need in before.many:
            frame.many[need] = before.many[need]


def _is_still(before: Frame, frame: Frame) -> bool:
    """Whether no bar of a live session has come, ended or changed since the frame before."""
    if not frame.revisions or frame.base is not before.base:
        return False
    same = before.derived.keys() == frame.derived.keys()
    return same and all(before.derived[each] is bars for each, bars in frame.derived.items())


def _same_bars(before: Frame, frame: Frame) -> bool:
    """Whether what was computed on the bars of one frame holds for the next."""
    pairs = zip(before.base, frame.base, strict=True)
    return frame.anchored and all(one.columns is other.columns for one, other in pairs)


def _rows_for(bars: list[BarColumns]) -> list[FloatArray] | FloatArray:
    """Where arrays over the bars of many symbols go: side by side where they are equally long."""
    lengths = set(map(len, bars))
    if len(lengths) == 1:
        return np.empty((len(bars), lengths.pop()))
    return [np.empty(0)] * len(bars)


def _seen(frame: Frame, track: Track) -> BarColumns:
    """The bars to compute on: all of the columns where the frames after this one share them."""
    columns, hist, _, stop = track
    if frame.anchored:
        stop = len(columns)
    return columns if hist == 0 and stop == len(columns) else columns.slice(hist, stop)
