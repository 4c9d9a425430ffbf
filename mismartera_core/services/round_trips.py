"""Round-trip trades, matched first in, first out per strategy and symbol."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from mismartera_core.model.columns import FloatArray, IntArray
from mismartera_core.model.quantities import on_grid
from mismartera_core.model.results import MICROS, FillColumns, Rows

PART = 16_384
"""Fills that are numbers of Python at the same time; they take four times the room of columns."""

_Trip = tuple[int, int, int, float, int, int, int]

_DUST = 1e-9
"""Units below which a remainder is rounding, not a position."""


@dataclass(frozen=True, slots=True, eq=False)
class RoundTrips(Rows):
    """Trades, one row for each pair of an entry and an exit fill; amounts in 1e-6 currency units.

    Attributes:
        entry: Row of the entry in the fills they come with.
        exit: Row of the exit, likewise; -1 for an open trade.
        side: +1 long, -1 short.
        quantity: Units.
        entry_notional: What the entry cost or brought, without commission.
        exit_notional: The same of the exit; 0 for an open trade.
        commission: Of the entry and of the exit, by their share of the fills' units.
    """

    entry: IntArray
    exit: IntArray
    side: IntArray
    quantity: FloatArray
    entry_notional: IntArray
    exit_notional: IntArray
    commission: IntArray

    @property
    def gross(self) -> IntArray:
        """Profit before commissions."""
        return self.side * (self.exit_notional - self.entry_notional)

    @property
    def net(self) -> IntArray:
        """Profit after commissions."""
        return self.gross - self.commission

    @property
    def open_cash(self) -> int:
        """What entering these trades did to the cash account: the cost of open trades."""
        return int(-(self.side * self.entry_notional + self.commission).sum())


def notionals(fills: FillColumns) -> IntArray:
    """Quantity times price of each fill in 1e-6 currency units, rounded half to even."""
    return np.rint(fills.quantity * fills.price * MICROS).astype(np.int64)


def cash_change(fills: FillColumns) -> int:
    """What all fills did to the cash account, in 1e-6 currency units."""
    return int(-(fills.side * notionals(fills) + fills.commission).sum())


@dataclass(frozen=True, slots=True, eq=False)
class Trades:
    """Some of the trades of a run, with the fills that their rows are of.

    Attributes:
        fills: Their fills, among others.
        trips: The trades.
        are_open: Whether they are what is left open.
    """

    fills: FillColumns
    trips: RoundTrips
    are_open: bool = False


def round_trips(fills: FillColumns) -> Iterator[Trades]:
    """Match exits with entries, the oldest first; no more fills at a time than are looked at.

    Notional and commission of a fill are split among its trades in whole 1e-6 units without a rest:
    the net profit of closed trades and the cost of open ones add up to the change of cash.

    Args:
        fills: Executions in the order in which they became known.

    Returns:
        Closed trades in the order of their exits; then, once, open ones in the order of their
        entries.
    """
    books: dict[tuple[int, int], deque[_Lot]] = {}
    known = FillColumns.none()
    for part in fills.parts():
        for start in range(0, len(part), PART):
            first = len(known)
            known = FillColumns.joined([known, part.part(start, start + PART)])
            yield Trades(known, _columns(_closed_by(known, first, books)))
            known = _carried(known, books)
    rest = sorted((lot for lots in books.values() for lot in lots), key=lambda lot: lot.row)
    open_ = [(lot.row, -1, lot.side, lot.quantity, lot.notional, 0, lot.commission) for lot in rest]
    yield Trades(known, _columns(open_), are_open=True)


def _carried(fills: FillColumns, books: dict[tuple[int, int], deque[_Lot]]) -> FillColumns:
    """The fills that have left something open; lots are told where they are among those."""
    lots = sorted((lot for lots in books.values() for lot in lots), key=lambda lot: lot.row)
    kept = fills.take(np.array([lot.row for lot in lots], dtype=np.int64))
    for row, lot in enumerate(lots):
        lot.row = row
    return kept


def _closed_by(
    fills: FillColumns, first: int, books: dict[tuple[int, int], deque[_Lot]]
) -> list[_Trip]:
    """Trades that fills close; what the fills open is added to the books.

    Args:
        fills: Those that have left something open, then new ones.
        first: Row of the first new one.
        books: Open lots by strategy and symbol.
    """
    closed: list[_Trip] = []
    new = fills.part(first)
    rows = zip(
        new.strategy.tolist(),
        new.symbol.tolist(),
        new.side.tolist(),
        new.quantity.tolist(),
        notionals(new).tolist(),
        new.commission.tolist(),
        strict=True,
    )
    for row, (strategy, symbol, side, quantity, notional, commission) in enumerate(rows, first):
        lots = books.setdefault((strategy, symbol), deque())
        fill = _Lot(row, side, quantity, notional, commission)
        while fill.quantity > 0 and lots and lots[0].side != side:
            lot = lots[0]
            units = _units(lot.quantity, fill.quantity)
            entry_notional, entry_commission = lot.split(units)
            exit_notional, exit_commission = fill.split(units)
            fees = entry_commission + exit_commission
            closed.append((lot.row, row, lot.side, units, entry_notional, exit_notional, fees))
            if lot.quantity == 0:
                lots.popleft()
        if fill.quantity > 0:
            lots.append(fill)
    return closed


class _Lot:
    """What is left of a fill."""

    __slots__ = ("commission", "notional", "quantity", "row", "side")

    def __init__(
        self, row: int, side: int, quantity: float, notional: int, commission: int
    ) -> None:
        self.row = row
        self.side = side
        self.quantity = quantity
        self.notional = notional
        self.commission = commission

    def split(self, units: float) -> tuple[int, int]:
        """Take units away; their share of notional and commission."""
        if self.quantity - units < _DUST:
            taken = self.notional, self.commission
            self.quantity, self.notional, self.commission = 0.0, 0, 0
            return taken
        share = units / self.quantity
        notional = round(self.notional * share)
        commission = round(self.commission * share)
        self.quantity = on_grid(self.quantity - units)
        self.notional -= notional
        self.commission -= commission
        return notional, commission


def _units(left: float, right: float) -> float:
    return left if abs(left - right) < _DUST else min(left, right)


def _columns(rows: list[_Trip]) -> RoundTrips:
    entry, exit_, side, quantity, bought, sold, fees = zip(*rows, strict=True) if rows else [()] * 7
    return RoundTrips(
        np.array(entry, dtype=np.int64),
        np.array(exit_, dtype=np.int64),
        np.array(side, dtype=np.int64),
        np.array(quantity, dtype=np.float64),
        np.array(bought, dtype=np.int64),
        np.array(sold, dtype=np.int64),
        np.array(fees, dtype=np.int64),
    )
