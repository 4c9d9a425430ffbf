"""The account's value over time, made of columns when a session has ended."""

from __future__ import annotations

import numpy as np

from mismartera_core.managers.execution_manager.api import ExecutionManager
from mismartera_core.model.columns import FloatArray, IntArray
from mismartera_core.model.results import MICROS, EquityColumns
from mismartera_core.store.frame import Frame
from mismartera_core.store.session_data import SessionData


class EquityBook:
    """Cash, equity and exposure at every step of every session; nothing of it on the hot path.

    Args:
        execution: The books.
        symbols: Number of symbols.
    """

    def __init__(self, execution: ExecutionManager, symbols: int) -> None:
        self._execution = execution
        self._held = np.zeros(symbols)
        self._cash = execution.ledger.cash
        self._fills = 0
        self._closes: FloatArray = np.full(symbols, np.nan)
        self._parts: list[tuple[IntArray, IntArray, FloatArray, FloatArray, FloatArray]] = []

    def end(self, frame: Frame, data: SessionData) -> None:
        """A session has ended: value every step of it."""
        rows = self._execution.ledger.fills[self._fills :]
        self._fills += len(rows)
        times = _instants(frame)
        if len(times) == 0:
            return
        columns = list(zip(*rows, strict=True)) if rows else [()] * 9
        symbol = np.array(columns[2], dtype=np.int64)
        signed = np.array(columns[3], dtype=np.float64) * np.array(columns[4], dtype=np.float64)
        price = np.array(columns[5], dtype=np.float64)
        fee = np.array(columns[6], dtype=np.float64)
        filled = np.array(columns[8], dtype=np.int64)
        at = np.minimum(np.searchsorted(times, filled), len(times) - 1)
        flow = -np.rint(np.abs(signed) * price * MICROS) * np.sign(signed) - fee
        moved = np.bincount(at, weights=flow, minlength=len(times)).astype(np.float64)
        cash = self._cash + np.cumsum(moved)
        self.add(frame, data, times, cash, symbol, at, signed)
        self._cash = self._execution.ledger.cash

    def add(
        self,
        frame: Frame,
        data: SessionData,
        times: IntArray,
        cash: FloatArray,
        symbol: IntArray,
        at: IntArray,
        signed: FloatArray,
    ) -> None:
        """Value the steps of a session.

        Args:
            frame: Its last frame.
            data: Its bars.
            times: Instants of its steps.
            cash: Cash after each step, in 1e-6 currency units.
            symbol: Row of the symbol of each fill.
            at: Step of each fill.
            signed: Units of each fill, negative when sold.
        """
        value = np.zeros(len(times))
        gross = np.zeros(len(times))
        closes_before = data.closes_before()
        for row in np.union1d(np.flatnonzero(self._held), symbol).astype(np.int64).tolist():
            mine = symbol == row
            moved = np.bincount(at[mine], weights=signed[mine], minlength=len(times))
            held = self._held[row] + np.cumsum(moved)
            track = frame.base[row]
            known = track.columns.available_at[track.start : track.stop]
            closes = np.concatenate(
                ([closes_before[row]], track.columns.close[track.start : track.stop])
            )
            worth = held * closes[np.searchsorted(known, times, side="right")]
            worth = np.where(held == 0.0, 0.0, worth)
            value += worth
            gross += np.abs(worth)
            self._held[row] = held[-1]
        money = cash / MICROS
        session = np.full(len(times), frame.session, dtype=np.int64)
        self._parts.append((times, session, money, money + value, gross))

    def columns(self, first_session: int) -> EquityColumns:
        """Everything so far; sessions counted from `first_session`."""
        if not self._parts:
            none = np.zeros(0)
            stamps = np.zeros(0, dtype=np.int64)
            return EquityColumns(stamps, stamps, none, none, none)
        ts, session, cash, equity, gross = (
            np.concatenate(part) for part in zip(*self._parts, strict=True)
        )
        return EquityColumns(ts, session - first_session, cash, equity, gross)


def _instants(frame: Frame) -> IntArray:
    """Instants at which a base bar of the session became known."""
    known = [t.columns.available_at[t.start : t.stop] for t in frame.base if t.stop > t.start]
    if not known:
        return np.zeros(0, dtype=np.int64)
    first = known[0]
    if all(len(k) == len(first) and np.array_equal(k, first) for k in known[1:]):
        return first
    return np.unique(np.concatenate(known))
