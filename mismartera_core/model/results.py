"""What a run leaves behind, as columns; tables and summaries are made of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from itertools import chain
from typing import Any, Self

import numpy as np

from mismartera_core.model.columns import FloatArray, IntArray
from mismartera_core.model.quality import QualityReport

MICROS = 1_000_000
"""The ledger counts in integers of 1e-6 currency units."""


def in_micros(amounts: FloatArray | float) -> Any:
    """Amounts of money as the floats nearest to what the ledger counts: 0.3 - 0.1 is 0.2."""
    return np.rint(np.multiply(amounts, MICROS)) / MICROS


_EMPTY: Mapping[str, Callable[[], Any]] = {
    "IntArray": lambda: np.zeros(0, dtype=np.int64),
    "FloatArray": lambda: np.zeros(0),
    "list[str]": list,
}
"""A column without rows, by its type."""


class Rows:
    """Columns of equal length: a dataclass of arrays (or lists), cut and joined all alike."""

    __slots__ = ()

    def __len__(self) -> int:
        return len(getattr(self, next(iter(self.__dataclass_fields__))))  # type: ignore[attr-defined]

    def parts(self) -> Iterator[Self]:
        """The rows, as many at a time as are held together: here all of them."""
        yield self

    def part(self, start: int, stop: int | None = None) -> Self:
        """The rows from start to stop."""
        return type(self)(*(column[start:stop] for column in self.columns()))

    def take(self, rows: IntArray) -> Self:
        """Rows by number."""
        return type(self)(*(_taken(column, rows) for column in self.columns()))

    @classmethod
    def none(cls) -> Self:
        """No rows."""
        return cls(*(_EMPTY[str(field.type)]() for field in fields(cls)))  # type: ignore[arg-type]

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """One after the other."""
        if len(parts) == 1:
            return parts[0]
        return cls(*map(joined_column, zip(*(part.columns() for part in parts), strict=True)))

    def columns(self) -> list[Any]:
        """The columns, in order."""
        return [getattr(self, name) for name in self.__dataclass_fields__]  # type: ignore[attr-defined]


def joined_column(parts: Sequence[Any]) -> Any:
    """Parts of a column as one: a list where they are lists, else an array."""
    return list(chain(*parts)) if isinstance(parts[0], list) else np.concatenate(parts)


def _taken(column: Any, rows: IntArray) -> Any:
    return [column[row] for row in rows.tolist()] if isinstance(column, list) else column[rows]


@dataclass(frozen=True, slots=True, eq=False)
class FillColumns(Rows):
    """Executions in the order in which they became known.

    Attributes:
        order_id: The order each belongs to.
        strategy: Row of the strategy in `RunRecord.strategies`.
        symbol: Row of the symbol in `RunRecord.symbols`.
        side: +1 bought, -1 sold.
        quantity: Units, positive.
        price: After slippage.
        commission: In 1e-6 currency units.
        bar_ts: Open of the bar that filled it, nanoseconds UTC.
        filled_ns: When the fill became known, nanoseconds UTC.
        slippage: What it cost against the price before slippage, in 1e-6 currency units.
    """

    order_id: IntArray
    strategy: IntArray
    symbol: IntArray
    side: IntArray
    quantity: FloatArray
    price: FloatArray
    commission: IntArray
    bar_ts: IntArray
    filled_ns: IntArray
    slippage: IntArray


@dataclass(frozen=True, slots=True, eq=False)
class OrderColumns(Rows):
    """Every order of a run, by id, and every signal that became none (id 0).

    A row is a signal: what a strategy asked for, and what became of it.

    Attributes:
        id: Number within the run from 1; 0 for a signal refused before it became an order.
        parent_id: Entry order of a bracket leg, else 0.
        strategy: Row of the strategy in `RunRecord.strategies`.
        symbol: Row of the symbol in `RunRecord.symbols`.
        side: +1 buy, -1 sell.
        type: `OrderType` values.
        time_in_force: `TimeInForce` values.
        quantity: Units asked for.
        filled_quantity: Units filled.
        limit_price: NaN where it has none.
        stop_price: NaN where it has none.
        trail_amount: NaN where it has none.
        status: `OrderStatus` values; "rejected" for a signal refused before it became an order,
            "replaced" for a change of a working one, whose id is its `parent_id`.
        reason: Why it was rejected, cancelled or expired; empty otherwise.
        tag: What the strategy said of it.
        submitted_ns: When it was placed, nanoseconds UTC.
        updated_ns: When it reached its status, nanoseconds UTC.
    """

    id: IntArray
    parent_id: IntArray
    strategy: IntArray
    symbol: IntArray
    side: IntArray
    type: list[str]
    time_in_force: list[str]
    quantity: FloatArray
    filled_quantity: FloatArray
    limit_price: FloatArray
    stop_price: FloatArray
    trail_amount: FloatArray
    status: list[str]
    reason: list[str]
    tag: list[str]
    submitted_ns: IntArray
    updated_ns: IntArray


@dataclass(frozen=True, slots=True, eq=False)
class DecisionColumns(Rows):
    """Every order that risk kept back and every change of the risk state, in order.

    Attributes:
        decided_ns: Instant, nanoseconds UTC.
        strategy: Row of the strategy in `RunRecord.strategies`; -1 for the account as a whole.
        symbol: Row of the symbol in `RunRecord.symbols`; -1 for the account as a whole.
        side: +1 buy, -1 sell, 0 for the account as a whole.
        quantity: Units asked for; NaN for the account as a whole.
        price: What a unit was valued at, likewise.
        check: Name of the risk check; "control" where the state of the account decided.
        limit: Name of the limit within it; empty where it has none.
        verdict: "refused", or the `RiskState` that follows.
        found: The number found; NaN where none is known.
        allowed: The number allowed; NaN where no number is.
        reason: The sentence.
    """

    decided_ns: IntArray
    strategy: IntArray
    symbol: IntArray
    side: IntArray
    quantity: FloatArray
    price: FloatArray
    check: list[str]
    limit: list[str]
    verdict: list[str]
    found: FloatArray
    allowed: FloatArray
    reason: list[str]


@dataclass(frozen=True, slots=True, eq=False)
class EquityColumns(Rows):
    """The account at the end of each step of each session.

    Attributes:
        ts: Instant, nanoseconds UTC.
        session: Row of the session in `RunRecord.sessions`.
        cash: Account currency.
        equity: Cash plus positions at the last known closes.
        gross: Sum of absolute position values.
    """

    ts: IntArray
    session: IntArray
    cash: FloatArray
    equity: FloatArray
    gross: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """All that a finished (or stopped) run knows of itself.

    Attributes:
        session_name: From the session config.
        strategies: Names, in the order of the config.
        symbols: Tickers, in the order of the config.
        timezone: IANA name of the exchange's zone.
        sessions: Trading days replayed.
        starting_cash: In 1e-6 currency units.
        fills: Executions.
        orders: Orders and refused signals.
        equity: The account over time.
        decisions: Orders that risk kept back, and changes of its state.
        quality: Reports by session and symbol.
        bars: Base bars replayed.
        seconds: Time the engine took, by a monotonic timer.
        simulated_data: Whether the bars are generated, not observed.
        closing_prices: Last known close by row of the symbol; NaN where none.
        notes: What a reader should know ("stepped because ...", "no risk block").
        threads: Performance metrics by thread: {"thread": {"busy": s, "waiting": s, ...}}.
        trade_hash: sha256 over the canonical fills.
        error: What stopped the run early; empty where it went to the end.
    """

    session_name: str
    strategies: tuple[str, ...]
    symbols: tuple[str, ...]
    timezone: str
    sessions: tuple[date, ...]
    starting_cash: int
    fills: FillColumns
    orders: OrderColumns
    equity: EquityColumns
    decisions: DecisionColumns = field(default_factory=DecisionColumns.none)
    quality: Sequence[QualityReport] = ()
    bars: int = 0
    seconds: float = 0.0
    simulated_data: bool = False
    closing_prices: FloatArray | None = None
    notes: tuple[str, ...] = ()
    threads: dict[str, dict[str, float]] = field(default_factory=dict)
    trade_hash: str = ""
    error: str = ""
