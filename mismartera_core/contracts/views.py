"""What a strategy is handed: views of bars, indicators, positions and orders."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from mismartera_core.model.orders import OrderStatus

if TYPE_CHECKING:
    import pandas as pd

    from mismartera_core.model.columns import BarColumns, BoolArray, FloatArray
    from mismartera_core.model.market import Bar
    from mismartera_core.model.orders import Order

Price: TypeAlias = float | Decimal


class IndicatorHandle(Protocol):
    """The value of an indicator now. Other outputs by name: `bands.upper.value`."""

    value: float
    """Principal output at the newest bar; NaN until warmed up."""

    @property
    def values(self) -> FloatArray:
        """History and session up to now, newest last."""

    def __getattr__(self, output: str) -> IndicatorHandle: ...


class PositionView(Protocol):
    """What one strategy holds of one symbol."""

    quantity: float
    """Units, negative when short."""
    is_flat: bool
    is_long: bool
    is_short: bool

    @property
    def average_price(self) -> float:
        """What a unit cost on average; NaN when flat."""


class OrderTicket(Protocol):
    """An order in the strategy's hands."""

    id: int
    status: OrderStatus
    reason: str
    quantity: float
    is_done: bool
    """Filled, cancelled, expired or rejected."""

    @property
    def filled_quantity(self) -> float:
        """Units filled so far."""

    def snapshot(self) -> Order:
        """The order as a value, with Decimal prices."""


class BarsView(Protocol):
    """Bars known by now, read only; `[-1]` is the newest Bar."""

    def __len__(self) -> int: ...
    def __getitem__(self, index: int) -> Bar: ...
    @property
    def open(self) -> FloatArray:
        """First prices, newest last."""

    @property
    def high(self) -> FloatArray:
        """Highest prices."""

    @property
    def low(self) -> FloatArray:
        """Lowest prices."""

    @property
    def close(self) -> FloatArray:
        """Last prices."""

    @property
    def volume(self) -> FloatArray:
        """Units traded."""

    @property
    def columns(self) -> BarColumns:
        """All of it as columns."""

    def to_pandas(self) -> pd.DataFrame:
        """A DataFrame with an aware index in the exchange's zone."""

    def to_arrow(self) -> Any:
        """A pyarrow Table."""


class RowHandle(Protocol):
    """The values of an indicator now, one per symbol."""

    value: FloatArray
    """Principal output, one value a symbol; NaN until warmed up."""

    def __getattr__(self, output: str) -> RowHandle: ...


class Step(Protocol):
    """One instant over all symbols; arrays have one entry a symbol, in the order of `symbols`.

    Prices of a symbol without a bar at this instant are those of its last bar of the session; NaN
    before its first.
    """

    now_ns: int
    """The clock, nanoseconds UTC."""
    index: int
    """Number of the step within the session, from 0."""

    @property
    def open(self) -> FloatArray:
        """First prices."""

    @property
    def high(self) -> FloatArray:
        """Highest prices."""

    @property
    def low(self) -> FloatArray:
        """Lowest prices."""

    @property
    def close(self) -> FloatArray:
        """Last prices."""

    @property
    def volume(self) -> FloatArray:
        """Units traded."""

    @property
    def present(self) -> BoolArray:
        """Whether the symbol has a bar at this instant."""


class IndicatorSource(Protocol):
    """Computes indicators on the columns a SignalStrategy was given."""

    def __call__(self, name: str, **params: Any) -> FloatArray:
        """The principal output of a registered indicator."""

    def outputs(self, name: str, **params: Any) -> dict[str, FloatArray]:
        """All outputs of a registered indicator."""
