"""A venue and a data provider whose answers pass a tape: recorded, or given back by a recording."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from threading import Event
from typing import Any, TypeVar

from mismartera_core.contracts.provider import DataProvider
from mismartera_core.contracts.stream import Emit, StreamRequest
from mismartera_core.contracts.venue import EmitVenue, VenueBroker, VenueCapabilities
from mismartera_core.errors import MisMarteraError
from mismartera_core.model.columns import BarColumns, QuoteColumns, TickColumns
from mismartera_core.model.venue import (
    Execution,
    OrderTerms,
    VenueAccount,
    VenueOrder,
    VenuePosition,
)
from mismartera_core.repositories.recording import Tape
from mismartera_core.system.recorded.tracks import here

T = TypeVar("T")


class Taped:
    """What asks the world through a tape; the track is the thread that asks.

    Args:
        tape: Records, or gives back.
        prefix: What the kinds of its items begin with.
        target: What is asked; None at a replay.
    """

    def __init__(self, tape: Tape, prefix: str, target: Any | None) -> None:
        self._tape = tape
        self._prefix = prefix
        self._target = target

    def _take(self, method: str, asked: Any, *args: Any) -> Any:
        def make() -> Any:
            return getattr(_present(self._target), method)(*args)

        return self._tape.take(here(), f"{self._prefix}.{method}", asked, make)


class TapedVenue(Taped, VenueBroker):
    """A venue's adapter behind a tape. What it tells by itself is for the host to record.

    Args:
        tape: Records, or gives back.
        venue: The adapter; None at a replay.
        hear: Makes what is given to the adapter of what is to hear its events.
    """

    def __init__(
        self,
        tape: Tape,
        venue: VenueBroker | None,
        hear: Callable[[EmitVenue], EmitVenue] = lambda emit: emit,
    ) -> None:
        super().__init__(tape, "venue", venue)
        self._hear = hear
        capabilities: VenueCapabilities = tape.take(
            here(), "venue.capabilities", None, lambda: _present(venue).capabilities
        )
        self.capabilities = capabilities

    def account(self) -> VenueAccount:
        """See `VenueBroker`."""
        found: VenueAccount = self._take("account", None)
        return found

    def now_ns(self) -> int:
        """See `VenueBroker`."""
        found: int = self._take("now_ns", None)
        return found

    def listen(self, emit: EmitVenue) -> None:
        """See `VenueBroker`."""
        self._take("listen", None, self._hear(emit))

    def submit(self, terms: OrderTerms) -> VenueOrder:
        """See `VenueBroker`."""
        found: VenueOrder = self._take("submit", terms, terms)
        return found

    def cancel(self, venue_id: str) -> None:
        """See `VenueBroker`."""
        self._take("cancel", venue_id, venue_id)

    def replace(self, venue_id: str, terms: OrderTerms) -> VenueOrder:
        """See `VenueBroker`."""
        found: VenueOrder = self._take("replace", (venue_id, terms), venue_id, terms)
        return found

    def find(self, client_id: str) -> VenueOrder | None:
        """See `VenueBroker`."""
        found: VenueOrder | None = self._take("find", client_id, client_id)
        return found

    def order(self, venue_id: str) -> VenueOrder | None:
        """See `VenueBroker`."""
        found: VenueOrder | None = self._take("order", venue_id, venue_id)
        return found

    def open_orders(self) -> Sequence[VenueOrder]:
        """See `VenueBroker`."""
        found: Sequence[VenueOrder] = self._take("open_orders", None)
        return found

    def executions(self, since_ns: int) -> Sequence[Execution]:
        """See `VenueBroker`."""
        found: Sequence[Execution] = self._take("executions", since_ns, since_ns)
        return found

    def positions(self) -> Sequence[VenuePosition]:
        """See `VenueBroker`."""
        found: Sequence[VenuePosition] = self._take("positions", None)
        return found

    def close(self) -> None:
        """See `VenueBroker`; nothing of it is recorded."""
        if self._target is not None:
            self._target.close()


class TapedProvider(Taped, DataProvider):
    """A data provider behind a tape. What it streams is for the host to record.

    Args:
        tape: Records, or gives back.
        provider: The provider; None at a replay.
    """

    def __init__(self, tape: Tape, provider: DataProvider | None) -> None:
        super().__init__(tape, "provider", provider)

    def symbols(self) -> Sequence[str]:
        """See `DataProvider`."""
        found: Sequence[str] = self._take("symbols", None)
        return found

    def intervals(self, symbol: str) -> Sequence[str]:
        """See `DataProvider`."""
        found: Sequence[str] = self._take("intervals", symbol, symbol)
        return found

    def coverage(self, symbol: str, interval: str) -> tuple[int, int] | None:
        """See `DataProvider`."""
        found: tuple[int, int] | None = self._take("coverage", (symbol, interval), symbol, interval)
        return found

    def get_bars(self, symbol: str, interval: str, start_ns: int, end_ns: int) -> BarColumns:
        """See `DataProvider`."""
        asked = (symbol, interval, start_ns, end_ns)
        found: BarColumns = self._take("get_bars", asked, *asked)
        return found

    def load_bars(
        self, symbols: Sequence[str], interval: str, start_ns: int, end_ns: int
    ) -> Mapping[str, BarColumns]:
        """See `DataProvider`."""
        asked = (tuple(symbols), interval, start_ns, end_ns)
        found: Mapping[str, BarColumns] = self._take("load_bars", asked, *asked)
        return found

    def get_ticks(self, symbol: str, start_ns: int, end_ns: int) -> TickColumns:
        """See `DataProvider`."""
        asked = (symbol, start_ns, end_ns)
        found: TickColumns = self._take("get_ticks", asked, *asked)
        return found

    def get_quotes(self, symbol: str, start_ns: int, end_ns: int) -> QuoteColumns:
        """See `DataProvider`."""
        asked = (symbol, start_ns, end_ns)
        found: QuoteColumns = self._take("get_quotes", asked, *asked)
        return found

    def stream(self, wanted: StreamRequest, emit: Emit, stop: Event) -> None:
        """See `DataProvider`; at a replay nothing streams."""
        if self._target is None:
            stop.wait()
        else:
            self._target.stream(wanted, emit, stop)

    def close(self) -> None:
        """See `DataProvider`."""
        if self._target is not None:
            self._target.close()


class TapedCalls(Taped):
    """Any object behind a tape: its methods, and those of its attributes that are plain values.

    Args:
        tape: Records, or gives back.
        prefix: What the kinds of its items begin with.
        target: The object; None at a replay.
    """

    def __init__(self, tape: Tape, prefix: str, target: Any | None) -> None:
        super().__init__(tape, prefix, target)
        self.__dict__.update(tape.take(here(), f"{prefix}.facts", None, lambda: _facts(target)))

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            def make() -> Any:
                return getattr(_present(self._target), name)(*args, **kwargs)

            asked = [*args, kwargs] if kwargs else list(args)
            return self._tape.take(here(), f"{self._prefix}.{name}", asked, make)

        return call


def _present(target: T | None) -> T:
    if target is None:
        raise MisMarteraError("a replay asks nobody")
    return target


def _facts(target: object) -> dict[str, Any]:
    """Attributes of an object that are plain values, such as the run that a journal writes for."""
    found = vars(target).items()
    return {k: v for k, v in found if k[0] != "_" and isinstance(v, str | int | float | bool)}
