"""The suites by which `mismartera plugins check` tests data and streams, on the fake Alpaca.

Needs the extra `testing` of the core; nothing of it is imported elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from mismartera_alpaca.promises import KEY, SECRET
from mismartera_core import PluginContext, QuoteColumns
from mismartera_core.testing import (
    AlpacaStreamHand,
    AlpacaVenue,
    GapFillerConformance,
    LoopbackServer,
    RemoteProviderConformance,
    RemoteStreamConformance,
    plugin_context,
    sessions_of,
    ticks_of,
    walk_bars,
)

_PAGE = 7
_BARS = walk_bars(sessions_of([40]), seed=5)
_OTHER = walk_bars(sessions_of([40]), seed=6, price=300.0)
_TICKS = ticks_of(_BARS)
_SIZE = _TICKS.size
_QUOTES = QuoteColumns(_TICKS.ts, _TICKS.price - 0.01, _TICKS.price + 0.01, _SIZE, _SIZE)
_FIRST, _END = int(_BARS.ts[0]), int(_BARS.available_at[-1])
_MINUTE = 60_000_000_000


class _AtAlpaca:
    """The fake Alpaca after forty minutes of two symbols, and what points there."""

    @pytest.fixture
    def alpaca(self) -> Iterator[AlpacaVenue]:
        """The fake Alpaca."""
        venue = AlpacaVenue(
            {"AAA": _BARS, "BBB": _OTHER},
            ticks={"AAA": _TICKS},
            quotes={"AAA": _QUOTES},
            key=KEY,
            secret=SECRET,
            page_size=_PAGE,
        )
        with venue:
            venue.limit.per_minute = 1_000_000
            venue.advance(_END + _MINUTE)
            yield venue

    @pytest.fixture
    def plugin_config(
        self, alpaca: AlpacaVenue, request: pytest.FixtureRequest
    ) -> Mapping[str, Any]:
        """Points to the fake, with short time limits."""
        limited = request.node.name.startswith("test_limiter")
        return {
            "data_url": alpaca.url,
            "trading_url": alpaca.url,
            "stream_url": alpaca.data_url,
            "connect_seconds": 1.0,
            "read_seconds": 0.6,
            "deadline_seconds": 2.0,
            "requests_per_minute": 1210 if limited else 10_000,
            "page_size": _PAGE,
            "mute_seconds": 0.5,
        }

    @pytest.fixture
    def context(self, tmp_path: Path, alpaca: AlpacaVenue) -> PluginContext:
        """Knows the keys of the fake, and its time."""
        secrets = {"ALPACA_API_KEY": KEY, "ALPACA_SECRET_KEY": SECRET}
        return plugin_context(tmp_path, secrets=secrets, now_ns=lambda: alpaca.clock.now_ns)

    @pytest.fixture
    def secrets(self) -> list[str]:
        """The keys of the fake."""
        return [KEY, SECRET]


class ProviderPromises(_AtAlpaca, RemoteProviderConformance):
    """History by REST."""

    stream_seconds = 0.5
    rate = 20.0
    burst = 10

    @pytest.fixture
    def venue(self, alpaca: AlpacaVenue) -> LoopbackServer:
        """The REST of the fake."""
        return alpaca.http

    @pytest.fixture
    def symbol(self) -> str:
        """One that the fake has."""
        return "AAA"

    @pytest.fixture
    def window(self) -> tuple[int, int]:
        """Where it has bars."""
        return _FIRST, _END


class StreamPromises(_AtAlpaca, RemoteStreamConformance):
    """The stream, with all that can happen to one."""

    connect_seconds = 3.0
    reconnect_seconds = 5.0
    mute_seconds = 3.0

    @pytest.fixture
    def faults(self, alpaca: AlpacaVenue) -> AlpacaStreamHand:
        """The hand on the stream of the fake."""
        return AlpacaStreamHand(alpaca)


class FillerPromises(_AtAlpaca, GapFillerConformance):
    """Back-fill by REST."""

    @pytest.fixture
    def gap(self) -> tuple[str, str, int, int]:
        """Where the fake has bars."""
        return "AAA", "1m", _FIRST + 3 * _MINUTE, _FIRST + 12 * _MINUTE
