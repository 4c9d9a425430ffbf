"""Checks of market data: are they fresh, and does the stream come alive."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from threading import Event, Thread

from mismartera_core.contracts.stream import StreamChanged, StreamEvent, StreamRequest, StreamState
from mismartera_core.errors import BrokerError, DataError, MisMarteraError
from mismartera_core.model.columns import BarColumns, TickColumns
from mismartera_core.model.intervals import MINUTE
from mismartera_core.model.market import from_ns
from mismartera_core.model.sessions import SessionTable
from mismartera_core.services.stream_plan import TICKS, decide
from mismartera_core.system.access import Access
from mismartera_core.system.preflight.rows import CheckRow, go, no_go, refused, warn

LEAVING_SECONDS = 5.0
"""How long a stream may take to end once it is asked to."""
_TICK_BARS = "1m"
_MOST_NAMED = 6


def freshness(access: Access) -> CheckRow:
    """The newest bar of each symbol lies within the last session that has begun."""
    data = access.config.session_data_config
    table, row = _last_session(access)
    begins, ends = int(table.pre_open_ns[row]), int(table.post_close_ns[row])
    newest = _newest(access, begins, ends)
    missing = [symbol for symbol in data.symbols if symbol not in newest]
    day = table.dates[row]
    if missing:
        hint = "see whether they trade, whether the feed is subscribed, and the provider's status"
        found = f"no bar of {_named(missing)} in the session of {day}"
        return no_go("data", found, hint, DataError.exit_code)
    stalest = min(newest, key=newest.__getitem__)
    at = from_ns(newest[stalest], access.clock.zone)
    count = f"{len(newest)} symbol{'' if len(newest) == 1 else 's'}"
    found = f"bars of {day} for {count}; {stalest} lies furthest back with {at:%H:%M}"
    late = min(access.clock.clock.now_ns, int(table.close_ns[row])) - max(newest.values())
    if late > _LATE_NS:
        hint = "the feed may be delayed or down; see the provider's status and subscription"
        return warn("data", f"{found}; no symbol has a bar of the last 15 minutes", hint)
    return go("data", found)


def _newest(access: Access, start_ns: int, end_ns: int) -> dict[str, int]:
    """The open of the newest bar (or the instant of the newest trade) of each symbol in a range."""
    data, provider = access.config.session_data_config, access.provider
    base = data.base_interval or _TICK_BARS
    capabilities = access.resolved.data_provider.record.capabilities
    of = {s: decide(base, capabilities, provider.intervals(s)).of for s in data.symbols}
    found: dict[str, int] = {}
    for source in dict.fromkeys(of.values()):
        symbols = [s for s in data.symbols if of[s] == source]
        rows: Mapping[str, BarColumns | TickColumns]
        if source == TICKS:
            rows = {s: provider.get_ticks(s, start_ns, end_ns) for s in symbols}
        else:
            rows = provider.load_bars(symbols, source, start_ns, end_ns)
        found.update({s: int(part.ts[-1]) for s, part in rows.items() if len(part)})
    return found


def stream(access: Access, seconds: float) -> CheckRow:
    """The provider's stream connects and says that everything asked for is subscribed.

    Args:
        access: The config's parts.
        seconds: How long it may take.
    """
    data = access.config.session_data_config
    if not access.resolved.data_provider.record.capabilities.stream:
        name = access.config.data_provider.name
        hint = "choose a provider that streams; `mismartera plugins list` has them"
        return no_go("stream", f"data provider {name!r} does not stream", hint, DataError.exit_code)
    wanted = StreamRequest(
        symbols=data.symbols,
        interval=data.base_interval or "",
        ticks="ticks" in data.streams,
        quotes="quotes" in data.streams,
    )
    heard = _listen(access, wanted, seconds)
    if heard.error is not None:
        return refused("stream", heard.error)
    if not heard.live:
        said = f": {heard.reason}" if heard.reason else ""
        hint = "look at the network and at the venue's status; --timeout gives it longer"
        found = f"not live within {seconds:g} s{said}"
        return no_go("stream", found, hint, BrokerError.exit_code)
    if not heard.ended:
        hint = "the plugin does not heed its stop; report it to its author"
        return no_go("stream", f"live, but it goes on {LEAVING_SECONDS:g} s after its stop", hint)
    return go("stream", f"connected; {len(data.symbols)} symbols subscribed")


@dataclass(slots=True)
class _Heard:
    """What came of listening."""

    told: Event = field(default_factory=Event)
    live: bool = False
    reason: str = ""
    error: MisMarteraError | None = None
    ended: bool = False


def _listen(access: Access, wanted: StreamRequest, seconds: float) -> _Heard:
    heard, stop = _Heard(), Event()
    provider = access.provider

    def emit(event: StreamEvent) -> None:
        if isinstance(event, StreamChanged):
            heard.live = heard.live or event.state is StreamState.LIVE
            heard.reason = event.reason
            if heard.live:
                heard.told.set()

    def run() -> None:
        try:
            provider.stream(wanted, emit, stop)
        except MisMarteraError as error:
            heard.error = error
        finally:
            heard.told.set()

    worker = Thread(target=run, name="preflight stream", daemon=False)
    worker.start()
    heard.told.wait(seconds)
    stop.set()
    worker.join(LEAVING_SECONDS)
    heard.ended = not worker.is_alive()
    return heard


def _last_session(access: Access) -> tuple[SessionTable, int]:
    """The newest session in which bars are due by now, and its row in a table."""
    clock = access.clock
    now = clock.clock.now_ns
    today = from_ns(now, clock.zone).date()
    table = clock.session_table(clock.get_previous_trading_date(None, today, 2), today)
    due = [row for row, opens in enumerate(table.open_ns.tolist()) if opens + _SETTLED_NS <= now]
    return table, due[-1]


_LATE_NS = 15 * MINUTE
_SETTLED_NS = 5 * MINUTE
"""After the open; before it nobody can say that a symbol has no bar today."""


def _named(symbols: Iterable[str]) -> str:
    names = list(symbols)
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
