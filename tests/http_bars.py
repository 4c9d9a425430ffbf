"""A small but real data provider over HTTP, and the routes of its service."""

from __future__ import annotations

import http.client
import json
import threading
import time
import urllib.error
import urllib.request
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from mismartera_core import BarColumns, DataError, DataProvider, DataProviderReg
from mismartera_core.model.intervals import MINUTE
from mismartera_core.registrations import ProviderCapabilities
from mismartera_core.testing import Reply, sessions_of, walk_bars

HELD = {name: walk_bars(sessions_of([120]), seed=seed) for seed, name in enumerate(("AAA", "BBB"))}
WINDOW = (int(HELD["AAA"].ts[0]), int(HELD["AAA"].ts[-1]) + 1)
PAGE = 25
KEY = "k3y/of-the-test"
FIELDS = ("open", "high", "low", "close", "volume")


def bars_route(request):
    """Pages over all symbols, one symbol after the other."""
    if request.headers.get("authorization") != f"Bearer {KEY}":
        return Reply.json({"message": "wrong key"}, 401)
    asked = request.query
    start, end, first = (int(asked[name]) for name in ("start", "end", "from"))
    rows = [
        [name, int(bars.ts[row]), *(float(bars.field(field)[row]) for field in FIELDS)]
        for name, bars in HELD.items()
        if name in asked["symbols"].split(",")
        for row in range(len(bars))
        if start <= bars.ts[row] < end
    ]
    last = first + PAGE
    following = last if last < len(rows) else None
    return Reply.json({"bars": rows[first:last], "next": following})


class HttpConfig(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str
    api_key: SecretStr
    rate: float = Field(100.0, description="Requests a second")


class Limiter:
    """Lets requests through at an even pace, whichever thread they come from."""

    def __init__(self, rate):
        self.pause = 1.0 / rate
        self.lock = threading.Lock()
        self.free = 0.0

    def wait_seconds(self):
        with self.lock:
            at = max(self.free, time.monotonic())
            self.free = at + self.pause
        return at - time.monotonic()


class HttpBars(DataProvider):
    """Minute bars over HTTP, in pages, with retries, a limiter and a deadline."""

    deadline = 2.0
    timeout = 0.6
    tries = 3
    longest_wait = 1.5

    def __init__(self, config, context):
        self._url = config.url
        self._key = config.api_key
        self._limiter = Limiter(config.rate)
        self._closed = threading.Event()
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def symbols(self):
        return sorted(HELD)

    def get_bars(self, symbol, interval, start_ns, end_ns):
        return self.load_bars([symbol], interval, start_ns, end_ns)[symbol]

    def load_bars(self, symbols, interval, start_ns, end_ns):
        if interval != "1m":
            raise DataError(f"expected 1m bars, asked for was {interval!r}")
        for name in symbols:
            if name not in HELD:
                raise DataError(f"no symbol {name!r}", hint=f"there are {', '.join(HELD)}")
        asked = {"symbols": ",".join(symbols), "start": start_ns, "end": end_ns}
        try:
            rows = self.pages(asked, time.monotonic() + self.deadline)
        except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError) as error:
            said = self.said(error)
            raise DataError(f"{self._url}: {interval} bars of {symbols}: {said}") from error
        return {name: columns([row for row in rows if row[0] == name]) for name in symbols}

    def said(self, error):
        return f"{type(error).__name__} {error}"

    def pages(self, asked, until):
        rows, first = [], 0
        while first is not None:
            page = self.page({**asked, "from": first}, until)
            rows, first = self.joined(rows, page), page["next"]
        return rows

    def joined(self, rows, page):
        return rows + page["bars"]

    def page(self, asked, until):
        for tried in range(self.tries):
            try:
                return self.answer(asked, until)
            except urllib.error.HTTPError as error:
                error.close()
                passing = error.code == 429 or error.code >= 500
                seconds = float(error.headers.get("Retry-After", 0.05))
                if not passing or seconds > self.longest_wait or tried == self.tries - 1:
                    raise
            except (OSError, http.client.HTTPException):
                if tried == self.tries - 1:
                    raise
                seconds = 0.05
            self.wait(seconds, until)
        raise AssertionError("unreachable")

    def wait(self, seconds, until):
        if time.monotonic() + seconds > until:
            raise TimeoutError(f"no answer within {self.deadline:g} s")
        if self._closed.wait(seconds):
            raise ConnectionAbortedError("the provider was closed")

    def answer(self, asked, until):
        self.wait(max(self._limiter.wait_seconds(), 0.0), until)
        return json.loads(self.read(self.request(asked), until))

    def request(self, asked):
        key = self._key.get_secret_value()
        target = f"{self._url}/bars?{urlencode(asked)}"
        headers = {"Authorization": f"Bearer {key}"}
        return urllib.request.Request(target, headers=headers)  # noqa: S310 - a test's own server

    def read(self, request, until):
        left = max(0.01, min(self.timeout, until - time.monotonic()))
        with self._opener.open(request, timeout=left) as answer:
            return answer.read()

    def close(self):
        self._closed.set()


def columns(rows):
    ts, *prices = ([row[at] for row in rows] for at in range(1, 7))
    return BarColumns.build(ts, *prices, interval_ns=MINUTE)


def registered(factory):
    return DataProviderReg(
        name="http_bars",
        factory=factory,
        config_model=HttpConfig,
        summary="Minute bars over HTTP",
        capabilities=ProviderCapabilities(bars=("1m",)),
    )
