"""Alpaca's dialect of the fake venue."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

from mismartera_core.model.columns import BarColumns
from mismartera_core.testing.http_messages import Fault, Reply, Request
from mismartera_core.testing.loopback import LoopbackServer
from mismartera_core.testing.venue.alpaca.calendar_rest import CalendarRest
from mismartera_core.testing.venue.alpaca.data_rest import DataRest
from mismartera_core.testing.venue.alpaca.data_stream import DataStream
from mismartera_core.testing.venue.alpaca.errors import refusal
from mismartera_core.testing.venue.alpaca.rate_limit import RateLimit
from mismartera_core.testing.venue.alpaca.trade_stream import TradeStream
from mismartera_core.testing.venue.alpaca.trading_rest import TradingRest
from mismartera_core.testing.venue.fake_venue import FakeVenue
from mismartera_core.testing.venue.faults import Faults
from mismartera_core.testing.venue.refusals import Refused
from mismartera_core.testing.venue.sockets import Line, SocketServer

if TYPE_CHECKING:
    import pandas as pd

_DATA, _TRADES = ("/v2/iex", "/v2/sip", "/v2/test", "/v2/delayed_sip"), "/stream"


class AlpacaVenue(FakeVenue):
    """A venue on 127.0.0.1 that the real alpaca-py talks to, while the context lasts.

    Attributes:
        key: API key that is taken.
        secret: Its secret.
        faults: The script of what goes wrong.
        data: The market data socket.
        trades: The trading socket.
        data_rest: The market data REST.
        limit: How many calls a minute are allowed.
        requests: Calls so far, in order.
        http: The server that takes them; it has a script of faults of its own.

    Args:
        bars: As `FakeVenue` takes them.
        key: API key that is taken.
        secret: Its secret.
        page_size: Most rows of a page of market data.
        recent_sip: Whether data of all exchanges may be younger than fifteen minutes.
        most_sockets: Connections of the data socket at once.
        most_symbols: Symbols of one subscription; None for no limit.
        **rest: As `FakeVenue` takes them.
    """

    def __init__(
        self,
        bars: Mapping[str, BarColumns | pd.DataFrame],
        *,
        key: str = "PKTEST",
        secret: str = "secret",  # noqa: S107 - of a fake
        page_size: int = 10_000,
        recent_sip: bool = True,
        most_sockets: int = 1,
        most_symbols: int | None = None,
        **rest: Any,
    ) -> None:
        super().__init__(bars, **rest)
        self.account_id = "PA" + self.make_id("account", 0)[:8].upper()
        self.key, self.secret = key, secret
        self.faults = Faults()
        self.limit = RateLimit(self.clock)
        self.requests: list[Request] = []
        self.data = DataStream(self, (key, secret), most_sockets, most_symbols)
        self.trades = TradeStream(self, (key, secret))
        self.data_rest = DataRest(self, page_size, recent_sip=recent_sip)
        self._routes = TradingRest(self).routes()
        self._routes.join(CalendarRest(self).routes())
        self._routes.join(self.data_rest.routes())
        channels: dict[str, Any] = {**dict.fromkeys(_DATA, self.data), _TRADES: self.trades}
        self._sockets = SocketServer(channels, self.faults)
        self.http = LoopbackServer({"": self._answer}, faults=self._fault)

    @property
    def url(self) -> str:
        """`url_override` of alpaca-py's REST clients."""
        return self.http.url

    @property
    def data_url(self) -> str:
        """`url_override` of alpaca-py's StockDataStream."""
        return f"ws://127.0.0.1:{self._sockets.port}/v2/iex"

    @property
    def trading_url(self) -> str:
        """`url_override` of alpaca-py's TradingStream."""
        return f"ws://127.0.0.1:{self._sockets.port}/stream"

    def go_down(self) -> None:
        """Cut every connection and refuse new ones; orders and positions stay as they are."""
        self._sockets.go_down()
        self.http.go_down()

    def come_up(self) -> None:
        """Listen; after it was down on the same ports."""
        self.http.come_up()
        self._sockets.come_up()

    def restart(self) -> None:
        """Go down and come up at once: all sockets drop, everything else is kept."""
        self.go_down()
        self.come_up()

    def lines(self, name: str = "") -> list[Line]:
        """Sockets that are open.

        Args:
            name: "data" or "trades"; "" for both.
        """
        return self._sockets.lines(name)

    def drop(self, name: str = "") -> None:
        """Cut sockets without a farewell.

        Args:
            name: "data" or "trades"; "" for both.
        """
        for line in self.lines(name):
            line.drop()

    def hang_up(self, name: str = "") -> None:
        """End sockets as the protocol says.

        Args:
            name: "data" or "trades"; "" for both.
        """
        for line in self.lines(name):
            line.hang_up()

    def mute(self, name: str = "") -> None:
        """Say nothing more over the sockets that are open, nor answer; new ones are well.

        Args:
            name: "data" or "trades"; "" for both.
        """
        for line in self.lines(name):
            line.is_mute = True

    def close(self) -> None:
        """End every connection and all threads; closing twice does nothing."""
        super().close()
        try:
            self._sockets.stop()
        finally:
            self.http.stop()
        self.http.raise_error()

    def __enter__(self) -> Self:
        self.come_up()
        return self

    def _fault(self, request: Request) -> Fault | None:
        self.requests.append(request)
        return self.faults.call(f"{request.method} {_path(request)}")

    def _answer(self, request: Request) -> Reply:
        if not self._known(request.headers):
            return Reply.json({"message": "forbidden."}, 403)
        with self.lock:
            headers = self.limit.count()
            if self.limit.is_exceeded:
                reply = Reply.json({"code": 42910000, "message": "rate limit exceeded"}, 429)
            else:
                reply = self._routed(request)
        return replace(reply, headers={**reply.headers, **headers})

    def _routed(self, request: Request) -> Reply:
        try:
            return self._routes.answer(request, _path(request))
        except Refused as error:
            return refusal(error)

    def _known(self, headers: Mapping[str, str]) -> bool:
        found = headers.get("apca-api-key-id"), headers.get("apca-api-secret-key")
        basic = base64.b64encode(f"{self.key}:{self.secret}".encode()).decode()
        return found == (self.key, self.secret) or headers.get("authorization") == f"Basic {basic}"


def _path(request: Request) -> str:
    """The path without the version."""
    return request.path.removeprefix("/v2")
