"""Why there was, or was not, a trade: what was known, what was asked for, what became of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from mismartera_core.config.loading import config_from
from mismartera_core.config.session_config import SessionConfig
from mismartera_core.config.settings import Settings
from mismartera_core.errors import UsageError, did_you_mean
from mismartera_core.managers.time_manager.calendar import to_ns
from mismartera_core.model.intervals import interval_ns
from mismartera_core.model.market import from_ns
from mismartera_core.registry import Registry
from mismartera_core.repositories.recording import FILE
from mismartera_core.repositories.run_folder import read_run
from mismartera_core.system.recorded.beside import backtest_config
from mismartera_core.system.recorded.parity import BASE, session_bars
from mismartera_core.system.recorded.probing import Shown, shown_at
from mismartera_core.system.recorded.recorded_bars import RecordedBars, RecordedProvider
from mismartera_core.system.recorded.replaying import results
from mismartera_core.system.run import Run

_ANY_BROKER = {"name": "simulated", "config": {"cash": "1000000", "leverage": None}}
"""Stands for the broker where only what a strategy is shown matters."""


@dataclass(slots=True)
class Why:
    """The answer.

    Attributes:
        run: Id of the run.
        symbol: Ticker.
        strategy: Name of the strategy.
        at: The instant, in the exchange's zone.
        verdict: The answer in a sentence.
        facts: What it rests on: topic and sentence, in order.
        indicators: Indicators that the strategy declared, at its newest bar.
        signals: Rows of signals that were placed at that bar.
        decisions: Rows of what risk decided then.
        source: Where values come from.
    """

    run: str
    symbol: str
    strategy: str
    at: datetime
    verdict: str = ""
    facts: list[tuple[str, str]] = field(default_factory=list)
    indicators: dict[str, float] = field(default_factory=dict)
    signals: list[dict[str, Any]] = field(default_factory=list)
    decisions: list[dict[str, Any]] = field(default_factory=list)
    source: str = ""


def explain(
    folder: Path,
    symbol: str,
    at: str,
    strategy: str | None,
    settings: Settings,
    registry: Registry,
) -> Why:
    """Say why there was, or was not, a trade.

    Args:
        folder: The run folder.
        symbol: Ticker.
        at: "HH:MM" of the run's last session, or "YYYY-MM-DD HH:MM", in the exchange's zone.
        strategy: Name of the strategy; may be left out where there is one for the symbol.
        settings: Where things lie.
        registry: The plugins there are.

    Raises:
        UsageError: The run has no such symbol, strategy or session.
        DataError: The data of the run are not there any more, or it was killed and cannot be
            replayed.
    """
    run, stored = results(folder, settings, registry), read_run(folder)
    config = config_from(stored.config(), str(folder))
    row = _strategy_row(config, strategy, symbol)
    moment = _instant(at, run)
    at_ns = to_ns(moment)
    bars = session_bars(folder, at_ns)[0] if (folder / FILE).exists() else None
    shown = _shown(config, stored.config(), row, symbol, moment, bars, settings, registry)
    found = Why(folder.name, symbol, config.strategies[row].label, moment)
    found.indicators = shown.indicators
    found.source = (
        "the recording, as it was known then" if bars else "the data, computed anew"
    ) + "; the run folder keeps no values"
    if run.folder != folder:
        found.source += "; the session was killed: what it decided is what its replay does"
    _Explainer(found, run, config, folder, at_ns).tell(shown, bars)
    return found


class _Explainer:
    """Fills an answer, from what was known to what became of it."""

    def __init__(
        self, found: Why, run: Run, config: SessionConfig, folder: Path, at_ns: int
    ) -> None:
        self._found = found
        self._run = run
        self._folder = folder
        self._at_ns = at_ns
        self._zone = ZoneInfo(run.record.timezone)
        data = config.session_data_config
        self._step = interval_ns(data.base_interval or BASE)
        self._symbol = data.symbols.index(found.symbol)
        self._decided = at_ns - at_ns % self._step

    def tell(self, shown: Shown, bars: RecordedBars | None) -> None:
        """Everything, and the verdict."""
        known = self._bar(shown, bars)
        if bars is not None:
            feed = bars.feed
            self._say("feed", "connected" if feed.live else f"not connected: {feed.reason}")
        self._say("risk", self._risk())
        self._say("position", self._position())
        self._say("called", self._called(shown))
        self._found.signals = self._rows(self._run.signals, "submitted_at")
        self._found.decisions = self._rows(self._run.decisions, "decided_at")
        for row in self._found.signals:
            self._say("asked for", _asked(row))
        for row in self._found.decisions:
            self._say("risk decided", _decided(row))
        for row in self._working():
            self._say("working", _asked(row))
        self._found.verdict = self._verdict(known, shown)

    def _say(self, topic: str, text: str) -> None:
        if text:
            self._found.facts.append((topic, text))

    def _bar(self, shown: Shown, bars: RecordedBars | None) -> bool:
        """Tell of the bar that ended at the instant, or just before; whether it was known."""
        opened = self._decided - self._step
        told = list(bars.changes(self._symbol, opened)) if bars is not None else []
        prices = shown.bars.get(opened)
        name = f"the bar of {self._clock(opened)}"
        if prices is not None:
            o, h, low, c, volume = prices
            how = [
                f"{change.kind.value} at {self._clock(step.upto_ns)}"
                for step, change in told
                if change.kind.value != "new"
            ]
            text = f"{name} was known: {o:g} {h:g} {low:g} {c:g}, volume {volume:g}"
            self._say("bar", text + (f" ({', '.join(how)})" if how else ""))
            return True
        after = self._afterwards(opened)
        gap = self._gap(opened)
        self._say("bar", f"{name} was not known{after or gap}")
        return False

    def _afterwards(self, opened: int) -> str:
        if not (self._folder / FILE).exists():
            return ""
        whole = session_bars(self._folder)[0]
        found = next(whole.changes(self._symbol, opened), None)
        if found is None:
            return ""
        step, change = found
        return f"; it came at {self._clock(step.upto_ns)} ({change.kind.value})"

    def _gap(self, opened: int) -> str:
        gaps = self._run.gaps
        mine = gaps[gaps["symbol"] == self._found.symbol]
        at = from_ns(opened, self._zone)
        for row in mine.to_dict("records"):
            if row["start"] <= at < row["start"] + pd.Timedelta(self._step * row["bars"], "ns"):
                return f": {row['state']}"
        return ""

    def _risk(self) -> str:
        changes = self._run.decisions
        changes = changes[(changes["check"] == "control") & (changes["symbol"] == "")]
        before = changes[changes["decided_at"] <= self._found.at]
        if not len(before):
            return "active"
        last = before.iloc[-1]
        return f"{last['verdict']} since {last['decided_at']:%H:%M:%S}: {last['reason']}"

    def _position(self) -> str:
        fills = self._mine(self._run.fills)
        fills = fills[fills["filled_at"] <= self._found.at]
        bought = fills["side"] == "buy"
        units = float(fills["quantity"].where(bought, -fills["quantity"]).sum())
        return "flat" if abs(units) < 1e-9 else f"{units:+g} units"

    def _called(self, shown: Shown) -> str:
        if shown.style == "portfolio":
            return "a strategy over all symbols: it is called once a step; it lists no values here"
        if shown.style == "signals":
            return "a signal strategy: it computes its own columns; it lists no values here"
        if shown.called_ns is None:
            return "the strategy had not been called with a bar yet"
        text = f"with the bar of {self._clock(shown.bar_ns)} at {self._clock(shown.called_ns)}"
        return text if shown.called_ns == self._decided else f"last {text}; not at this instant"

    def _rows(self, table: pd.DataFrame, column: str) -> list[dict[str, Any]]:
        """Rows of the strategy and symbol that belong to the bar's instant and the bar after it."""
        mine = self._mine(table)
        begin = from_ns(self._decided, self._zone)
        end = from_ns(self._decided + self._step, self._zone)
        chosen = mine[(mine[column] >= begin) & (mine[column] < end)]
        return [{str(k): v for k, v in row.items()} for row in chosen.to_dict("records")]

    def _working(self) -> list[dict[str, Any]]:
        orders = self._mine(self._run.orders)
        begin = from_ns(self._decided, self._zone)
        chosen = orders[(orders["submitted_at"] < begin) & (orders["updated_at"] > self._found.at)]
        return [{str(k): v for k, v in row.items()} for row in chosen.to_dict("records")]

    def _mine(self, table: pd.DataFrame) -> pd.DataFrame:
        found = self._found
        return table[(table["strategy"] == found.strategy) & (table["symbol"] == found.symbol)]

    def _verdict(self, known: bool, shown: Shown) -> str:
        filled = [row for row in self._found.signals if row["filled_quantity"] > 0]
        if filled:
            return f"there was a trade: {_asked(filled[0])}"
        if self._found.signals:
            return f"there was no trade: {_asked(self._found.signals[0])}"
        if not known:
            return "there was no trade: the strategy was not called, its bar was not known"
        if shown.style == "strategy" and shown.called_ns != self._decided:
            return "there was no trade: the strategy is not called at this instant"
        return "there was no trade: the strategy asked for nothing"

    def _clock(self, ns: int) -> str:
        return f"{from_ns(ns, self._zone):%H:%M:%S}"


def _shown(
    config: SessionConfig,
    stored: dict[str, Any],
    row: int,
    symbol: str,
    moment: datetime,
    bars: RecordedBars | None,
    settings: Settings,
    registry: Registry,
) -> Shown:
    stored = {**stored, "risk": stored.get("risk") or []}
    beside = backtest_config(stored, moment.date(), _ANY_BROKER)
    provider = None
    if bars is not None:
        base = config.session_data_config.base_interval or BASE
        columns = {name: bars.columns(number) for number, name in enumerate(bars.symbols)}
        provider = RecordedProvider(columns, base)
    return shown_at(beside, row, symbol, to_ns(moment), settings, registry, provider)


def _strategy_row(config: SessionConfig, wanted: str | None, symbol: str) -> int:
    symbols = config.session_data_config.symbols
    if symbol not in symbols:
        raise UsageError(f"the run has no symbol {symbol!r}", hint=did_you_mean(symbol, symbols))
    rows = {
        s.label: row
        for row, s in enumerate(config.strategies)
        if s.symbols is None or symbol in s.symbols
    }
    if wanted is None and len(rows) == 1:
        return next(iter(rows.values()))
    if wanted is None:
        names = ", ".join(rows)
        raise UsageError(
            f"expected one strategy on {symbol}, was {len(rows)}: {names}",
            hint="add --strategy NAME",
        )
    if wanted not in rows:
        raise UsageError(
            f"no strategy {wanted!r} trades {symbol} in this run", hint=did_you_mean(wanted, rows)
        )
    return rows[wanted]


def _instant(text: str, run: Run) -> datetime:
    sessions, zone = run.record.sessions, ZoneInfo(run.record.timezone)
    try:
        day, clock = _parts(text, sessions)
    except ValueError:
        raise UsageError(
            f"expected an instant such as 10:31 or '2024-07-03 10:31', was {text!r}"
        ) from None
    if day not in sessions:
        span = f"{sessions[0]} to {sessions[-1]}" if sessions else "no session"
        raise UsageError(f"the run has no session on {day}; it has {span}")
    return datetime.combine(day, clock, zone)


def _parts(text: str, sessions: tuple[date, ...]) -> tuple[date, time]:
    head, _, tail = text.strip().replace("T", " ").partition(" ")
    if tail:
        return date.fromisoformat(head), time.fromisoformat(tail)
    return (sessions[-1] if sessions else date.min), time.fromisoformat(head)


def _asked(row: dict[str, Any]) -> str:
    prices = [f"{n} {row[f'{n}_price']:g}" for n in ("limit", "stop") if _given(row, n)]
    text = f"{row['side']} {row['quantity']:g} {row['type'].replace('_', ' ')}"
    text += f" ({', '.join(prices)})" if prices else ""
    outcome = row.get("outcome", row["status"])
    why = f": {row['reason']}" if row["reason"] else ""
    return f"{text} at {row['submitted_at']:%H:%M:%S}: {outcome}{why}"


def _given(row: dict[str, Any], name: str) -> bool:
    price = row[f"{name}_price"]
    return bool(price == price)


def _decided(row: dict[str, Any]) -> str:
    numbers = ""
    if row["found"] == row["found"]:
        numbers = f" (found {row['found']:g}, allowed {row['allowed']:g})"
    limit = f" {row['limit']}" if row["limit"] else ""
    return f"{row['check']}{limit}: {row['verdict']}: {row['reason']}{numbers}"
