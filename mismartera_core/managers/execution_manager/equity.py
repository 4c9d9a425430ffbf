"""The account's value over time, made of columns when a block of sessions has ended."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from mismartera_core.managers.execution_manager.ledger import Ledger
from mismartera_core.model.columns import FloatArray, IntArray
from mismartera_core.model.quantities import all_on_grid
from mismartera_core.model.results import MICROS, EquityColumns, FillColumns
from mismartera_core.store.frame import Frame, Track


class EquityBook:
    """Cash, equity and exposure at every step of every session; nothing of it on the hot path.

    Sessions whose bars lie in the same columns are valued together.

    Args:
        ledger: Cash and fills.
        symbols: Number of symbols.
    """

    def __init__(self, ledger: Ledger, symbols: int) -> None:
        self._ledger = ledger
        self._held = np.zeros(symbols)
        self._closes: FloatArray = np.full(symbols, np.nan)
        self._cash = float(ledger.cash)
        self._fills = 0
        self._fractions = False
        self._first: Frame | None = None
        self._last: Frame | None = None
        self._parts: list[tuple[IntArray, IntArray, FloatArray, FloatArray, FloatArray]] = []

    def resume(self, held: Mapping[int, float]) -> None:
        """Begin from what an earlier process left: the ledger's cash, and units by symbol row.

        Args:
            held: Net units of every symbol that is held.
        """
        self._cash = float(self._ledger.cash)
        self._fills = self._ledger.fill_count
        for row, units in held.items():
            self._held[row] = units
            self._fractions |= bool(units % 1.0)

    def begin(self, frame: Frame) -> None:
        """A session begins; columns that it does not lie in are valued, and can go."""
        if self._last is not None and not _same_columns(self._last, frame):
            self._value()

    def end(self, frame: Frame) -> None:
        """A session has ended."""
        if self._first is None:
            self._first = frame
        self._last = frame

    def columns(self, first_session: int) -> EquityColumns:
        """Everything so far; sessions counted from `first_session`."""
        self._value()
        if not self._parts:
            none = np.zeros(0)
            stamps = np.zeros(0, dtype=np.int64)
            return EquityColumns(stamps, stamps, none, none, none)
        ts, session, cash, equity, gross = (
            np.concatenate(part) for part in zip(*self._parts, strict=True)
        )
        return EquityColumns(ts, session - first_session, cash, equity, gross)

    def _value(self) -> None:
        """Value every step since the last time."""
        first, last = self._first, self._last
        self._first = self._last = None
        if first is None or last is None:
            return
        tracks = [
            Track(end.columns, 0, begin.start, end.stop)
            for begin, end in zip(first.base, last.base, strict=True)
        ]
        times, session = _instants(tracks)
        if len(times) == 0:
            return
        fills = _until(self._ledger.fills_since(self._fills), int(times[-1]))
        self._fills += len(fills)
        at: IntArray = np.searchsorted(times, fills.filled_ns).astype(np.int64)
        notional: FloatArray = np.rint(fills.quantity * fills.price * MICROS)
        flow = -fills.side * notional - fills.commission
        cash = self._cash + np.cumsum(_per_step(at, flow, len(times)))
        value, gross = self._positions(tracks, times, fills.symbol, at, fills.side * fills.quantity)
        self._cash = float(cash[-1])
        # Copies: a view would keep the columns of all symbols for as long as the run lasts.
        steps = times.copy(), session.copy()
        self._parts.append((*steps, cash / MICROS, cash / MICROS + value, gross))

    def _positions(
        self,
        tracks: list[Track],
        times: IntArray,
        symbol: IntArray,
        at: IntArray,
        signed: FloatArray,
    ) -> tuple[FloatArray, FloatArray]:
        """Net and gross value of the positions after each step."""
        value, gross = np.zeros(len(times)), np.zeros(len(times))
        order = np.argsort(symbol, kind="stable")
        symbol, at, signed = symbol[order], at[order], signed[order]
        self._fractions |= bool((signed % 1.0).any())
        bounds = np.searchsorted(symbol, np.arange(len(tracks) + 1)).tolist()
        for row, (track, begin, end) in enumerate(zip(tracks, bounds, bounds[1:], strict=False)):
            if begin < end or self._held[row]:
                worth = np.cumsum(_per_step(at[begin:end], signed[begin:end], len(times)))
                worth += self._held[row]
                if self._fractions:
                    worth = all_on_grid(worth)
                self._held[row] = worth[-1]
                worth *= self._last_closes(row, track, times)
                worth[np.isnan(worth)] = 0.0  # nothing is held where no close is known
                value += worth
                gross += np.abs(worth, out=worth)
            if track.stop > track.start:
                self._closes[row] = track.columns.close[track.stop - 1]
        return value, gross

    def _last_closes(self, row: int, track: Track, times: IntArray) -> FloatArray:
        """The newest close of a symbol at each step."""
        rows = slice(track.start, track.stop)
        close, known = track.columns.close[rows], track.columns.available_at[rows]
        if np.array_equal(known, times):
            return close
        closes = np.concatenate(([self._closes[row]], close))
        newest: FloatArray = closes[np.searchsorted(known, times, side="right")]
        return newest


def _until(fills: FillColumns, last_ns: int) -> FillColumns:
    """Fills known by an instant; the session after it may have brought some already."""
    return fills.part(0, int(np.searchsorted(fills.filled_ns, last_ns, side="right")))


def _per_step(at: IntArray, weights: FloatArray, steps: int) -> FloatArray:
    return np.bincount(at, weights=weights, minlength=steps).astype(np.float64)


def _same_columns(older: Frame, newer: Frame) -> bool:
    return all(a.columns is b.columns for a, b in zip(older.base, newer.base, strict=True))


def _instants(tracks: list[Track]) -> tuple[IntArray, IntArray]:
    """Instants at which a base bar became known, and the session of each."""
    rows = [t.columns.slice(t.start, t.stop) for t in tracks if t.stop > t.start]
    if not rows:
        none = np.zeros(0, dtype=np.int64)
        return none, none
    first = rows[0]
    if all(
        len(bars) == len(first) and np.array_equal(bars.available_at, first.available_at)
        for bars in rows[1:]
    ):
        return first.available_at, first.session
    times, at = np.unique(np.concatenate([b.available_at for b in rows]), return_index=True)
    return times, np.concatenate([b.session for b in rows])[at]
