"""Alpaca's market data REST: bars, by page; the latest bar."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from mismartera_core.testing.http_messages import Reply, Request
from mismartera_core.testing.venue.alpaca.aggregation import aggregated
from mismartera_core.testing.venue.alpaca.market_payloads import bar_values, event_values
from mismartera_core.testing.venue.alpaca.parsing import instant_of, whole_number
from mismartera_core.testing.venue.alpaca.payloads import instant
from mismartera_core.testing.venue.alpaca.routes import Routes
from mismartera_core.testing.venue.fake_venue import FakeVenue
from mismartera_core.testing.venue.refusals import Refused, Why

_MOST, _USUAL = 10_000, 1_000
_DAY = 86_400_000_000_000
_FIFTEEN_MINUTES = 900_000_000_000
_ADJUSTMENTS = ("raw", "split", "dividend", "all", "spin-off")
_TIMEFRAME = re.compile(r"(\d+)(Min|T|Hour|H|Day|D)")
Rows = Callable[[str, int, int], Iterator[dict[str, Any]]]


class DataRest:
    """Answers the calls of alpaca-py's StockHistoricalDataClient.

    Attributes:
        page_size: Most rows of a page, whatever is asked for.
        recent_sip: Whether data of the feed "sip" may be younger than fifteen minutes.

    Args:
        venue: The venue.
        page_size: First value of the attribute.
        recent_sip: First value of the attribute.
    """

    def __init__(self, venue: FakeVenue, page_size: int, *, recent_sip: bool) -> None:
        self._venue, self.page_size, self.recent_sip = venue, page_size, recent_sip

    def routes(self) -> Routes:
        """What is answered, by method and path."""
        found = Routes()
        found.add("GET", "/stocks/bars", self._bars)
        found.add("GET", "/stocks/bars/latest", self._latest_bars)
        for name, kind in (("quotes", "quote"), ("trades", "trade")):
            found.add("GET", f"/stocks/{name}", partial(self._events, name, kind))
            found.add("GET", f"/stocks/{name}/latest", partial(self._latest, name, kind))
        return found

    def _bars(self, request: Request) -> Reply:
        found = _TIMEFRAME.fullmatch(request.query.get("timeframe", ""))
        if found is None:
            raise Refused(Why.INVALID, f"invalid timeframe: {request.query.get('timeframe')}")
        if request.query.get("adjustment", "raw") not in _ADJUSTMENTS:
            raise Refused(Why.INVALID, "invalid adjustment")
        count, unit = int(found[1]), found[2]

        def rows(symbol: str, first: int, last: int) -> Iterator[dict[str, Any]]:
            return aggregated(self._venue, symbol, first, last, count, unit)

        return self._paged(request, "bars", rows)

    def _latest_bars(self, request: Request) -> Reply:
        now, tape = self._venue.clock.now_ns, self._venue.tape
        found = {}
        for symbol in _symbols(request.query):
            row = tape.last_row(symbol, now)
            if row is not None:
                ts = int(tape.bars[symbol].ts[row])
                found[symbol] = {"t": instant(ts), **bar_values(tape.values(symbol, row))}
        return Reply.json({"bars": found})

    def _events(self, name: str, kind: str, request: Request) -> Reply:
        def rows(symbol: str, first: int, last: int) -> Iterator[dict[str, Any]]:
            until = min(last, self._venue.clock.now_ns)
            for row, event in self._venue.ticker.rows(kind, symbol, first, until):
                yield {"t": instant(event.ts), **event_values(event, row)}

        return self._paged(request, name, rows)

    def _latest(self, name: str, kind: str, request: Request) -> Reply:
        now, found = self._venue.clock.now_ns, {}
        for symbol in _symbols(request.query):
            for row, event in self._venue.ticker.rows(kind, symbol, 0, now):
                found[symbol] = {"t": instant(event.ts), **event_values(event, row)}
        return Reply.json({name: found})

    def _paged(self, request: Request, name: str, rows: Rows) -> Reply:
        """Rows of all symbols, by symbol and then by time, cut into pages."""
        query, now = request.query, self._venue.clock.now_ns
        first = instant_of(query["start"]) if query.get("start") else now // _DAY * _DAY
        last = instant_of(query["end"]) if query.get("end") else now
        if query.get("feed") == "sip" and not self.recent_sip and last > now - _FIFTEEN_MINUTES:
            message = "subscription does not permit querying recent SIP data"
            return Reply.json({"message": message}, 403)
        most = min(whole_number(query, "limit", _USUAL, _MOST), self.page_size)
        at, offset = _position(query.get("page_token", ""))
        page: dict[str, list[dict[str, Any]]] = {}
        count, token = 0, None
        for symbol in sorted(_symbols(query)):
            if symbol < at:
                continue
            found = list(rows(symbol, first, last))
            if query.get("sort") == "desc":
                found.reverse()
            start = offset if symbol == at else 0
            part = found[start : start + most - count]
            if not part and start < len(found):
                return _page(name, page, token)
            if part:
                page[symbol] = part
            count += len(part)
            token = _token(symbol, start + len(part))
            if start + len(part) < len(found):
                return _page(name, page, token)
        return _page(name, page, None)


def _page(name: str, rows: dict[str, list[dict[str, Any]]], token: str | None) -> Reply:
    return Reply.json({name: rows, "next_page_token": token})


def _symbols(query: dict[str, str]) -> list[str]:
    found = [name for name in query.get("symbols", "").split(",") if name]
    if not found:
        raise Refused(Why.INVALID, "symbols is required")
    return found


def _token(symbol: str, offset: int) -> str:
    return base64.b64encode(f"{symbol}|{offset}".encode()).decode()


def _position(token: str) -> tuple[str, int]:
    """Symbol and number of rows of it that earlier pages had."""
    if not token:
        return "", 0
    try:
        symbol, _, offset = base64.b64decode(token, validate=True).decode().rpartition("|")
        return symbol, int(offset)
    except ValueError as error:
        raise Refused(Why.INVALID, "invalid page_token") from error
