"""One account at Alpaca, as the core's desk uses it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any, NoReturn, TypeVar
from urllib.parse import quote

from mismartera_alpaca import orders
from mismartera_alpaca.accounts import account as made_account
from mismartera_alpaca.config import BrokerConfig
from mismartera_alpaca.keys import Keys, find_keys
from mismartera_alpaca.limiter import Limiter
from mismartera_alpaca.listening import Listening
from mismartera_alpaca.rest import Failure, Refused, Rest, Unheard
from mismartera_alpaca.times import to_ns, to_text
from mismartera_core import (
    BrokerError,
    EmitVenue,
    Execution,
    OrderExists,
    OrderNotSent,
    OrderRejected,
    OrderTerms,
    OrderUnclear,
    PluginContext,
    VenueAccount,
    VenueBroker,
    VenueCapabilities,
    VenueOrder,
    VenuePosition,
)

_REFUSALS = (400, 401, 403, 404, 422)
"""Statuses by which Alpaca says that it has not taken an order."""
_FORBIDDEN = (401, 403)
_NOT_FOUND = 404
_ORDERS = 500
"""Orders a page; Alpaca gives no more."""
_ACTIVITIES = 100
_MILLISECOND = 1_000_000
_TAKEN = "client_order_id must be unique"

_Made = TypeVar("_Made")


class AlpacaBroker(VenueBroker):
    """The adapter of one account. Paper unless the config says otherwise.

    Args:
        config: Paper or live, time limits.
        context: Secrets.
    """

    capabilities = VenueCapabilities(
        brackets=True, fractional=True, notional=True, extended_hours=True, replace=True
    )

    def __init__(self, config: BrokerConfig, context: PluginContext) -> None:
        self._config = config
        self._secret = context.secret
        self._closed = threading.Event()
        self._lock = threading.Lock()
        self._limiter = Limiter(config.requests_per_minute)
        self._keys: Keys | None = None
        self._rest: Rest | None = None
        self._listening: Listening | None = None
        self._is_ours = False
        self._easy: frozenset[str] | None = None

    def __repr__(self) -> str:
        return f"AlpacaBroker(paper={self._config.paper})"

    def account(self) -> VenueAccount:
        """The account now.

        Raises:
            BrokerError: The keys are refused, Alpaca does not answer, or the account is a paper
                account where a live one is meant, or the other way round.
        """
        raw = self._read("the account", "/account")
        found = self._made("the account", made_account, raw)
        if found.paper != self._config.paper:
            is_a, meant = ("paper", "live") if found.paper else ("live", "paper")
            raise BrokerError(
                f"alpaca: account {found.account_id} is a {is_a} account, and the config means a "
                f"{meant} one",
                hint=f'use the keys of the {meant} account, or "paper": {str(found.paper).lower()}',
            )
        self._is_ours = True
        return found

    def now_ns(self) -> int:
        """Alpaca's clock."""
        raw = self._read("the clock", "/clock")
        return self._made("the clock", lambda found: to_ns(found["timestamp"]), raw)

    def listen(self, emit: EmitVenue) -> None:
        """Start to tell of orders and executions.

        Raises:
            BrokerError: Alpaca refuses, or does not confirm in time.
        """
        from mismartera_alpaca.trade_line import TradeLine

        keys = self._pair()
        with self._lock:
            if self._listening is not None:
                raise BrokerError("alpaca: the order stream is listened to already")
            self._listening = Listening(
                lambda told: TradeLine(self._config, keys, told), emit, self._closed
            )
        self._listening.start(self._config.connect_seconds + self._config.read_seconds)

    def submit(self, terms: OrderTerms) -> VenueOrder:
        """Send an order, once.

        Raises:
            OrderRejected: Alpaca has refused it.
            OrderExists: Alpaca has one with this client id.
            OrderNotSent: It has never left.
            OrderUnclear: It may have been taken.
        """
        whose = f"order {terms.client_id} ({terms.side.value} {terms.symbol})"
        if not self._is_ours:
            self._make_sure(whose)
        return self._send(whose, "post", "/orders", orders.body(terms))

    def cancel(self, venue_id: str) -> None:
        """Ask to cancel an order.

        Raises:
            OrderRejected: It cannot be cancelled any more.
            OrderUnclear: Whether Alpaca heard it is not known.
        """
        whose = f"cancelling {venue_id}"
        try:
            self._client().send("delete", f"/orders/{quote(venue_id, safe='')}")
        except Failure as error:
            if isinstance(error, Refused) and error.status in _REFUSALS and error.message:
                raise OrderRejected(f"alpaca: {whose}: {error}") from error
            raise OrderUnclear(f"alpaca: {whose}: {error}", hint="ask again") from error

    def replace(self, venue_id: str, terms: OrderTerms) -> VenueOrder:
        """Ask to change a working order; the new one has a new id.

        Raises:
            OrderRejected: It cannot be changed (any more).
            OrderNotSent: The change has never left.
            OrderUnclear: It may have been changed.
        """
        whose = f"changing {venue_id} to {terms.client_id} ({terms.symbol})"
        if terms.quantity is not None and terms.quantity != int(terms.quantity):
            raise OrderRejected(
                f"alpaca: {whose}: a changed order has whole units, wanted were {terms.quantity}",
                hint="cancel it and place another",
            )
        path = f"/orders/{quote(venue_id, safe='')}"
        return self._send(whose, "patch", path, orders.change(terms))

    def find(self, client_id: str) -> VenueOrder | None:
        """The order with a client id; None where Alpaca says that there is none.

        Raises:
            BrokerError: Alpaca does not answer.
        """
        query = {"client_order_id": client_id}
        return self._order(f"order {client_id}", "/orders:by_client_order_id", query)

    def order(self, venue_id: str) -> VenueOrder | None:
        """The order with an id of Alpaca's; None where it says that there is none.

        Raises:
            BrokerError: Alpaca does not answer.
        """
        path = f"/orders/{quote(venue_id, safe='')}"
        return self._order(f"order {venue_id}", path, {"nested": "true"})

    def open_orders(self) -> Sequence[VenueOrder]:
        """Every order that is not final; legs within their entry while that is open, too.

        Raises:
            BrokerError: Alpaca does not answer.
        """
        nested = self._open(nested=True)
        known = {one.venue_id for entry in nested for one in (entry, *entry.legs)}
        # Legs whose entry has filled are open, and may be in no entry that is listed.
        return [*nested, *(one for one in self._open(nested=False) if one.venue_id not in known)]

    def easy_to_borrow(self, symbols: Sequence[str]) -> Sequence[str] | None:
        """Which symbols may be sold short; Alpaca's list of a day, asked for once.

        Raises:
            BrokerError: Alpaca does not answer.
        """
        if self._easy is None:
            query = {"status": "active", "asset_class": "us_equity"}
            found = self._list("assets", "/assets", query)
            self._easy = frozenset(
                str(raw.get("symbol"))
                for raw in found
                if raw.get("shortable") and raw.get("easy_to_borrow")
            )
        return [symbol for symbol in symbols if symbol in self._easy]

    def executions(self, since_ns: int) -> Sequence[Execution]:
        """Every execution at or after an instant, oldest first.

        Raises:
            BrokerError: Alpaca does not answer.
        """
        found: dict[str, Execution] = {}
        query: dict[str, Any] = {
            "after": to_text(max(0, since_ns - _MILLISECOND)),
            "direction": "asc",
            "page_size": _ACTIVITIES,
        }
        while True:
            page = self._list("executions", "/account/activities/FILL", query)
            before = len(found)
            for raw in page:
                one = self._made("executions", orders.activity, raw)
                found[one.execution_id] = one
            if len(page) < _ACTIVITIES:
                break
            if len(found) == before:
                raise BrokerError("alpaca: executions: the same page again and again")
            query["page_token"] = page[-1]["id"]
        wanted = [one for one in found.values() if one.at_ns >= since_ns]
        # Within a millisecond Alpaca lists them in no order.
        return sorted(wanted, key=lambda one: (one.at_ns, one.cumulative or 0))

    def positions(self) -> Sequence[VenuePosition]:
        """Every position that is not flat.

        Raises:
            BrokerError: Alpaca does not answer.
        """
        raw = self._list("positions", "/positions")
        found = [self._made("positions", orders.position, one) for one in raw]
        return [one for one in found if one.quantity]

    def close(self) -> None:
        """Stop listening and release connections."""
        self._closed.set()
        with self._lock:
            listening, rest = self._listening, self._rest
        if listening is not None:
            listening.join()
        if rest is not None:
            rest.close()

    def _make_sure(self, whose: str) -> None:
        """Look at the account before the first order: the keys decide whose money it is."""
        try:
            self.account()
        except BrokerError as error:
            raise OrderNotSent(f"{error}; {whose} was not sent", hint=error.hint) from error

    def _send(self, whose: str, method: str, path: str, body: orders.Raw) -> VenueOrder:
        """Send what makes an order, once, and say what became of it."""
        try:
            raw = self._client().send(method, path, body)
        except Refused as error:
            _refused(error, whose)
        except Unheard as error:
            kind = OrderUnclear if error.sent else OrderNotSent
            raise kind(f"alpaca: {whose}: {error}") from error
        except Failure as error:
            raise OrderNotSent(f"alpaca: {whose}: {error}") from error
        try:
            return orders.order(raw)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise OrderUnclear(f"alpaca: {whose}: the answer is no order") from error

    def _open(self, *, nested: bool) -> list[VenueOrder]:
        """Open orders of all pages."""
        query: dict[str, Any] = {
            "status": "open",
            "limit": _ORDERS,
            "direction": "asc",
            "nested": str(nested).lower(),
        }
        found: dict[str, VenueOrder] = {}
        while True:
            page = self._list("open orders", "/orders", query)
            before = len(found)
            for raw in page:
                one = self._made("open orders", orders.order, raw)
                found[one.venue_id] = one
            if len(page) < _ORDERS:
                return [one for one in found.values() if _is_open(one)]
            if len(found) == before:
                raise BrokerError("alpaca: open orders: the same page again and again")
            # Orders of one instant may lie on two pages: the last instant is asked for again.
            last = max(one.submitted_ns for one in found.values())
            query["after"] = to_text(last - _MILLISECOND)

    def _order(self, whose: str, path: str, query: orders.Raw) -> VenueOrder | None:
        """An order, None where Alpaca itself says that there is none."""
        raw = self._read(whose, path, query, absent=True)
        return None if raw is None else self._made(whose, orders.order, raw)

    def _list(self, whose: str, path: str, query: Any = None) -> list[Any]:
        found = self._read(whose, path, query)
        if not isinstance(found, list):
            raise BrokerError(f"alpaca: {whose}: expected a list, was {type(found).__name__}")
        return found

    def _read(self, whose: str, path: str, query: Any = None, *, absent: bool = False) -> Any:
        """What Alpaca answers; None for its own 404 where that may be."""
        try:
            return self._client().read(path, query)
        except Refused as error:
            # A 404 that is not Alpaca's (a proxy, a wrong address) says nothing of an order.
            if absent and error.status == _NOT_FOUND and "not found" in error.message:
                return None
            hint = "are the keys current, and of this account?"
            refused = error.status in _FORBIDDEN
            raise BrokerError(f"alpaca: {whose}: {error}", hint=hint if refused else "") from error
        except Failure as error:
            raise BrokerError(
                f"alpaca: {whose}: {error}", hint="look at status.alpaca.markets and your network"
            ) from error

    def _made(self, whose: str, make: Callable[[Any], _Made], raw: Any) -> _Made:
        try:
            return make(raw)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise BrokerError(f"alpaca: {whose}: an answer that cannot be understood") from error

    def _pair(self) -> Keys:
        with self._lock:
            if self._keys is None:
                self._keys = find_keys(self._secret, self._config.keys)
            return self._keys

    def _client(self) -> Rest:
        keys = self._pair()
        with self._lock:
            if self._rest is None:
                from mismartera_alpaca.sdk import TradingClient

                client = TradingClient(
                    *keys.pair(),
                    paper=self._config.paper,
                    raw_data=True,
                    url_override=self._config.trading_url,
                )
                self._rest = Rest(client, self._config, self._limiter, self._closed)
            return self._rest


def _refused(error: Refused, whose: str) -> NoReturn:
    """Say what an error of Alpaca's means for an order."""
    text = f"alpaca: {whose}: {error}"
    if _TAKEN in error.message:
        raise OrderExists(text) from error
    if error.status in _REFUSALS and error.message:
        raise OrderRejected(text) from error
    raise OrderUnclear(text, hint="look the order up by its client id") from error


def _is_open(one: VenueOrder) -> bool:
    """Whether an order or one of its legs is not final."""
    return not one.status.is_final or any(not leg.status.is_final for leg in one.legs)
