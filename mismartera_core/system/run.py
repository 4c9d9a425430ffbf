"""A finished run: figures, tables, and the way to its folder and back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mismartera_core.config.settings import load_settings
from mismartera_core.model.results import RunRecord
from mismartera_core.repositories import run_folder
from mismartera_core.services import run_summary
from mismartera_core.services.round_trips import round_trips
from mismartera_core.services.trade_figures import Traded, traded

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import RenderableType


PART_ROWS = 16_384
"""Rows of a large table that are written at a time."""


class Run:
    """What a run came to. Tables are made when they are asked for, once.

    Args:
        record: The run as columns.
        folder: Its run folder, None where it has none.
    """

    def __init__(self, record: RunRecord, folder: Path | None = None) -> None:
        self.record = record
        self.folder = folder

    @property
    def trade_hash(self) -> str:
        """sha256 over the canonical fills: equal trades, equal hash."""
        return self.record.trade_hash

    @cached_property
    def summary(self) -> dict[str, Any]:
        """The figures of the summary table, in its order; None where one is undefined."""
        return run_summary.summary(self.record, self._traded)

    @cached_property
    def metrics(self) -> dict[str, Any]:
        """Every statistic of the daily returns and of the trades."""
        return {**run_summary.metrics(self.record), **self._traded.all.figures()}

    @cached_property
    def strategies(self) -> list[dict[str, Any]]:
        """Trades, profit and costs of each strategy."""
        return run_summary.by_strategy(self.record, self._traded)

    @cached_property
    def fills(self) -> pd.DataFrame:
        """Executions: when, at which bar, what, at which price."""
        from mismartera_core.services import run_tables

        return run_tables.fills(self.record)

    @cached_property
    def signals(self) -> pd.DataFrame:
        """Everything the strategies asked for, what became of it, and why."""
        from mismartera_core.services import run_tables

        return run_tables.signals(self.record)

    @cached_property
    def orders(self) -> pd.DataFrame:
        """The signals that became an order."""
        from mismartera_core.services import run_tables

        return run_tables.orders(self.signals)

    @cached_property
    def decisions(self) -> pd.DataFrame:
        """Every order that risk kept back and every change of its state, with the numbers."""
        from mismartera_core.services import run_tables

        return run_tables.decisions(self.record)

    @cached_property
    def trades(self) -> pd.DataFrame:
        """Round trips matched first in, first out; open ones last."""
        return _whole(_trades(self.record))

    @cached_property
    def equity(self) -> pd.DataFrame:
        """The account after each step, by time."""
        from mismartera_core.services import run_tables

        return run_tables.equity(self.record)

    @cached_property
    def daily_returns(self) -> pd.DataFrame:
        """Equity at the end of each session, profit and return."""
        from mismartera_core.services import run_tables

        return run_tables.returns_by_day(self.record)

    @cached_property
    def quality(self) -> pd.DataFrame:
        """Completeness by session and symbol."""
        from mismartera_core.services import run_tables

        return run_tables.quality(self.record)

    @cached_property
    def gaps(self) -> pd.DataFrame:
        """Every absent run of bars: silent, missing, or filled and by which gap filler."""
        from mismartera_core.services import run_tables

        return run_tables.gaps(self.record)

    @cached_property
    def funnel(self) -> pd.DataFrame:
        """Why there were no more trades: bars, signals, refusals by reason, orders, fills."""
        from mismartera_core.services import run_tables

        return run_tables.funnel(self.record)

    def render(self) -> RenderableType:
        """The summary for a terminal."""
        from mismartera_core.system.run_rendering import render

        return render(self)

    def __rich__(self) -> RenderableType:
        return self.render()

    def _repr_html_(self) -> str:
        from mismartera_core.system.run_rendering import html

        return html(self)

    def __str__(self) -> str:
        from mismartera_core.system.run_rendering import plain

        return plain(self)

    def __repr__(self) -> str:
        figures = self.summary
        change = figures["total_return"]
        shown = "n/a" if change is None else f"{change:+.2%}"
        label = ", simulated intraday" if figures["simulated_data"] else ""
        return (
            f"Run({figures['session_name']!r}, {figures['sessions']} sessions, {shown}, "
            f"{figures['trades']} trades, trade_hash {self.trade_hash[:12]}{label})"
        )

    @cached_property
    def _traded(self) -> Traded:
        return traded(self.record)


def save_run(run: Run, folder: Path, manifest: Mapping[str, Any]) -> Run:
    """Write what a run has computed into its folder.

    Args:
        run: A finished or stopped run.
        folder: Made by `create_run_folder` and `start_run`.
        manifest: What is to be recorded of the run beside its error and trade hash.

    Returns:
        The run, knowing its folder.

    Raises:
        MisMarteraError: A file cannot be written; those before it are whole.
    """
    from mismartera_core.services import run_tables
    from mismartera_core.services.run_record import to_document

    run = Run(run.record, folder)
    record = run.record
    metrics = {**run.metrics, "strategies": run.strategies, "threads": record.threads}
    tables = {
        "fills": lambda: map(run_tables.fills, _parts(record, "fills")),
        "orders": lambda: map(_orders, _parts(record, "orders")),
        "signals": lambda: map(run_tables.signals, _parts(record, "orders")),
        "trades": lambda: _trades(record),
        "equity": lambda: (run_tables.equity(p).reset_index() for p in _parts(record, "equity")),
        "daily": lambda: [run.daily_returns.reset_index()],
        "quality": lambda: map(run_tables.quality, _measured(record)),
        "decisions": lambda: map(run_tables.decisions, _parts(record, "decisions")),
        "gaps": lambda: map(run_tables.gaps, _measured(record)),
    }
    documents = {"record": to_document(record), "summary": run.summary, "metrics": metrics}
    ending = {"error": record.error, "trade_hash": run.trade_hash, **manifest}
    run_folder.write_run(folder, documents, tables, ending)
    return run


def _parts(record: RunRecord, field: str) -> Iterator[RunRecord]:
    """The record with some rows of a field at a time: tables take far more room than columns."""
    for part in getattr(record, field).parts():
        for start in range(0, max(len(part), 1), PART_ROWS):
            yield replace(record, **{field: part.part(start, start + PART_ROWS)})


def _measured(record: RunRecord) -> Iterator[RunRecord]:
    """The record with some of its reports of quality at a time."""
    reports = iter(record.quality)
    while some := tuple(islice(reports, PART_ROWS)):
        yield replace(record, quality=some)
    if not len(record.quality):
        yield record


def _orders(record: RunRecord) -> pd.DataFrame:
    from mismartera_core.services import run_tables

    return run_tables.orders(run_tables.signals(record))


def _trades(record: RunRecord) -> Iterator[pd.DataFrame]:
    """The table of trades in parts, the open ones in the last."""
    from mismartera_core.services import run_tables

    for some in round_trips(record.fills):
        yield run_tables.trades(record, some)


def _whole(parts: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Parts of a table as one."""
    import pandas as pd

    tables = list(parts)
    return pd.concat([part for part in tables if len(part)] or tables[:1], ignore_index=True)


def load_run(name: str | Path = run_folder.LAST, runs_dir: Path | None = None) -> Run:
    """Read a run folder back; its tables are those of the run.

    Args:
        name: "@last", a run id, a unique beginning or part of one, or the path of a folder.
        runs_dir: Where the runs are; by default that of the settings.

    Raises:
        UsageError: There is no such run, or more than one.
        DataError: One of its files is damaged.
    """
    from mismartera_core.services.run_record import from_document, to_document

    folder = run_folder.resolve_run(runs_dir or load_settings().runs_dir, name)
    stored = run_folder.read_run(folder)
    document = stored.record or to_document(_unfinished(stored))
    tables = {
        table: found
        for table in ("fills", "signals", "equity", "quality", "gaps", "decisions")
        if (found := stored.table(table)) is not None
    }
    return Run(from_document(document, tables), folder)


def _unfinished(stored: run_folder.StoredRun) -> RunRecord:
    from mismartera_core.services.run_record import empty_record

    name = str(stored.manifest.get("session_name", stored.folder.name))
    return replace(empty_record(name), error="the run was killed before it could write its results")
