"""Pairs the orders of a live session with those of a backtest, and names what parts them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from mismartera_core.model.parity import Cause, Circumstances, Difference, Parity, Trouble
from mismartera_core.model.results import MICROS, FillColumns, RunRecord

_SAME_PRICE = 5e-7
_SAME_FEE = 1
"""A millionth of the currency: what rounding may make of one fee."""
_KEPT_BACK = ("risk ", "halted", "reducing", "buying power")
_STREAM = "stream of orders"

Key = tuple[str, str, int, int]


@dataclass(frozen=True, slots=True)
class _Filled:
    """What all executions of an order come to."""

    quantity: float = 0.0
    notional: float = 0.0
    commission: int = 0
    bar_ns: int = 0

    @property
    def price(self) -> float:
        return self.notional / self.quantity if self.quantity else float("nan")


@dataclass(frozen=True, slots=True)
class _Order:
    """A row of orders with its executions."""

    strategy: str
    strategy_row: int
    symbol: str
    symbol_row: int
    side: int
    at_ns: int
    quantity: float
    prices: tuple[float, float, float]
    status: str
    reason: str
    refused: bool
    filled: _Filled

    def words(self) -> str:
        """The order in a few words."""
        amount = f"{self.quantity:g}"
        if self.refused or self.status == "rejected":
            return f"{amount} {self.status}: {self.reason}"
        if not self.filled.quantity:
            return f"{amount} {self.status.replace('_', ' ')}"
        return f"{self.filled.quantity:g} of {amount} at {self.filled.price:.6g}"


def compare(live: RunRecord, test: RunRecord, around: Circumstances) -> Parity:
    """Pair the orders of two runs on the same bars.

    Orders are paired by strategy, symbol, side and the bar they were decided on; of several, the
    first with the first. Refused signals are orders too.

    Args:
        live: The session.
        test: The backtest.
        around: What the recording says of the session.
    """
    ours, theirs = _orders(live), _orders(test)
    pairs = _paired(ours, theirs, around.interval_ns)
    found = _Finder(around)
    differences = tuple(d for pair in pairs for d in found.of(*pair))
    both = sum(one is not None and other is not None for one, other in pairs)
    return Parity(len(ours), len(theirs), both, differences)


class _Finder:
    """Names causes, pair after pair in the order of time."""

    def __init__(self, around: Circumstances) -> None:
        self._around = around
        self._apart: set[tuple[str, str]] = set()

    def of(self, live: _Order | None, test: _Order | None) -> Iterator[Difference]:
        """What a pair differs in; nothing where it is the same."""
        one = live or test
        assert one is not None  # noqa: S101 - a pair has at least one
        found = self._cause(live, test)
        if found is None:
            return
        cause, detail = found
        self._apart.add((one.strategy, one.symbol))
        yield Difference(
            cause=cause,
            strategy=one.strategy,
            symbol=one.symbol,
            side="buy" if one.side > 0 else "sell",
            bar_ns=_bar_of(one, self._around.interval_ns),
            live=live.words() if live else "",
            backtest=test.words() if test else "",
            detail=detail,
        )

    def _cause(self, live: _Order | None, test: _Order | None) -> tuple[Cause, str] | None:
        if live is None or test is None:
            return self._alone(live or test)
        if live.refused != test.refused or (live.status == "rejected") != (
            test.status == "rejected"
        ):
            return self._refused(live, test)
        if live.quantity != test.quantity or not _same(live.prices, test.prices):
            return self._data(live) or self._unknown(live, "other terms")
        apart = _filled_apart(live.filled, test.filled)
        if apart is None:
            return None
        if live.at_ns != test.at_ns:
            late = self._late(live)
            return late or (Cause.CLOCK, f"decided {(live.at_ns - test.at_ns) / 1e9:+.3f} s apart")
        return self._of_fill(test) or apart

    def _alone(self, order: _Order | None) -> tuple[Cause, str]:
        assert order is not None  # noqa: S101 - the caller has one
        around, bar = self._around, _bar_of(order, self._around.interval_ns)
        if not around.began_ns <= bar <= around.ended_ns:
            return Cause.NOT_RUNNING, "the session did not run at that time"
        return self._data(order) or self._unknown(order, "only one of the two has it")

    def _refused(self, live: _Order, test: _Order) -> tuple[Cause, str]:
        refused = live if live.refused or live.status == "rejected" else test
        if _STREAM in refused.reason:
            return Cause.FEED_DOWN, refused.reason
        if refused.refused or refused.reason.startswith(_KEPT_BACK):
            return Cause.RISK, refused.reason
        return Cause.VENUE_REJECT, refused.reason

    def _data(self, order: _Order) -> tuple[Cause, str] | None:
        """The trouble with bars that explains an order, and why it does."""
        late = self._late(order)
        if late is not None:
            return late
        bar = _bar_of(order, self._around.interval_ns)
        for start, end in self._around.lost:
            if start <= bar <= end + self._around.interval_ns:
                return Cause.FEED_DOWN, "the stream of bars was not connected"
        if (order.strategy, order.symbol) in self._apart:
            return None
        unknown = [t for t in self._troubles(order) if t.due_ns <= bar < t.known_ns]
        earlier = [t for t in self._troubles(order) if t.due_ns <= bar]
        for found in (unknown, earlier):
            if found:
                nearest = max(found, key=lambda t: t.due_ns)
                return nearest.cause, _told(nearest)
        return None

    def _late(self, order: _Order) -> tuple[Cause, str] | None:
        bar = _bar_of(order, self._around.interval_ns)
        for trouble in self._troubles(order):
            if trouble.due_ns == bar and trouble.cause is Cause.BAR_LATE:
                return trouble.cause, _told(trouble)
        return None

    def _of_fill(self, test: _Order) -> tuple[Cause, str] | None:
        """The trouble of the bar that fills an order in the backtest."""
        for trouble in self._troubles(test):
            if trouble.bar_ns == test.filled.bar_ns and trouble.symbol == test.symbol_row:
                return trouble.cause, f"the bar that fills it was {_told(trouble)}"
        return None

    def _troubles(self, order: _Order) -> Iterable[Trouble]:
        every = order.strategy_row in self._around.looks_at_all
        return (t for t in self._around.troubles if every or t.symbol == order.symbol_row)

    def _unknown(self, order: _Order, words: str) -> tuple[Cause, str]:
        if (order.strategy, order.symbol) in self._apart:
            return Cause.FOLLOWS, words
        return Cause.UNEXPLAINED, words


def _filled_apart(live: _Filled, test: _Filled) -> tuple[Cause, str] | None:
    """What two executions of one order differ in, the first that applies."""
    if abs(live.quantity - test.quantity) > 1e-9:
        return Cause.FILL_QUANTITY, f"{live.quantity:g}, not {test.quantity:g}"
    if not live.quantity:
        return None
    if live.bar_ns != test.bar_ns:
        return Cause.FILL_TIME, f"{(live.bar_ns - test.bar_ns) / 1e9:+g} s apart"
    if abs(live.price - test.price) > _SAME_PRICE:
        return Cause.FILL_PRICE, f"{live.price - test.price:+.6f} a unit"
    if abs(live.commission - test.commission) > _SAME_FEE:
        return Cause.FEE, f"{(live.commission - test.commission) / MICROS:+.6f}"
    return None


def _paired(
    ours: list[_Order], theirs: list[_Order], interval_ns: int
) -> list[tuple[_Order | None, _Order | None]]:
    """Pairs in the order of their bars; None where one of the two has no such order."""
    waiting: dict[Key, list[_Order]] = defaultdict(list)
    for order in theirs:
        waiting[_key(order, interval_ns)].append(order)
    pairs: list[tuple[_Order | None, _Order | None]] = []
    for order in ours:
        same = waiting[_key(order, interval_ns)]
        pairs.append((order, same.pop(0) if same else None))
    pairs += [(None, order) for left in waiting.values() for order in left]
    return sorted(pairs, key=lambda pair: _bar_of(pair[0] or pair[1], interval_ns))


def _orders(record: RunRecord) -> list[_Order]:
    rows, fills = record.orders.part(0), _by_order(record.fills.part(0))
    return [
        _Order(
            strategy=record.strategies[rows.strategy[row]],
            strategy_row=int(rows.strategy[row]),
            symbol=record.symbols[rows.symbol[row]],
            symbol_row=int(rows.symbol[row]),
            side=int(rows.side[row]),
            at_ns=int(rows.submitted_ns[row]),
            quantity=float(rows.quantity[row]),
            prices=(
                float(rows.limit_price[row]),
                float(rows.stop_price[row]),
                float(rows.trail_amount[row]),
            ),
            status=rows.status[row],
            reason=rows.reason[row],
            refused=int(rows.id[row]) == 0,
            filled=fills.get(int(rows.id[row]), _Filled()),
        )
        for row in np.argsort(rows.submitted_ns, kind="stable").tolist()
    ]


def _by_order(fills: FillColumns) -> Mapping[int, _Filled]:
    found: dict[int, _Filled] = {}
    for row, number in enumerate(fills.order_id.tolist()):
        before = found.get(number, _Filled(bar_ns=int(fills.bar_ts[row])))
        units = float(fills.quantity[row])
        found[number] = _Filled(
            before.quantity + units,
            before.notional + units * float(fills.price[row]),
            before.commission + int(fills.commission[row]),
            before.bar_ns,
        )
    return found


def _key(order: _Order, interval_ns: int) -> Key:
    return order.strategy, order.symbol, order.side, _bar_of(order, interval_ns)


def _bar_of(order: _Order | None, interval_ns: int) -> int:
    """Close of the bar that an order was decided on."""
    assert order is not None  # noqa: S101 - a pair has at least one
    return order.at_ns // interval_ns * interval_ns


def _same(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return all(
        a == b or (a != a and b != b) or abs(a - b) <= _SAME_PRICE
        for a, b in zip(one, other, strict=True)
    )


def _told(trouble: Trouble) -> str:
    after = (trouble.known_ns - trouble.due_ns) / 1e9
    return f"as it finally is {after:.3f} s after it was due"
