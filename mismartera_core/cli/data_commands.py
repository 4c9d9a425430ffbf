"""`mismartera data`: bring your own market data, look at it, judge it, take it out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from mismartera_core.cli.output import emit, load_settings, table

if TYPE_CHECKING:
    from mismartera_core.managers.data_manager import DataManager, ImportReport
    from mismartera_core.managers.data_manager.imports import Kind
    from mismartera_core.managers.time_manager import TimeManager
    from mismartera_core.repositories.bar_store import BarStore

app = typer.Typer(no_args_is_help=True, help="Import, list, show, judge and export market data.")

Symbol = Annotated[str, typer.Argument(help="Ticker, as `mismartera data ls` spells it.")]
Interval = Annotated[
    str | None, typer.Option(help="1m, 1d ...; by default the shortest that is stored.")
]
Group = Annotated[str, typer.Option("--exchange-group", help="Whose calendar: US_EQUITY ...")]
Asset = Annotated[
    str | None, typer.Option("--asset-class", help="By default the group's first, e.g. EQUITY.")
]
Since = Annotated[datetime | None, typer.Option("--start", formats=["%Y-%m-%d"], help="First day.")]
Until = Annotated[datetime | None, typer.Option("--end", formats=["%Y-%m-%d"], help="Last day.")]
_WORST = 20
_QUARANTINE_SHOWN = 5


@app.command("import")
def import_(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="CSV, .csv.gz or .zip.")],
    symbol: Annotated[
        str | None, typer.Option(help="Ticker; by default by the file's content or name.")
    ] = None,
    kind: Annotated[str, typer.Option(help="bars, ticks or quotes.")] = "bars",
    interval: Annotated[str | None, typer.Option(help="1m, 1d ...; by default found out.")] = None,
    tz: Annotated[
        str | None, typer.Option("--tz", help="Zone of times without one: America/New_York, UTC.")
    ] = None,
    label: Annotated[
        str | None, typer.Option(help="Which end of its bar a time marks: start or end.")
    ] = None,
    date_format: Annotated[
        str | None, typer.Option(help="How times are written: '%d/%m/%Y %H:%M'.")
    ] = None,
    source: Annotated[str | None, typer.Option(help="Where they come from; kept.")] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Forget what is stored of the symbol and interval.")
    ] = False,
    group: Group = "US_EQUITY",
    asset: Asset = None,
) -> None:
    """Store bars from files. Says what it understood and what it refused."""
    from mismartera_core.errors import DataError, MisMarteraError, UsageError

    if kind not in ("bars", "ticks", "quotes"):
        raise UsageError(f"expected --kind bars, ticks or quotes, was {kind!r}")
    done: list[tuple[Path, ImportReport]] = []
    failed: list[tuple[Path, MisMarteraError]] = []
    with _manager(group, asset) as (manager, _time):
        for path in paths:
            try:
                report = manager.import_from_csv(
                    path,
                    symbol,
                    kind=cast("Kind", kind),
                    interval=interval,
                    timezone=tz,
                    label=label,
                    dateformat=date_format,
                    source=source,
                    mode="replace" if replace else "merge",
                    replaced=[(r.symbol, r.parsed.interval or kind) for _, r in done],
                )
            except MisMarteraError as error:
                failed.append((path, error))
                if not isinstance(error, DataError):  # of the command, not of the file
                    break
            else:
                done.append((path, report))
    if done:
        lines = [line for path, report in done for line in _told(path, report)]
        last = done[-1][1]
        if last.parsed.interval:
            lines.append(
                f"next: mismartera data quality {last.symbol} --interval {last.parsed.interval}"
            )
        emit("data_import", {"files": [_facts(path, report) for path, report in done]}, *lines)
    if len(failed) == 1 or (failed and not isinstance(failed[-1][1], DataError)):
        raise failed[-1][1]
    if failed:
        raise DataError(
            f"{len(failed)} of {len(paths)} files were not imported: "
            + "; ".join(f"{path.name}: {error}" for path, error in failed),
            hint=failed[0][1].hint,
        )


@app.command("ls")
def list_() -> None:
    """What is stored."""
    from mismartera_core.repositories.bar_store import BarStore

    store = BarStore(load_settings().data_dir)
    rows = [_held(store, s, i) for s in store.symbols() for i in store.intervals(s)]
    rows += [_held(store, s, "", kind) for kind in ("ticks", "quotes") for s in store.symbols(kind)]
    emit(
        "data",
        {"data_dir": str(store.root), "series": rows},
        table(
            "",
            ("symbol", "interval", "rows", "first (UTC)", "last (UTC)", "source"),
            ([*list(row.values())[:-1], ", ".join(row["sources"])] for row in rows),
        )
        if rows
        else "nothing is stored yet; begin with: mismartera data import FILE.csv",
    )


@app.command()
def show(
    symbol: Symbol,
    interval: Interval = None,
    rows: Annotated[int, typer.Option(min=1, help="Bars shown from either end.")] = 5,
    start: Since = None,
    end: Until = None,
    group: Group = "US_EQUITY",
    asset: Asset = None,
) -> None:
    """A symbol's bars, and where they come from."""
    with _manager(group, asset) as (manager, _time):
        chosen = _interval(manager.store, symbol, interval)
        frame = _frame(manager, symbol, chosen, start, end)
        origin = manager.store.provenance(symbol, chosen)
        held = _held(manager.store, symbol, chosen)
    ends = frame if len(frame) <= 2 * rows else frame.iloc[[*range(rows), *range(-rows, 0)]]
    bars = [{"timestamp": at.isoformat(), **row} for at, row in _rows(ends)]
    sources: list[dict[str, Any]] = [
        {
            "source": part.provenance.source,
            "rows": part.rows,
            "first": _utc(part.first_ns),
            "last": _utc(part.last_ns),
            "simulated": part.provenance.simulated,
            "understanding": dict(part.provenance.understanding),
        }
        for part in origin
    ]
    emit(
        "bars",
        {**held, "bars": bars, "provenance": sources},
        table(
            f"{symbol} {chosen}, {len(frame)} bars",
            ("timestamp", *frame.columns),
            _with_gap([list(bar.values()) for bar in bars], len(frame), rows),
        ),
        *(
            table(
                f"from {s['source']}: {s['rows']} rows" + (", SIMULATED" if s["simulated"] else ""),
                ("item", "understood as"),
                s["understanding"].items(),
            )
            for s in sources
        ),
    )


@app.command()
def quality(
    symbol: Symbol,
    interval: Interval = None,
    start: Since = None,
    end: Until = None,
    group: Group = "US_EQUITY",
    asset: Asset = None,
) -> None:
    """How complete a symbol's bars are. Session by session, by the calendar."""
    from mismartera_core.managers.data_manager.quality import measure, without_session
    from mismartera_core.services.quality_scoring import mean_score

    with _manager(group, asset) as (manager, time_manager):
        chosen = _interval(manager.store, symbol, interval)
        first, last = _span(manager, symbol, chosen, start, end)
        reports = measure(manager, time_manager.session_table(first, last), symbol, chosen)
        # Some sessions begin on the evening before.
        around = time_manager.session_table(first, time_manager.get_next_trading_date(None, last))
        unplaced = without_session(manager, around, symbol, chosen, first, last)
    score = mean_score(reports)
    rows: list[dict[str, Any]] = [
        {
            "session": report.session.isoformat(),
            "expected": report.expected,
            "traded": report.traded,
            "silent": report.silent,
            "missing": report.missing,
            "outside": report.outside,
            "score": round(report.score, 4),
        }
        for report in reports
    ]
    worst = sorted((r for r in rows if r["missing"]), key=lambda r: (r["score"], r["session"]))
    total = {k: sum(r[k] for r in rows) for k in ("expected", "traded", "silent", "missing")}
    beside = {"outside": sum(r["outside"] for r in rows), "without_session": unplaced}
    facts = {"symbol": symbol, "interval": chosen, "score": score, **total, **beside}
    emit(
        "quality",
        {**facts, "sessions": rows},
        f"{symbol} {chosen}: quality {'unknown' if score is None else f'{score:.2%}'} over "
        f"{len(rows)} sessions; " + ", ".join(f"{v:,} {k}" for k, v in total.items()),
        *_beside(**beside),
        table("worst sessions", tuple(rows[0]), (r.values() for r in worst[:_WORST]))
        if worst
        else "no bar is missing",
    )


def _beside(outside: int, without_session: int) -> list[str]:
    """What lies beside the bars that sessions expect; nothing where there is nothing."""
    counts = ((outside, "outside of regular hours"), (without_session, "in no session"))
    told = " and ".join(f"{count:,} {where}" for count, where in counts if count)
    return [f"bars beside them: {told}"] if told else []


@app.command()
def export(
    symbol: Symbol,
    file_format: Annotated[str, typer.Option("--format", help="csv or parquet.")] = "csv",
    out: Annotated[
        Path | None, typer.Option(help="File; by default SYMBOL_INTERVAL.FORMAT here.")
    ] = None,
    interval: Interval = None,
    start: Since = None,
    end: Until = None,
    group: Group = "US_EQUITY",
    asset: Asset = None,
) -> None:
    """Write a symbol's bars to a file, times in the exchange's zone."""
    from mismartera_core.errors import DataError, UsageError
    from mismartera_core.repositories.bar_store_names import folder_name

    if file_format not in ("csv", "parquet"):
        raise UsageError(f"expected --format csv or --format parquet, was {file_format!r}")
    with _manager(group, asset) as (manager, _time):
        chosen = _interval(manager.store, symbol, interval)
        frame = _frame(manager, symbol, chosen, start, end)
    path = out or Path(f"{folder_name(symbol)}_{chosen}.{file_format}")
    if out is None and path.exists():  # it may be what was imported
        raise UsageError(f"{path} is there already", hint=f"to overwrite it: --out {path}")
    try:
        if file_format == "csv":
            frame.to_csv(path)
        else:
            frame.to_parquet(path)
    except OSError as error:
        raise DataError(f"{path} cannot be written: {error.strerror or error}") from error
    facts = {"symbol": symbol, "interval": chosen, "rows": len(frame), "file": str(path)}
    emit("data_export", facts, f"{len(frame):,} bars of {symbol} {chosen} written to {path}")


@contextmanager
def _manager(group: str, asset: str | None) -> Iterator[tuple[DataManager, TimeManager]]:
    """The market's data manager, which reads what is stored."""
    from mismartera_core.builtin.parquet_provider import ParquetConfig, ParquetProvider
    from mismartera_core.contracts.context import PluginContext
    from mismartera_core.managers.data_manager import DataManager
    from mismartera_core.managers.time_manager import TimeManager
    from mismartera_core.repositories.bar_store import BarStore
    from mismartera_core.repositories.database import open_database
    from mismartera_core.repositories.markets import MARKETS

    settings = load_settings()
    of_group = (m.asset_class for m in MARKETS if m.exchange_group == group)
    database = open_database(settings.database_url)
    try:
        manager = TimeManager(database, group, asset or next(of_group, "EQUITY"))
        context = PluginContext(
            data_dir=settings.data_dir,
            exchange_group=group,
            asset_class=manager.market.asset_class,
            timezone=manager.market.timezone,
            sessions=manager.session_table,
            now_ns=manager.wall_ns,
        )
        provider = ParquetProvider(ParquetConfig(), context)
        yield DataManager(BarStore(settings.data_dir), provider, manager), manager
    finally:
        database.close()


def _interval(store: BarStore, symbol: str, said: str | None) -> str:
    held = store.intervals(symbol)
    if not held or (said is not None and said not in held):
        store.read_bars(symbol, said or "1m", 0, 0)  # says what there is instead
    return said or held[0]


def _span(
    manager: DataManager, symbol: str, interval: str, start: datetime | None, end: datetime | None
) -> tuple[date, date]:
    """First and last day asked for, by default all that is stored."""
    from mismartera_core.errors import UsageError
    from mismartera_core.model.market import from_ns

    covered = manager.store.coverage(symbol, interval) or (0, 0)
    days = [from_ns(ns, manager.zone).date() for ns in covered]
    first, last = start.date() if start else days[0], end.date() if end else days[1]
    if first > last:
        raise UsageError(
            f"expected --start before --end, by default all that is stored: {first} and {last}"
        )
    return first, last


def _frame(
    manager: DataManager, symbol: str, interval: str, start: datetime | None, end: datetime | None
) -> Any:
    return manager.get_bars(symbol, interval, *_span(manager, symbol, interval, start, end))


def _held(store: BarStore, symbol: str, interval: str, kind: str = "bars") -> dict[str, Any]:
    origin = store.provenance(symbol, interval, kind)
    return {
        "symbol": symbol,
        "interval": interval or kind,
        "rows": sum(part.rows for part in origin),
        "first": _utc(min(part.first_ns for part in origin)),
        "last": _utc(max(part.last_ns for part in origin)),
        "sources": [part.provenance.source for part in origin],
    }


def _with_gap(bars: list[list[Any]], count: int, rows: int) -> list[list[Any]]:
    """Bars of either end, and between them how many are not shown."""
    hidden = count - len(bars)
    return [*bars[:rows], [f"... {hidden:,} more"], *bars[rows:]] if hidden else bars


def _rows(frame: Any) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Rows as plain values; a volume that is unknown is None."""
    for at, row in zip(frame.index, frame.to_dict("records"), strict=True):
        yield at, {name: None if value != value else value for name, value in row.items()}


def _utc(ns: int) -> str:
    from datetime import UTC

    from mismartera_core.model.market import from_ns

    return from_ns(ns, UTC).isoformat()


def _facts(path: Path, report: ImportReport) -> dict[str, Any]:
    parsed, written = report.parsed, report.written
    return {
        "file": str(path),
        "symbol": report.symbol,
        "symbol_from": report.symbol_from,
        "interval": parsed.interval,
        "rows": parsed.rows,
        "kept": len(parsed.columns),
        "duplicates": parsed.duplicates,
        "quarantined": len(parsed.quarantine),
        "quarantine_file": str(report.quarantine_file) if report.quarantine_file else None,
        "added": written.added,
        "changed": written.changed,
        "unchanged": written.unchanged,
        "removed": written.removed,
        "understanding": dict(parsed.understanding),
        "warnings": list(parsed.warnings),
    }


def _told(path: Path, report: ImportReport) -> Iterator[Any]:
    from rich.text import Text

    facts = _facts(path, report)
    understood = {"symbol": f"{report.symbol} ({report.symbol_from})", **facts["understanding"]}
    yield table(str(path), ("item", "understood as"), understood.items())
    yield Text(
        f"{facts['rows']:,} rows: {facts['kept']:,} kept, {facts['duplicates']:,} duplicates "
        f"dropped, {facts['quarantined']:,} quarantined"
    )
    yield Text(
        f"stored: {facts['added']:,} added, {facts['changed']:,} changed, "
        f"{facts['unchanged']:,} unchanged, {facts['removed']:,} removed"
    )
    for warning in report.parsed.warnings:
        yield Text(f"note: {warning}")
    for row in report.parsed.quarantine[:_QUARANTINE_SHOWN]:
        yield Text(f"line {row.line}: {row.reason}: {row.text}")
    if report.quarantine_file:
        yield Text(f"all quarantined rows: {report.quarantine_file}")
