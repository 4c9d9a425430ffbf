"""The figures a trader wants of a run: plain numbers, None where one is undefined."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import numpy as np

from mismartera_core.model.columns import FloatArray
from mismartera_core.model.results import MICROS, RunRecord, in_micros
from mismartera_core.services import performance_stats as stats
from mismartera_core.services.trade_figures import Figures, Traded


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


def summary(record: RunRecord, traded: Traded) -> Figures:
    """The figures of the summary table, in its order.

    Args:
        record: The run.
        traded: What its trades came to.
    """
    start = record.starting_cash / MICROS
    ends = daily_equity(record)
    end = float(ends[-1]) if len(ends) else start
    figures = metrics(record)
    trades, fills = traded.all.figures(), traded.fills
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
        "pnl": float(in_micros(end - start)),
        "total_return": end / start - 1.0 if start else None,
        **{
            name: figures[name]
            for name in ("cagr", "volatility", "sharpe", "sortino", "calmar", "max_drawdown")
        },
        "longest_drawdown_sessions": figures["longest_drawdown_sessions"],
        **{name: trades[name] for name in ("trades", "win_rate", "profit_factor", "average_trade")},
        "open_trades": traded.open_trades,
        "exposure": float((gross > 0).mean()) if len(gross) else None,
        "signals": len(record.orders),
        "orders": sum(int((part.id > 0).sum()) for part in record.orders.parts()),
        "fills": len(record.fills),
        "commission": sum(each.commission for each in fills) / MICROS,
        "slippage": sum(each.slippage for each in fills) / MICROS,
        "quality": 1.0 - missing / expected if expected else None,
        "missing_bars": missing,
        "bars": record.bars,
        "seconds": record.seconds,
        "bars_per_second": record.bars / record.seconds if record.seconds > 0 else None,
        "trade_hash": record.trade_hash,
        "notes": list(record.notes),
        "error": record.error,
    }


def by_strategy(record: RunRecord, traded: Traded) -> list[Figures]:
    """Trades, profit and costs of each strategy, in the order of the config."""
    return [
        {
            "strategy": name,
            "fills": costs.fills,
            "pnl": tally.net / MICROS,
            "open_pnl": stats.defined(profit),
            "commission": costs.commission / MICROS,
            "slippage": costs.slippage / MICROS,
            **tally.figures(),
        }
        for name, tally, costs, profit in zip(
            record.strategies, traded.closed, traded.fills, traded.open_profit, strict=True
        )
    ]
