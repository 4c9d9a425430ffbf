"""Alpaca's clock and calendar."""

from __future__ import annotations

from typing import Any

from mismartera_core.testing.http_messages import Reply, Request
from mismartera_core.testing.venue.alpaca.payloads import eastern
from mismartera_core.testing.venue.alpaca.routes import Routes
from mismartera_core.testing.venue.fake_venue import FakeVenue

_DAY = 86_400_000_000_000


class CalendarRest:
    """Answers clock and calendar from the sessions of the venue.

    Args:
        venue: The venue.
    """

    def __init__(self, venue: FakeVenue) -> None:
        self._venue = venue

    def routes(self) -> Routes:
        """What is answered, by method and path."""
        found = Routes()
        found.add("GET", "/clock", self._clock)
        found.add("GET", "/calendar", self._calendar)
        return found

    def _clock(self, _: Request) -> Reply:
        now, hours = self._venue.clock.now_ns, self._venue.hours
        return Reply.json(
            {
                "timestamp": eastern(now).isoformat(),
                "is_open": hours.is_regular(now),
                "next_open": eastern(hours.next_open(now) or now + _DAY).isoformat(),
                "next_close": eastern(hours.next_close(now) or now + _DAY).isoformat(),
            }
        )

    def _calendar(self, request: Request) -> Reply:
        first, last = request.query.get("start", ""), request.query.get("end", "9999-12-31")
        days = self._days()
        return Reply.json([day for day in days if first[:10] <= day["date"] <= last[:10]])

    def _days(self) -> list[dict[str, Any]]:
        table = self._venue.hours.table
        opens, closes = table.open_ns.tolist(), table.close_ns.tolist()
        before, after = table.pre_open_ns.tolist(), table.post_close_ns.tolist()
        return [
            {
                "date": eastern(opens[row]).date().isoformat(),
                "open": eastern(opens[row]).strftime("%H:%M"),
                "close": eastern(closes[row]).strftime("%H:%M"),
                "session_open": eastern(before[row]).strftime("%H%M"),
                "session_close": eastern(after[row]).strftime("%H%M"),
                "settlement_date": eastern(opens[row] + _DAY).date().isoformat(),
            }
            for row in range(len(opens))
        ]
