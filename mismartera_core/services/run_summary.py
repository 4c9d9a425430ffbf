"""The figures a trader wants of a run: plain numbers, None where one is undefined."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

import numpy as np

from mismartera_core.model.columns import BoolArray, FloatArray
from mismartera_core.model.results import MICROS, RunRecord
from mismartera_core.services import performance_stats as stats
from mismartera_core.services.round_trips import RoundTrips

Figures = dict[str, Any]


def daily_equity(record: RunRecord) -> FloatArray:
    """Equity at the end of each session; carried on where a session has no step.

    Returns:
        One value a session, account currency.
    """
    equity = record.equity
    ends = np.searchsorted(equity.session, np.arange(len(record.sessions)), side="right") - 1
    start = record.starting_cash / MICROS
    if not len(equity.ts):
        return np.full(len(ends), start)
    return np.where(ends >= 0, equity.equity[ends], start)


def daily_returns(record: RunRecord) -> FloatArray:
    """Simple return of each session; 0 once nothing is left to earn a return on."""
    ends = daily_equity(record)
    starts = np.concatenate(([record.starting_cash / MICROS], ends[:-1]))[: len(ends)]
    alive = starts > 0
    return np.where(alive, ends / np.where(alive, starts, 1.0) - 1.0, 0.0)


def sessions_per_year(sessions: Iterable[date]) -> float:
    """365 for a market that opens at weekends, else 252."""
    return 365.0 if any(day.weekday() >= 5 for day in sessions) else stats.SESSIONS_PER_YEAR


def open_profit(record: RunRecord, trips: RoundTrips) -> FloatArray:
    """Profit of open trades at the last known closes, after the commission of the entry.

    Returns:
        Account currency; NaN where no close is known.
    """
    if record.closing_prices is None:
        return np.full(len(trips), np.nan)
    price = record.closing_prices[record.fills.symbol[trips.entry]]
    value = trips.side * (trips.quantity * price * MICROS - trips.entry_notional)
    return np.asarray((value - trips.commission) / MICROS, dtype=np.float64)


def trade_figures(
    record: RunRecord, closed: RoundTrips, chosen: BoolArray | None = None
) -> Figures:
    """Count, win rate, profit factor and averages of closed trades.

    Args:
        record: The run.
        closed: Its closed trades.
        chosen: Which of them to look at; all where left out.
    """
    which = np.ones(len(closed), dtype=np.bool_) if chosen is None else chosen
    net = closed.net[which] / MICROS
    gains, losses = net[net > 0], net[net < 0]
    filled = record.fills.filled_ns
    held = (filled[closed.exit[which]] - filled[closed.entry[which]]) / 60e9
    lost = -float(losses.sum())
    return {
        "trades": len(net),
        "win_rate": len(gains) / len(net) if len(net) else None,
        "profit_factor": float(gains.sum()) / lost if lost else None,
        "average_trade": _mean(net),
        "average_win": _mean(gains),
        "average_loss": _mean(losses),
        "best_trade": float(net.max()) if len(net) else None,
        "worst_trade": float(net.min()) if len(net) else None,
        "average_holding_minutes": _mean(held),
    }


def metrics(record: RunRecord) -> Figures:
    """Every statistic of the daily returns, by name."""
    returns = daily_returns(record)
    per_year = sessions_per_year(record.sessions)
    fall = stats.drawdown(returns)

    def day(row: int | None) -> str | None:
        return record.sessions[row].isoformat() if row is not None and row >= 0 else None

    values = {
        "total_return": stats.total_return(returns),
        "cagr": stats.cagr(returns, per_year),
        "volatility": stats.volatility(returns, per_year),
        "sharpe": stats.sharpe(returns, per_year=per_year),
        "sortino": stats.sortino(returns, per_year=per_year),
        "downside_risk": stats.downside_risk(returns, per_year=per_year),
        "calmar": stats.calmar(returns, per_year),
        "omega": stats.omega(returns, per_year=per_year),
        "tail_ratio": stats.tail_ratio(returns),
        "stability": stats.stability(returns),
        "value_at_risk": stats.value_at_risk(returns),
        "conditional_value_at_risk": stats.conditional_value_at_risk(returns),
        "max_drawdown": fall.depth,
    }
    return {
        **{name: stats.defined(value) for name, value in values.items()},
        "max_drawdown_peak": day(fall.peak),
        "max_drawdown_valley": day(fall.valley),
        "max_drawdown_recovery": day(fall.recovery),
        "longest_drawdown_sessions": fall.longest,
        "sessions_per_year": per_year,
    }


def summary(record: RunRecord, closed: RoundTrips, open_: RoundTrips) -> Figures:
    """The figures of the summary table, in its order.

    Args:
        record: The run.
        closed: Its closed trades.
        open_: Its open trades.
    """
    start = record.starting_cash / MICROS
    ends = daily_equity(record)
    end = float(ends[-1]) if len(ends) else start
    figures = metrics(record)
    trades = trade_figures(record, closed)
    expected = sum(report.expected for report in record.quality)
    missing = sum(report.missing for report in record.quality)
    gross = record.equity.gross
    return {
        "session_name": record.session_name,
        "first_session": record.sessions[0].isoformat() if record.sessions else None,
        "last_session": record.sessions[-1].isoformat() if record.sessions else None,
        "sessions": len(record.sessions),
        "symbols": list(record.symbols),
        "strategies": list(record.strategies),
        "simulated_data": record.simulated_data,
        "starting_equity": start,
        "ending_equity": end,
        "pnl": end - start,
        "total_return": end / start - 1.0 if start else None,
        **{
            name: figures[name]
            for name in ("cagr", "volatility", "sharpe", "sortino", "calmar", "max_drawdown")
        },
        "longest_drawdown_sessions": figures["longest_drawdown_sessions"],
        **{name: trades[name] for name in ("trades", "win_rate", "profit_factor", "average_trade")},
        "open_trades": len(open_),
        "exposure": float((gross > 0).mean()) if len(gross) else None,
        "signals": len(record.orders),
        "orders": int((record.orders.id > 0).sum()),
        "fills": len(record.fills),
        "commission": int(record.fills.commission.sum()) / MICROS,
        "slippage": int(record.fills.slippage.sum()) / MICROS,
        "quality": 1.0 - missing / expected if expected else None,
        "missing_bars": missing,
        "bars": record.bars,
        "seconds": record.seconds,
        "bars_per_second": record.bars / record.seconds if record.seconds > 0 else None,
        "trade_hash": record.trade_hash,
        "notes": list(record.notes),
        "error": record.error,
    }


def by_strategy(record: RunRecord, closed: RoundTrips, open_: RoundTrips) -> list[Figures]:
    """Trades, profit and costs of each strategy, in the order of the config."""
    fills = record.fills
    of_closed, of_open = fills.strategy[closed.entry], fills.strategy[open_.entry]
    unrealised = open_profit(record, open_)
    return [
        {
            "strategy": name,
            "fills": int((fills.strategy == row).sum()),
            "pnl": int(closed.net[of_closed == row].sum()) / MICROS,
            "open_pnl": stats.defined(float(unrealised[of_open == row].sum())),
            "commission": int(fills.commission[fills.strategy == row].sum()) / MICROS,
            "slippage": int(fills.slippage[fills.strategy == row].sum()) / MICROS,
            **trade_figures(record, closed, of_closed == row),
        }
        for row, name in enumerate(record.strategies)
    ]


def _mean(values: FloatArray) -> float | None:
    return float(values.mean()) if len(values) else None
