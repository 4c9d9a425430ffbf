"""What a small Alpaca says: bars, orders, an account."""

from __future__ import annotations

import threading

import msgpack
import numpy as np

KEY, SECRET = "PKTESTKEYOFLOOPBACK1", "s3cr3t/of+the=loopback~and-nobody-else42"
SECRETS = {"ALPACA_API_KEY": KEY, "ALPACA_SECRET_KEY": SECRET}
OPEN = 1_732_113_000_000_000_000
"""2024-11-20 14:30 UTC, an open."""
NOW = OPEN + 3 * 3600 * 1_000_000_000
ACCOUNT = {
    "account_number": "PA3LOOPBACK1",
    "status": "ACTIVE",
    "currency": "USD",
    "cash": "100000.00",
    "equity": "100250.5",
    "buying_power": "400000",
    "multiplier": "4",
    "shorting_enabled": True,
    "trading_blocked": False,
}
SECONDS = 10.0
"""Longest wait of a test for something to happen."""


def text(ns):
    """RFC 3339, to the nanosecond where there is a fraction."""
    whole = str(np.datetime64(ns, "ns"))
    return whole.removesuffix(".000000000") + "Z"


def bar(ts=OPEN, close=101.0, **changes):
    """A bar of REST."""
    row = {"t": text(ts), "o": 100.0, "h": 102.0, "l": 99.5, "c": close, "v": 1200, "n": 14}
    return {**row, "vw": 100.7, **changes}


def streamed(ts=OPEN, close=101.0, symbol="AAPL", kind="b", **changes):
    """A bar of the stream."""
    stamp = msgpack.Timestamp.from_unix_nano(ts)
    return {**bar(ts, close), "T": kind, "S": symbol, "t": stamp, **changes}


def order(**changes):
    """An order of REST and of the order stream."""
    row = {
        "id": "61e69015-8549-4bfd-b9c3-01e75843f47d",
        "client_order_id": "mm-1",
        "created_at": "2024-11-20T15:00:00.123456789Z",
        "updated_at": "2024-11-20T15:00:01Z",
        "submitted_at": "2024-11-20T15:00:00.123456789Z",
        "symbol": "AAPL",
        "qty": "10",
        "notional": None,
        "filled_qty": "0",
        "filled_avg_price": None,
        "order_class": "",
        "type": "market",
        "side": "buy",
        "time_in_force": "day",
        "limit_price": None,
        "stop_price": None,
        "status": "accepted",
        "legs": None,
        "replaces": None,
        "replaced_by": None,
    }
    return {**row, **changes}


def until(true, what="it"):
    """Wait for something to become true."""
    nothing = threading.Event()
    for _ in range(int(SECONDS / 0.01)):
        if true():
            return
        nothing.wait(0.01)
    raise AssertionError(f"{what} did not come within {SECONDS:g} s")


def ns_of(stamp):
    """Nanoseconds of RFC 3339 in UTC."""
    return int(np.datetime64(stamp.removesuffix("Z"), "ns").astype(np.int64))
