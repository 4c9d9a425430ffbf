"""A run for the eye: a table on the terminal, HTML in a notebook."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from html import escape
from io import StringIO
from typing import TYPE_CHECKING, Any

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from mismartera_core.model.orders import FOLLOWED
from mismartera_core.services.round_trips import round_trips

if TYPE_CHECKING:
    from mismartera_core.system.run import Run

SIMULATED = "simulated intraday"
UNDEFINED = "n/a"
MOST_OPEN = 20
MOST_REASONS = 5
MOST_SYMBOLS = 6
WIDTH = 160

Cells = tuple[str, ...]


def _money(value: float) -> str:
    return f"{value:,.2f}"


def _percent(value: float) -> str:
    return f"{value:.2%}"


def _ratio(value: float) -> str:
    return f"{value:.2f}"


def _seconds(value: float) -> str:
    return f"{value:.3f}"


def _count(value: float) -> str:
    return f"{value:,.0f}"


QUARTER = 63
"""Sessions below which a return is not shown as that of a year: it would promise too much."""

FIGURES: tuple[tuple[str, str, Callable[[Any], str]], ...] = (
    ("Starting equity", "starting_equity", _money),
    ("Ending equity", "ending_equity", _money),
    ("P&L", "pnl", _money),
    ("Return", "total_return", _percent),
    ("CAGR", "cagr", _percent),
    ("Volatility", "volatility", _percent),
    ("Sharpe", "sharpe", _ratio),
    ("Sortino", "sortino", _ratio),
    ("Max drawdown", "max_drawdown", _percent),
    ("Trades", "trades", _count),
    ("Win rate", "win_rate", _percent),
    ("Profit factor", "profit_factor", _ratio),
    ("Average trade", "average_trade", _money),
    ("Exposure", "exposure", _percent),
    ("Signals", "signals", _count),
    ("Orders", "orders", _count),
    ("Fills", "fills", _count),
    ("Commission", "commission", _money),
    ("Slippage", "slippage", _money),
    ("Data quality", "quality", _percent),
    ("Missing bars", "missing_bars", _count),
    ("Bars", "bars", _count),
    ("Bars/s", "bars_per_second", _count),
    ("Trade hash", "trade_hash", lambda text: str(text)[:16]),
)
"""Rows of the summary: label, figure, how it is written."""

STRATEGY_FIGURES: tuple[tuple[str, str, Callable[[Any], str]], ...] = (
    ("Strategy", "strategy", str),
    ("Trades", "trades", _count),
    ("Win rate", "win_rate", _percent),
    ("Profit factor", "profit_factor", _ratio),
    ("P&L", "pnl", _money),
    ("Open P&L", "open_pnl", _money),
    ("Commission", "commission", _money),
    ("Slippage", "slippage", _money),
)

THREAD_FIGURES: tuple[tuple[str, str, Callable[[Any], str]], ...] = (
    ("Busy s", "busy", _seconds),
    ("Waiting s", "waiting", _seconds),
    ("Frames", "frames", _count),
    ("Bars", "bars", _count),
    ("Overruns", "overruns", _count),
)


def render(run: Run) -> RenderableType:
    """Summary, strategies where there are several, open trades, refusals and notes."""
    parts: list[RenderableType] = [
        Text(title(run), style="bold"),
        rich_table(("", ""), _figures(run)),
    ]
    parts += [rich_table(head, rows, caption) for caption, head, rows in _sections(run)]
    parts += [Text(line, style="yellow") for line in remarks(run)]
    return Group(*parts)


def plain(run: Run) -> str:
    """The same as text, for `print`."""
    return as_text(render(run))


def as_text(shown: RenderableType) -> str:
    """What a terminal would show, without colours."""
    text = StringIO()
    Console(file=text, width=WIDTH).print(shown)
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines())


def render_threads(run: Run) -> RenderableType:
    """What each thread did with its time."""
    head = ("Thread", *(label for label, _, _ in THREAD_FIGURES))
    rows = [
        (name, *(_shown(counted.get(figure), write) for _, figure, write in THREAD_FIGURES))
        for name, counted in run.record.threads.items()
    ]
    return rich_table(head, rows, "Threads")


def html(run: Run) -> str:
    """The same for a notebook."""
    tables = [html_table(("", ""), _figures(run))]
    tables += [html_table(head, rows, caption) for caption, head, rows in _sections(run)]
    notes = "".join(f"<p>{escape(line)}</p>" for line in remarks(run))
    return f"<div><b>{escape(title(run))}</b>{''.join(tables)}{notes}</div>"


def title(run: Run) -> str:
    """Name, dates, symbols, and whether the bars are simulated."""
    figures = run.summary
    symbols = figures["symbols"]
    shown = ", ".join(symbols[:MOST_SYMBOLS])
    if len(symbols) > MOST_SYMBOLS:
        shown = f"{shown} and {len(symbols) - MOST_SYMBOLS} more"
    days = "no session"
    if figures["sessions"]:
        days = f"{figures['first_session']} to {figures['last_session']}"
        days = f"{days} ({plural(figures['sessions'], 'session')})"
    label = f" [{SIMULATED}]" if figures["simulated_data"] else ""
    return f"{figures['session_name']}: {shown or 'no symbol'}, {days}{label}"


def remarks(run: Run) -> list[str]:
    """What a reader must know beside the figures."""
    lines = [f"Note: {note}" for note in run.summary["notes"]]
    if run.summary["error"]:
        lines.insert(0, f"Stopped early: {run.summary['error']}")
    return lines


def _figures(run: Run) -> list[Cells]:
    short = len(run.record.sessions) < QUARTER
    chosen = [figure for figure in FIGURES if not (short and figure[1] == "cagr")]
    return [(label, _shown(run.summary[name], write)) for label, name, write in chosen]


def _sections(run: Run) -> Iterator[tuple[str, Cells, list[Cells]]]:
    if len(run.record.strategies) > 1:
        rows = [
            tuple(_shown(row[name], write) for _, name, write in STRATEGY_FIGURES)
            for row in run.strategies
        ]
        yield "By strategy", tuple(label for label, _, _ in STRATEGY_FIGURES), rows
    if run.summary["open_trades"]:
        yield "Left open", ("Strategy", "Symbol", "Side", "Quantity", "P&L"), _left_open(run)
    refusals = _refusals(run)
    if refusals:
        yield "Signals without a fill", ("Reason", "Count"), refusals


def _left_open(run: Run) -> list[Cells]:
    from mismartera_core.services import run_tables

    rest = next(some for some in round_trips(run.record.fills) if some.are_open)
    open_ = run_tables.trades(run.record, rest)
    by = open_.groupby(["strategy", "symbol", "side"], sort=False)
    totals = by.agg(quantity=("quantity", "sum"), pnl=("pnl", "sum")).reset_index()
    shown: list[Cells] = [
        (str(strategy), str(symbol), str(side), f"{quantity:g}", _shown(pnl, _money))
        for strategy, symbol, side, quantity, pnl in totals[:MOST_OPEN].itertuples(index=False)
    ]
    more = totals[MOST_OPEN:]
    if len(more):
        shown.append((f"and {len(more)} more", "", "", "", _shown(more["pnl"].sum(), _money)))
    return shown


def _refusals(run: Run) -> list[Cells]:
    if not len(run.record.orders):
        return []
    lost = run.funnel[~run.funnel["reason"].isin(("", *FOLLOWED))]
    top = lost.sort_values("count", ascending=False, kind="stable").head(MOST_REASONS)
    return [
        (reason, _count(count)) for reason, count in zip(top["reason"], top["count"], strict=True)
    ]


def _shown(value: Any, write: Callable[[Any], str]) -> str:
    return UNDEFINED if value is None or value != value else write(value)


def plural(count: int, noun: str) -> str:
    """A count with its noun."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def rich_table(head: Cells, rows: Sequence[Cells], caption: str = "") -> Table:
    """A table for the terminal: texts to the left, the rest to the right."""
    table = Table(title=caption or None, title_justify="left", show_header=any(head), box=None)
    for number, name in enumerate(head):
        table.add_column(Text(name), justify="left" if number == 0 else "right")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    return table


def html_table(head: Cells, rows: Sequence[Cells], caption: str = "") -> str:
    """The same for a notebook."""

    def line(cells: Cells, tag: str) -> str:
        return "<tr>" + "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in cells) + "</tr>"

    top = f"<caption>{escape(caption)}</caption>" if caption else ""
    top += line(head, "th") if any(head) else ""
    return f"<table>{top}{''.join(line(row, 'td') for row in rows)}</table>"
