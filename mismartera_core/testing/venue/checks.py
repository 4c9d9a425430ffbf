"""What a venue tests before it takes an order."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from mismartera_core.model.orders import OrderType, Side
from mismartera_core.testing.venue.amounts import ZERO, shown
from mismartera_core.testing.venue.book import OrderBook
from mismartera_core.testing.venue.ledger import Ledger
from mismartera_core.testing.venue.orders import BookOrder, Status, Terms
from mismartera_core.testing.venue.refusals import Refused, Why

_ONE, _CENT, _HUNDREDTH = Decimal(1), Decimal("0.01"), Decimal("0.0001")
_NEEDS_LIMIT = (OrderType.LIMIT, OrderType.STOP_LIMIT)
_NEEDS_STOP = (OrderType.STOP, OrderType.STOP_LIMIT)


@dataclass(slots=True)
class AccountRules:
    """What the account may do.

    Attributes:
        multiplier: Buying power as a multiple of equity; None for no limit.
        shorting: Whether it may sell short.
        crossing: Whether one order may take a position through zero.
        wash_trades: Whether orders on both sides of a symbol may rest at once.
        blocked: Why it may not trade; "" where it may.
    """

    multiplier: Decimal | None = _ONE
    shorting: bool = True
    crossing: bool = False
    wash_trades: bool = False
    blocked: str = ""


class Checks:
    """Tests of one account.

    Args:
        book: Its orders.
        ledger: Its positions.
        rules: What it may do.
    """

    def __init__(self, book: OrderBook, ledger: Ledger, rules: AccountRules) -> None:
        self._book, self._ledger, self._rules = book, ledger, rules

    def terms(self, terms: Terms) -> None:
        """Test what an order says, whatever the account.

        Args:
            terms: The order and its legs.

        Raises:
            Refused: It makes no sense, or is priced between two ticks.
        """
        if (terms.quantity is None) == (terms.notional is None):
            raise Refused(Why.INVALID, "exactly one of qty and notional is required")
        size = terms.quantity if terms.notional is None else terms.notional
        if size is None or size <= ZERO:
            raise Refused(Why.INVALID, "qty must be > 0")
        needed = {
            "limit_price": terms.limit if terms.type in _NEEDS_LIMIT else _ONE,
            "stop_price": terms.stop if terms.type in _NEEDS_STOP else _ONE,
            "trail_price": terms.trail if terms.type is OrderType.TRAILING_STOP else _ONE,
        }
        for name, value in needed.items():
            if value is None or value <= ZERO:
                raise Refused(Why.INVALID, f"{terms.type} orders require {name}")
        for name, price in (("limit_price", terms.limit), ("stop_price", terms.stop)):
            if price is not None and price % (_CENT if price >= _ONE else _HUNDREDTH):
                raise Refused(Why.SUB_PENNY, f"invalid {name} {price}", field=name, price=price)
        if terms.extended_hours and terms.type is not OrderType.LIMIT:
            raise Refused(Why.EXTENDED_HOURS, "extended hours orders must be limit orders")

    def account(self, terms: Terms, mark: Decimal, without: BookOrder | None = None) -> Decimal:
        """Test an order against what the account holds.

        Args:
            terms: The order.
            mark: Price at which it is counted.
            without: An order whose place it takes.

        Returns:
            Units by which it enlarges the position.

        Raises:
            Refused: The account may not place it.
        """
        if self._rules.blocked:
            raise Refused(Why.BLOCKED, self._rules.blocked)
        if not self._rules.wash_trades:
            self._no_wash_trade(terms, without)
        units = terms.quantity
        if units is None:
            assert terms.notional is not None  # noqa: S101 - tested before
            units = terms.notional / mark if mark else ZERO
        held = self._ledger.position(terms.symbol)
        signed = units if terms.side is Side.BUY else -units
        enlarges = units if held * signed >= ZERO else max(ZERO, units - abs(held))
        if held * signed < ZERO and not self._rules.crossing:
            self._enough_held(terms, units, held, without)
        free = self.available(terms.symbol, without) if held > ZERO else ZERO
        if terms.side is Side.SELL and units > free and not self._rules.shorting:
            raise Refused(Why.SHORTING, "account is not allowed to short", symbol=terms.symbol)
        self._affordable(enlarges * mark, without)
        return enlarges

    def buying_power(self, without: BookOrder | None = None) -> Decimal:
        """What may be spent on new positions, never below zero; with no limit, all there is.

        Args:
            without: An order that is not counted.
        """
        factor = self._rules.multiplier or _ONE
        spent = sum((abs(held.cost) for held in self._ledger.holdings.values()), ZERO)
        reserved = sum(
            (
                min(order.enlarges, _left(order)) * order.mark
                for order in self._book.open()
                if order is not without and order.entry is None
            ),
            ZERO,
        )
        return max(ZERO, self._ledger.at_cost() * factor - spent - reserved)

    def available(self, symbol: str, without: BookOrder | None = None) -> Decimal:
        """Units of a position that no order is about to close.

        Args:
            symbol: Ticker.
            without: An order that is not counted.
        """
        held = self._ledger.position(symbol)
        away = Side.SELL if held > ZERO else Side.BUY
        promised = ZERO
        for order in self._book.open(symbol):
            if order is without or order.side is not away or order.status is Status.HELD:
                continue
            if without is not None and order is without.sibling:
                continue  # only one of the two will fill
            pair = order.sibling
            if pair is not None and pair.is_live and pair.number < order.number:
                continue  # only one of the two will fill
            promised += _left(order)
        return max(ZERO, abs(held) - promised)

    def _enough_held(
        self, terms: Terms, units: Decimal, held: Decimal, without: BookOrder | None
    ) -> None:
        free = self.available(terms.symbol, without)
        if units > free:
            raise Refused(
                Why.QUANTITY,
                "insufficient qty available for order "
                f"(requested: {shown(units)}, available: {shown(free)})",
                symbol=terms.symbol,
                available=free,
                existing=abs(held),
                held=abs(held) - free,
            )

    def _affordable(self, cost: Decimal, without: BookOrder | None) -> None:
        if self._rules.multiplier is None or not cost:
            return
        power = self.buying_power(without)
        if cost > power:
            raise Refused(
                Why.BUYING_POWER, "insufficient buying power", buying_power=power, cost_basis=cost
            )

    def _no_wash_trade(self, terms: Terms, without: BookOrder | None) -> None:
        for order in self._book.open(terms.symbol):
            if order is without or order.side is terms.side or not order.is_live:
                continue
            if _could_meet(terms, order.terms):
                kind = "market" if order.terms.type is OrderType.MARKET else order.terms.type.value
                raise Refused(
                    Why.WASH_TRADE,
                    "potential wash trade detected. use complex orders",
                    existing_order_id=order.id,
                    reason=f"opposite side {kind.replace('_', ' ')} order exists",
                )


def _left(order: BookOrder) -> Decimal:
    """Units that an order has still to fill; of one by notional, about as many."""
    if order.left is not None:
        return order.left
    assert order.terms.notional is not None  # noqa: S101 - tested before
    return order.terms.notional / order.mark


def _could_meet(one: Terms, other: Terms) -> bool:
    """Whether two orders on different sides could trade with each other."""
    if one.type is not OrderType.LIMIT or other.type is not OrderType.LIMIT:
        return True
    assert one.limit is not None  # noqa: S101 - tested before
    assert other.limit is not None  # noqa: S101
    return one.limit >= other.limit if one.side is Side.BUY else one.limit <= other.limit
