"""The engine and the reference on the same bars, sessions and scripts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from itertools import zip_longest

import numpy as np
from reference.scripts import Scripted
from reference.simulator import MINUTE, Market

from mismartera_core import Costs, Strategy
from mismartera_core.builtin.simulated_broker import SimulatedBroker, SimulatedConfig
from mismartera_core.model.columns import BarColumns
from mismartera_core.model.sessions import SessionTable
from mismartera_core.registry import Registry
from mismartera_core.services import cost_formulas as formulas
from mismartera_core.system.system_manager import SystemManager
from mismartera_core.threads.plan import Plan, StrategyPlan

FREE = formulas.FREE
EXACT = formulas.EXACT


@dataclass
class HandClock:
    """A clock that stands where it is set."""

    now_ns: int = 0


@cache
def registry():
    return Registry.discover()


def table(sessions):
    """A session table of made-up hours; sessions are (open, close) in nanoseconds, and may have a
    third number: the post-market close.
    """
    opens, closes, ends = np.array([(s[0], s[1], s[-1]) for s in sessions], dtype=np.int64).T.copy()
    none = np.zeros(len(sessions), dtype=np.int64)
    days = tuple(date(2024, 1, 2) + timedelta(days=i) for i in range(len(sessions)))
    early = (False,) * len(sessions)
    return SessionTable(days, opens, closes, opens, ends, none, none, early, "UTC")


def columns(series, interval_ns=MINUTE):
    """Engine columns of the tuples of the reference."""
    parts = list(zip(*series, strict=True)) if series else [()] * 7
    return BarColumns.build(*parts[:6], interval_ns=interval_ns)


class Hands:
    """The reference's desk, played by a strategy of the engine."""

    def __init__(self, strategy):
        self.strategy = strategy

    def place(self, _symbol, side, quantity, *, tif="day", **words):
        act = self.strategy.buy if side > 0 else self.strategy.sell
        return act(quantity, time_in_force=tif, **words)

    def cancel(self, ticket):
        self.strategy.cancel(ticket)

    def replace(self, ticket, **words):
        self.strategy.replace(ticket, **words)

    def cancel_all(self, _symbol):
        self.strategy.cancel()

    def close(self, _symbol):
        self.strategy.close()


def played(make):
    """A strategy class of the engine that plays a strategy of the reference: `make(symbol)`."""

    class Played(Strategy):
        def setup(self):
            if not hasattr(self, "actor"):
                self.actor = make(self.symbol)
                self.hands = Hands(self)

        def on_session_start(self):
            if hasattr(self.actor, "on_session_start"):
                self.actor.on_session_start(self.hands, self.symbol)

        def on_bar(self, bar):
            self.actor.on_bar(self.hands, self.symbol, (bar.ts, *bar.ohlcv, bar.available_ns))

        def on_fill(self, fill):
            if hasattr(self.actor, "on_fill"):
                self.actor.on_fill(self.hands, {"symbol": self.symbol})

    return Played


def scripted(script):
    """A strategy class that does what {symbol: script} says."""
    return played(lambda symbol: Scripted({symbol: script.get(symbol, {})}))


def run_engine(
    bars,
    sessions,
    strategies,
    *,
    cash=1_000_000,
    leverage=None,
    commission=FREE,
    slippage=EXACT,
    participation=None,
    lot=1,
    flat_by_close=None,
    speed=0.0,
    prefetch=5,
    block_sessions=5,
    risk=(),
    trailing=None,
    compiled=None,
    progress=None,
    keep=None,
    on=None,
):
    """A RunRecord; strategies are classes by name, on every symbol or on the rows `on` names."""
    flat = flat_by_close or {}
    data = {symbol: columns(series) for symbol, series in bars.items()}

    def load(symbols, interval, start, end):
        found = {}
        for name in symbols:
            begin, stop = np.searchsorted(data[name].ts, (start, end)).tolist()
            found[name] = data[name].slice(begin, stop)
        return found

    share = None if participation is None else (float(participation), float(lot))
    plan = Plan(
        session_name="test",
        symbols=tuple(bars),
        table=table(sessions),
        first=0,
        interval="1m",
        extended=any(len(session) == 3 for session in sessions),
        trailing=trailing,
        load=load,
        strategies=tuple(
            StrategyPlan(
                label=name,
                cls=cls,
                params=cls.Params(),
                symbols=(on or {}).get(name, tuple(range(len(bars)))),
                interval="1m",
                flat_minutes=flat.get(name),
            )
            for name, cls in strategies.items()
        ),
        broker=SimulatedBroker(SimulatedConfig(cash=Decimal(cash), leverage=leverage, lot=lot)),
        costs=Costs(
            commission=(formulas.commission, commission),
            slippage=(formulas.slippage, slippage),
            participation=None if share is None else (formulas.participation, share),
        ),
        risk=risk,
        speed=speed,
        prefetch=prefetch,
        block_sessions=block_sessions,
        measure_quality=False,
        compiled=compiled,
    )
    outcome = SystemManager(plan, registry(), HandClock(), progress).run()
    if keep is not None:
        keep.append(outcome.record)
    if outcome.error is not None:
        raise outcome.error
    return outcome.record


def run_reference(bars, sessions, strategies, **kw):
    """A finished Market; strategies as the reference takes them, by name."""
    whole = [(session[0], session[1], session[-1]) for session in sessions]
    return Market(bars, whole, strategies, **{"cash": 1_000_000, **kw}).run()


def engine_fills(record):
    """Fills as plain tuples: order, strategy, symbol, side, quantity, price, fee, bar, known."""
    rows = record.fills
    return list(
        zip(
            rows.order_id.tolist(),
            [record.strategies[i] for i in rows.strategy],
            [record.symbols[i] for i in rows.symbol],
            rows.side.tolist(),
            rows.quantity.tolist(),
            rows.price.tolist(),
            rows.commission.tolist(),
            rows.bar_ts.tolist(),
            rows.filled_ns.tolist(),
            strict=True,
        )
    )


def reference_fills(market):
    return [
        (
            f["order"],
            f["strategy"],
            f["symbol"],
            f["side"],
            f["quantity"],
            f["price"],
            f["commission"],
            f["bar_ts"],
            f["filled"],
        )
        for f in market.fills
    ]


def engine_ends(record):
    """(id, status, filled, ended by its sibling?) of each order, and what was refused."""
    rows = record.orders
    found = zip(
        rows.id.tolist(), rows.status, rows.filled_quantity.tolist(), rows.reason, strict=True
    )
    ends = [
        (number, str(status), filled, reason == "one cancels other")
        for number, status, filled, reason in found
    ]
    silent = [row for row in zip(rows.status, rows.reason, strict=True) if silent_end(*row)]
    assert not silent, "an order ended without saying why"
    return sorted(row for row in ends if row[0]), sum(1 for row in ends if not row[0])


def silent_end(status, reason):
    return status in ("cancelled", "expired", "rejected") and not reason


def reference_ends(market):
    ends = [
        (o["id"], o["status"], o["filled"], o["reason"] == "one cancels other")
        for o in market.orders
    ]
    return ends, len(market.refused)


def assert_equal(what, ours, theirs):
    """Equal lists, or the first place at which they differ."""
    for place, pair in enumerate(zip_longest(ours, theirs)):
        assert pair[0] == pair[1], f"{what} {place}: engine {pair[0]}, reference {pair[1]}"


def assert_same(record, market):
    """Fills, ends of orders, and cash and equity at every step are equal."""
    assert_equal("fill", engine_fills(record), reference_fills(market))
    ends, refused = engine_ends(record)
    expected, expected_refused = reference_ends(market)
    assert_equal("end of order", ends, expected)
    assert refused == expected_refused, "refused signals"
    steps = market.steps
    assert_equal("step", record.equity.ts.tolist(), [s["clock"] for s in steps])
    cash = np.rint(record.equity.cash * 1e6).tolist()
    assert_equal("cash", cash, [s["cash"] for s in steps])
    np.testing.assert_allclose(record.equity.equity, [s["equity"] for s in steps], atol=1e-5)


SESSION = 6  # minutes of a session of a made-up world; the next opens four minutes after its close
DAY = 10


def world_bars(rows, after=0):
    """Bars and sessions of a made-up world: rows by symbol, None where a minute has no bar.

    The last minutes of a session, `after` of them, are its post-market.
    """
    minutes = len(next(iter(rows.values())))
    starts = [(1 + day) * DAY for day in range(minutes // SESSION)]
    stamps = [start + minute for start in starts for minute in range(SESSION)]
    bars = {
        symbol: [
            (minute * MINUTE, *map(float, row), (minute + 1) * MINUTE)
            for minute, row in zip(stamps, found, strict=True)
            if row is not None
        ]
        for symbol, found in rows.items()
    }
    ends = (SESSION - after, SESSION) if after else (SESSION,)
    return bars, [tuple((start + m) * MINUTE for m in (0, *ends)) for start in starts]


def check_world(rows, scripts, account, after=0):
    """Run scripts by strategy and symbol through both, and compare; returns the reference."""
    bars, sessions = world_bars(rows, after)
    desks = {name: Scripted(script) for name, script in scripts.items()}
    market = run_reference(bars, sessions, desks, **account)
    classes = {name: scripted(script) for name, script in scripts.items()}
    assert_same(run_engine(bars, sessions, classes, **account), market)
    return market
