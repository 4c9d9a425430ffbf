"""alpaca-py, and the private parts of it that this plugin relies on.

What is private may change with any release: `test_alpaca_sdk.py` fails where it has.
"""

from __future__ import annotations

import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # it imports websockets.legacy
    from alpaca.common.enums import BaseURL
    from alpaca.common.exceptions import APIError
    from alpaca.common.rest import RESTClient
    from alpaca.data.historical import StockHistoricalDataClient
    from alpaca.data.live import StockDataStream
    from alpaca.trading.client import TradingClient
    from alpaca.trading.stream import TradingStream

__all__ = [
    "APIError",
    "BaseURL",
    "RESTClient",
    "StockDataStream",
    "StockHistoricalDataClient",
    "TimeLimits",
    "TradingClient",
    "TradingStream",
    "tame",
]


class TimeLimits(HTTPAdapter):
    """Gives every request a time limit: alpaca-py has none and would wait for ever.

    Args:
        connect: Seconds to connect.
        read: Seconds to wait for an answer.
    """

    def __init__(self, connect: float, read: float) -> None:
        self._connect = connect
        self._read = read
        self._budget = threading.local()
        super().__init__()

    @contextmanager
    def until(self, deadline: float) -> Iterator[None]:
        """Let no request of this thread wait beyond an instant of time.monotonic."""
        self._budget.deadline = deadline
        try:
            yield
        finally:
            del self._budget.deadline

    def send(self, request: PreparedRequest, **kwargs: Any) -> Response:  # type: ignore[override]
        """Send with a time limit."""
        left = getattr(self._budget, "deadline", float("inf")) - time.monotonic()
        limits = [max(0.01, min(seconds, left)) for seconds in (self._connect, self._read)]
        kwargs["timeout"] = tuple(limits)
        return super().send(request, **kwargs)


def tame(client: RESTClient, connect: float, read: float) -> TimeLimits:
    """Take the retries out of a client, and give it time limits.

    alpaca-py sends a request again after 429 and 504, an order too: two orders for one.

    Args:
        client: Any REST client of alpaca-py.
        connect: Seconds to connect.
        read: Seconds to wait for an answer.
    """
    limits = TimeLimits(connect, read)
    client._retry = 0  # noqa: SLF001 - there is no public way
    for scheme in ("http://", "https://"):
        client._session.mount(scheme, limits)  # noqa: SLF001 - there is no public way
    return limits
