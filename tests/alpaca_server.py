"""A small Alpaca on this machine: REST by LoopbackServer, and both of its sockets."""

from __future__ import annotations

from contextlib import ExitStack

import alpaca_rows
from alpaca_rows import ACCOUNT, NOW, SECRETS, ns_of
from alpaca_sockets import DataSocket, TradingSocket

from mismartera_core.model.intervals import MINUTE
from mismartera_core.testing import LoopbackServer, Reply, plugin_context


class AlpacaServer:
    """All of it, while the context lasts; the routes are the test's.

    Args:
        **routes: Functions of a request by the name of a route.
    """

    def __init__(self, routes=None):
        self.routes = {
            "/v2/account": lambda request: Reply.json(ACCOUNT),
            "/v2/assets": assets,
            **(routes or {}),
        }

    def __enter__(self):
        with ExitStack() as stack:
            self.http = stack.enter_context(
                LoopbackServer({path: checked(route) for path, route in self.routes.items()})
            )
            self.data, self.trading = DataSocket(), TradingSocket()
            stack.callback(self.trading.stop)
            stack.callback(self.data.stop)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *error):
        for one in (self.data, self.trading):
            one.drop()
        self._stack.close()

    @property
    def requests(self):
        return self.http.requests

    def data_config(self, **changes):
        """Config of the provider."""
        return {
            "data_url": self.http.url,
            "trading_url": self.http.url,
            "stream_url": self.data.url,
            "connect_seconds": 1,
            "read_seconds": 0.6,
            "deadline_seconds": 2,
            "requests_per_minute": 10_000,
            **changes,
        }

    def broker_config(self, **changes):
        """Config of the broker."""
        return {
            "trading_url": self.http.url,
            "trading_stream_url": self.trading.url,
            "connect_seconds": 1,
            "read_seconds": 0.6,
            "deadline_seconds": 2,
            "requests_per_minute": 10_000,
            **changes,
        }


def checked(route):
    """A route that only right keys reach."""

    def answer(request):
        keys = (
            request.headers.get("apca-api-key-id"),
            request.headers.get("apca-api-secret-key"),
        )
        if keys != (alpaca_rows.KEY, alpaca_rows.SECRET):
            return Reply.json({"message": "forbidden."}, 403)
        return route(request)

    return answer


def assets(request):
    """Every symbol of up to five letters exists."""
    symbol = request.path.rpartition("/")[2]
    if not symbol.isalpha():
        return Reply.json({"code": 40410000, "message": f"asset not found for {symbol}"}, 404)
    return Reply.json({"symbol": symbol, "status": "active"})


def context(tmp_path, secrets=None, now=NOW):
    """What a host tells the plugin."""
    return plugin_context(
        tmp_path, secrets=SECRETS if secrets is None else secrets, now_ns=lambda: now
    )


def bars_pages(held, size):
    """A route of bars, one symbol after the other in pages; Alpaca's range has both ends."""

    def answer(request):
        asked = request.query
        step = {"1Min": 1, "5Min": 5, "15Min": 15, "30Min": 30, "1Day": 1440}[asked["timeframe"]]
        rows = [
            (name, row)
            for name in asked["symbols"].split(",")
            for ns, row in held.get((name, step * MINUTE), ())
            if ns_of(asked["start"]) <= ns <= ns_of(asked["end"])
        ]
        first = int(asked.get("page_token", 0))
        page = {}
        for name, row in rows[first : first + size]:
            page.setdefault(name, []).append(row)
        following = str(first + size) if first + size < len(rows) else None
        return Reply.json({"bars": page, "next_page_token": following})

    return answer
