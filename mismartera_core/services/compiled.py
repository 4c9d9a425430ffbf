"""The compiled loop: targets of one symbol become orders and fills, at the speed of machine code.

docs/order-semantics.md is its specification, as far as targets need it: day market orders, which
fill whole at the open of the next bar that trades. What a fill costs is worked out afterwards, by
the very functions that stepped runs call (`cost_formulas`).

The functions here are plain Python and run as such; `kernels` compiles them. numba is imported
there and nowhere else: it takes half a second, which small runs do without.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from mismartera_core.contracts.broker import Costs
from mismartera_core.model.columns import PRICE_FIELDS, BarColumns, FloatArray, IntArray
from mismartera_core.model.quantities import in_lots, on_grid
from mismartera_core.services import cost_formulas
from mismartera_core.services.cost_formulas import EXACT, FREE

WORKING = 0
FILLED = 1
REPLACED = 2
EXPIRED = 3
REFUSED = 4
"""What became of an order: the column CODE of what `trade` writes."""

SUBMITTED, UPDATED, CODE, BAR_TS, ROW = range(5)
"""Columns of the whole numbers that `trade` writes, one row an order."""
SIGNED, PRICE = range(2)
"""Columns of the other numbers it writes."""
POSITION, WAITING = range(2)
"""Columns of the state in units: held, and ordered (negative to sell; 0 for no order)."""
SINCE, LAST_SESSION = range(2)
"""Columns of the state of the waiting order: when it was placed, and the session it lives in."""


def trade(
    open_: FloatArray,
    volume: FloatArray,
    ts: IntArray,
    known: IntArray,
    session: IntArray,
    closes: IntArray,
    target: FloatArray,
    start: int,
    stop: int,
    shift: int,
    sessions: int,
    lot: float,
    unit: int,
    units: FloatArray,
    waits: IntArray,
    numbers: IntArray,
    prices: FloatArray,
) -> int:
    """Follow the targets of one symbol over its rows [start, stop).

    Writes an order when it has ended; one that still waits at the end stays in the state, so that
    rows may come in pieces of any length.

    Args:
        open_: Open of each bar.
        volume: Its volume; 0 fills nothing, NaN is unknown and fills.
        ts: Its open, nanoseconds UTC.
        known: When it became known, nanoseconds UTC.
        session: Its session.
        closes: Close of each session of the run, nanoseconds UTC.
        target: Units wanted after each row, from row `shift` on; NaN leaves things as they are.
            Contiguous: it is the one column that is read in full.
        start: First row.
        stop: Row after the last.
        shift: Row of the first target.
        sessions: Sessions that have ended after these rows; day orders of these expire.
        lot: Smallest tradable number of units.
        unit: Row of the state.
        units: State, shape (any, 2): POSITION, WAITING. Changed in place.
        waits: State, shape (any, 2): SINCE, LAST_SESSION. Changed in place.
        numbers: Written: SUBMITTED, UPDATED, CODE, BAR_TS, ROW; at least stop - start + 1 rows.
        prices: Written: SIGNED, PRICE; the price before slippage, NaN where nothing was filled.

    Returns:
        Rows written, in the order in which the orders ended.
    """
    count = 0
    position, waiting = units[unit, POSITION], units[unit, WAITING]
    since, last = waits[unit, SINCE], waits[unit, LAST_SESSION]
    i = start - 1
    while True:
        i += 1
        if waiting == 0.0:
            i = _unchanged(target, i - shift, stop - shift, position) + shift
        if i >= stop:
            break
        if waiting != 0.0:
            if session[i] > last:
                _write(numbers, prices, count, since, closes[last], EXPIRED, waiting)
                count += 1
                waiting = 0.0
            elif volume[i] != 0.0:
                _write(numbers, prices, count, since, known[i], FILLED, waiting)
                numbers[count, BAR_TS] = ts[i]
                numbers[count, ROW] = i
                prices[count, PRICE] = open_[i]
                count += 1
                position = on_grid(position + waiting)
                waiting = 0.0
        wanted = target[i - shift]
        planned = position + waiting
        if not (wanted < planned or wanted > planned):  # nothing new, or NaN
            continue
        wanted = on_grid(wanted)
        if wanted == on_grid(planned):
            continue
        if waiting != 0.0:
            _write(numbers, prices, count, since, known[i], REPLACED, waiting)
            count += 1
            waiting = 0.0
        missing = on_grid(wanted - position)
        if missing == 0.0:
            continue
        if not _in_lots(abs(missing), lot):
            _write(numbers, prices, count, known[i], known[i], REFUSED, missing)
            count += 1
            continue
        waiting = missing
        since = known[i]
        last = session[i]
        if since >= closes[last]:
            last += 1
    if waiting != 0.0 and last < sessions:
        _write(numbers, prices, count, since, closes[last], EXPIRED, waiting)
        count += 1
        waiting = 0.0
    units[unit, POSITION], units[unit, WAITING] = position, waiting
    waits[unit, SINCE], waits[unit, LAST_SESSION] = since, last
    return count


def tally(numbers: IntArray, prices: FloatArray, fees: IntArray, count: int) -> tuple[int, int]:
    """How many of the first `count` orders were filled, and the cash that brought.

    Args:
        numbers: As `trade` writes them.
        prices: The same.
        fees: Commission of each order in 1e-6 currency units.
        count: Rows that were written.

    Returns:
        Fills, and 1e-6 currency units.
    """
    fills, cash = 0, 0
    for row in range(count):
        if numbers[row, CODE] == FILLED:
            fills += 1
            cash -= cost_formulas.to_micros(prices[row, SIGNED] * prices[row, PRICE]) + fees[row]
    return fills, cash


def _unchanged(target: FloatArray, start: int, stop: int, planned: float) -> int:
    """The first row from start on that wants another number of units; stop where none does."""
    i = start
    while i + 8 <= stop:
        changed = False
        for j in range(8):  # without a branch a row: that is three times as fast
            changed |= (target[i + j] < planned) | (target[i + j] > planned)
        if changed:
            break
        i += 8
    while i < stop and not (target[i] < planned or target[i] > planned):
        i += 1
    return i


def _in_lots(size: float, lot: float) -> bool:
    """Whether a number of units is finite and comes to whole lots."""
    if math.isinf(size):
        return False
    if lot == 1.0:  # a remainder takes as long as all the rest of an order
        return math.floor(size) == size
    return in_lots(size, lot)


def _write(
    numbers: IntArray,
    prices: FloatArray,
    row: int,
    submitted: int,
    updated: int,
    code: int,
    signed: float,
) -> None:
    numbers[row, SUBMITTED] = submitted
    numbers[row, UPDATED] = updated
    numbers[row, CODE] = code
    numbers[row, BAR_TS] = 0
    numbers[row, ROW] = -1
    prices[row, SIGNED] = signed
    prices[row, PRICE] = np.nan


def scratch(rows: int) -> tuple[IntArray, FloatArray]:
    """Room for what `trade` writes over so many rows: `numbers` and `prices`."""
    return np.empty((rows + 1, 5), dtype=np.int64), np.empty((rows + 1, 2))


def bars_of_fills(bars: BarColumns, numbers: IntArray) -> FloatArray:
    """Open, high, low, close and volume of the bars that filled orders, shape (fills, 5)."""
    rows = numbers[numbers[:, CODE] == FILLED, ROW]
    return np.array([getattr(bars, name)[rows] for name in PRICE_FIELDS]).T


@dataclass(frozen=True, slots=True)
class Pricing:
    """What a fill costs, by the standard formulas.

    Attributes:
        slippage: Numbers of `cost_formulas.slippage`; None for none.
        commission: Numbers of `cost_formulas.commission`; None for none.
    """

    slippage: tuple[float, ...] | None
    commission: tuple[float, ...] | None

    @classmethod
    def of(cls, costs: Costs) -> Pricing:
        """The numbers of a run's costs."""
        return cls(
            None if costs.slippage is None else costs.slippage[1],
            None if costs.commission is None else costs.commission[1],
        )

    @property
    def is_free(self) -> bool:
        """Whether a fill costs nothing."""
        return self.slippage is None and self.commission is None

    def apply(
        self, numbers: IntArray, prices: FloatArray, bars: FloatArray
    ) -> tuple[IntArray, IntArray]:
        """Put the prices after slippage in the place of those before it.

        Args:
            numbers: Orders that have ended, as `trade` writes them.
            prices: The same; PRICE is changed in place.
            bars: Open, high, low, close and volume of the bar of each fill.

        Returns:
            Commission and slippage of each order in 1e-6 currency units; 0 where nothing was
            filled.
        """
        rows = (numbers[:, CODE] == FILLED).nonzero()[0]
        signed, exact = prices[rows, SIGNED], prices[rows, PRICE]
        paid, filled = np.empty(len(rows)), np.empty(len(rows), dtype=np.int64)
        slipping, charging = self.slippage or EXACT, self.commission or FREE
        kernels().charge(signed, exact, bars, slipping, charging, paid, filled)
        fees, slippage = np.zeros((2, len(numbers)), dtype=np.int64)
        if self.slippage is not None:
            prices[rows, PRICE] = paid
            slippage[rows] = cost_formulas.slipped(signed, exact, paid)
        if self.commission is not None:
            fees[rows] = filled
        return fees, slippage


@dataclass(frozen=True, slots=True)
class Kernels:
    """The compiled functions.

    Attributes:
        trade: `trade`.
        charge: `cost_formulas.charge`.
        tally: `tally`.
    """

    trade: Callable[..., int]
    charge: Callable[..., None]
    tally: Callable[..., tuple[int, int]]


@cache
def kernels() -> Kernels:
    """Compile, or load what an earlier process has compiled from numba's cache on disk.

    Raises:
        ImportError: numba is not installed, or does not load here.
    """
    from numba import njit, types
    from numba.extending import register_jitable

    arrays: Any = types.Array
    several: Any = types.UniTuple

    def array(of: Any, dimensions: int = 1, layout: str = "A", *, readonly: bool = True) -> Any:
        # Columns come in any layout, and read-only from DataFrames: one signature fits all.
        return arrays(of, dimensions, layout, readonly=readonly)

    def written(of: Any, dimensions: int) -> Any:
        return array(of, dimensions, "C", readonly=False)

    real, whole = types.float64, types.int64
    reals, wholes = array(real), array(whole)
    register_jitable(_write)
    register_jitable(_unchanged)
    register_jitable(_in_lots)
    register_jitable(in_lots)
    register_jitable(on_grid)
    register_jitable(cost_formulas.commission)
    register_jitable(cost_formulas.slippage)
    register_jitable(cost_formulas.to_micros)
    traded = whole(
        *(reals, reals, wholes, wholes, wholes, wholes),
        array(real, 1, "C"),
        *(whole, whole, whole, whole, real, whole),
        *(written(real, 2), written(whole, 2)),
        *(written(whole, 2), written(real, 2)),
    )
    charged = types.void(
        reals,
        reals,
        array(real, 2),
        several(real, 3),
        several(real, 5),
        written(real, 1),
        written(whole, 1),
    )
    tallied = several(whole, 2)(written(whole, 2), written(real, 2), written(whole, 1), whole)
    return Kernels(
        njit(traded, cache=True)(trade),
        njit(charged, cache=True)(cost_formulas.charge),
        njit(tallied, cache=True)(tally),
    )
