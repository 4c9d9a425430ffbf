"""The broker: one account at the venue, as the order desk of the core uses it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

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
from pydantic import SecretStr

from {{ cookiecutter.name }} import messages
from {{ cookiecutter.name }}.config import {{ cookiecutter.__class }}Config
from {{ cookiecutter.name }}.listening import Listening
from {{ cookiecutter.name }}.rest import NoAnswer, NotSent, Rest

OK, NOT_FOUND, EXISTS = 200, 404, 409
REFUSALS = (400, 401, 403, 404, 422)
"""Statuses by which the venue says that it has not done what was asked."""

_Made = TypeVar("_Made")


class {{ cookiecutter.__class }}(VenueBroker):
    """Sends every order once, and tells apart what was refused, never left, or is unclear.

    Args:
        config: Where the venue is.
        context: Knows the key.
    """

    capabilities = VenueCapabilities(brackets=True, replace=True)

    def __init__(self, config: {{ cookiecutter.__class }}Config, context: PluginContext) -> None:
        self._config = config
        self._key = SecretStr(context.secret(config.key))
        self._rest = Rest(config.url, self._key, config.connect_seconds, config.read_seconds)
        self._listening: Listening | None = None

    def account(self) -> VenueAccount:
        """The account now."""
        return self._read("/account", messages.account)

    def now_ns(self) -> int:
        """The venue's clock, nanoseconds UTC."""
        return self._read("/clock", lambda found: int(found["now"]))

    def listen(self, emit: EmitVenue) -> None:
        """Start to tell of orders and executions; returns when the venue has confirmed it.

        Args:
            emit: Takes what is told.
        """
        config = self._config
        self._listening = Listening(
            config.events_url, self._key, config.connect_seconds, config.read_seconds, emit
        )
        self._listening.start()

    def submit(self, terms: OrderTerms) -> VenueOrder:
        """Send an order, once.

        Args:
            terms: The order.
        """
        return self._placed(f"order {terms.client_id}", "POST", "/orders", terms)

    def cancel(self, venue_id: str) -> None:
        """Ask to cancel an order; what became of it comes as an event.

        Args:
            venue_id: The order.
        """
        whose = f"cancelling {venue_id}"
        try:
            self._send(whose, "DELETE", _path(venue_id))
        except OrderNotSent as error:
            raise OrderUnclear(str(error), hint="ask again") from error

    def replace(self, venue_id: str, terms: OrderTerms) -> VenueOrder:
        """Ask to change a working order; the new one has a new id.

        Args:
            venue_id: The order.
            terms: As it is to be.
        """
        return self._placed(f"changing {venue_id}", "PATCH", _path(venue_id), terms)

    def find(self, client_id: str) -> VenueOrder | None:
        """The order with a client id; None only where the venue says that there is none.

        Args:
            client_id: Our id.
        """
        return self._order(f"/orders?{urlencode({'client_id': client_id})}")

    def order(self, venue_id: str) -> VenueOrder | None:
        """The order with an id of the venue's; None only where it says that there is none.

        Args:
            venue_id: The venue's id.
        """
        return self._order(_path(venue_id))

    def open_orders(self) -> Sequence[VenueOrder]:
        """Every order that is not final, ours or not; legs within their entry."""
        return self._read("/orders", lambda found: [messages.order(it) for it in found])

    def executions(self, since_ns: int) -> Sequence[Execution]:
        """Every execution at or after an instant, oldest first, page by page.

        Args:
            since_ns: Nanoseconds UTC.
        """
        found: list[Execution] = []
        page: int | None = 0
        while page is not None:
            query = urlencode({"since": since_ns, "page": page})
            rows, page = self._read(f"/executions?{query}", _page)
            found += rows
        return found

    def positions(self) -> Sequence[VenuePosition]:
        """Every position that is not flat."""
        return self._read("/positions", lambda found: [messages.position(it) for it in found])

    def close(self) -> None:
        """Stop listening; twice does nothing more."""
        if self._listening is not None:
            self._listening.close()

    def _placed(self, whose: str, method: str, path: str, terms: OrderTerms) -> VenueOrder:
        found = self._send(whose, method, path, messages.sent(terms))
        try:
            return messages.order(found)
        except messages.UNREADABLE as error:
            raise OrderUnclear(f"{whose}: the answer cannot be read: {error!r}") from error

    def _send(self, whose: str, method: str, path: str, body: Any = None) -> Any:
        """The answer to what changes something; only the venue's own word is a rejection."""
        try:
            status, found = self._rest.ask(method, path, body)
        except NotSent as error:
            raise OrderNotSent(f"{whose}: {error}") from error
        except NoAnswer as error:
            raise OrderUnclear(f"{whose}: {error}") from error
        if status == OK:
            return found
        words = _words(found)
        if status == EXISTS and words:
            raise OrderExists(f"{whose}: {words}")
        if status in REFUSALS and words:
            raise OrderRejected(f"{whose}: {words}")
        raise OrderUnclear(f"{whose}: the venue answers {status} {words}")

    def _order(self, path: str) -> VenueOrder | None:
        status, found = self._asked(path)
        if status == NOT_FOUND and _words(found):
            return None
        return _made(path, status, found, messages.order)

    def _read(self, path: str, make: Callable[[Any], _Made]) -> _Made:
        return _made(path, *self._asked(path), make)

    def _asked(self, path: str) -> tuple[int, Any]:
        try:
            return self._rest.ask("GET", path)
        except (NotSent, NoAnswer) as error:
            raise BrokerError(f"the venue cannot be read: {error}") from error


def _made(path: str, status: int, found: Any, make: Callable[[Any], _Made]) -> _Made:
    """What an answer says; one that says nothing is an error, never an empty list."""
    if status != OK:
        raise BrokerError(f"{path}: the venue answers {status} {_words(found)}")
    try:
        return make(found)
    except messages.UNREADABLE as error:
        raise BrokerError(f"{path}: the answer cannot be read: {error!r}") from error


def _words(found: Any) -> str:
    """The venue's own words in an answer that is no success; "" where there are none."""
    return str(found.get("message", "")) if isinstance(found, dict) else ""


def _page(found: Any) -> tuple[list[Execution], int | None]:
    return [messages.execution(it) for it in found["rows"]], found["next"]


def _path(venue_id: str) -> str:
    return f"/orders/{quote(venue_id, safe='')}"
