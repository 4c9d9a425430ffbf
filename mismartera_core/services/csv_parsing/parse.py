"""A CSV file of bars, understood: what it holds, what was refused, and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from mismartera_core.errors import DataError, UsageError
from mismartera_core.model.columns import BarColumns, FloatArray, IntArray
from mismartera_core.model.intervals import DAY, HOUR, MINUTE, SECOND, interval_ns, is_daily
from mismartera_core.services.csv_parsing.checks import (
    PRICES,
    UNFINISHED,
    Verdicts,
    check_doubles,
    check_numbers,
    check_prices,
    check_unfinished,
)
from mismartera_core.services.csv_parsing.evidence import (
    NOT_A_TIME,
    choose_label,
    choose_zone,
    localize,
    session_edges,
)
from mismartera_core.services.csv_parsing.prices import decimal_mark, to_floats
from mismartera_core.services.csv_parsing.roles import Roles, find_roles
from mismartera_core.services.csv_parsing.stamps import Stamps, parse_stamps
from mismartera_core.services.csv_parsing.table import TextTable, quoted, read_table, where_empty
from mismartera_core.services.csv_parsing.values import Calendar, ParsedBars

_UNITS = ((DAY, "d"), (HOUR, "h"), (MINUTE, "m"), (SECOND, "s"))


@dataclass(frozen=True, slots=True)
class _Options:
    """What the user said about a file."""

    path: Path
    interval: str | None
    timezone: str | None
    label: str | None
    sessions: Calendar | None


def parse_bars_csv(
    path: Path,
    *,
    interval: str | None = None,
    timezone: str | None = None,
    label: str | None = None,
    dateformat: str | None = None,
    sessions: Calendar | None = None,
    now_ns: int | None = None,
) -> ParsedBars:
    """Read bars from a delimited text file, plain, gzipped or zipped.

    What is not said is found out from the file and from the calendar; what cannot be found out is
    refused with the option that says it. No row is lost: each becomes a bar, is quarantined with a
    reason, or is counted as an equal duplicate.

    Args:
        path: The file.
        interval: "1m", "1d" ...; None takes the most frequent distance.
        timezone: IANA name of the zone of stamps that carry none.
        label: "start" or "end": which end of a bar its stamp marks.
        dateformat: strptime format of the stamps.
        sessions: The exchange's calendar; daily bars are laid at the session's open by it.
        now_ns: The current time; bars that end later are quarantined.

    Raises:
        DataError: The file is missing or no table of bars, or something cannot be found out.
        UsageError: An option is not what it should be.
    """
    if label not in (None, "start", "end"):
        raise UsageError(f"expected --label start or --label end, was {label!r}")
    said = _Options(path, interval, timezone, label, sessions)
    table = read_table(path)
    if not len(table.line):
        raise DataError(f"no row of {path} has the {len(table.columns)} cells of the first")
    roles = find_roles(path, table.names, table.typical)
    symbol = table.only_symbol(path, roles.symbol)
    verdicts = Verdicts(len(table.line))
    stamps = parse_stamps(path, [table.columns[i] for i in roles.stamp], dateformat)
    for column in roles.stamp:
        verdicts.refuse(where_empty(table.columns[column]), "the time is missing")
    verdicts.refuse(~stamps.valid, "the time cannot be read")
    if now_ns is not None:  # before the calendar is asked, which does not reach there
        verdicts.refuse(stamps.ns > now_ns + 2 * DAY, UNFINISHED)
    columns, mark = _numbers(table, roles, verdicts)
    check_prices(verdicts, columns)
    if not verdicts.good.any():
        row, reason = next(iter(verdicts.reasons.items()))
        raise DataError(f"no row of {path} is a bar; line {table.line[row]}: {reason}")
    order = _order(stamps.ns[stamps.valid])
    name = _interval(said, stamps, verdicts)
    when = (
        _daily(said, stamps, verdicts)
        if is_daily(name)
        else _intraday(said, stamps, roles, verdicts, columns["volume"], interval_ns(name))
    )
    dropped, _ = check_doubles(verdicts, when.ts, columns)
    check_unfinished(verdicts, when.ts, columns, when.ends, now_ns)
    bad = [(int(table.line[row]), reason) for row, reason in verdicts.reasons.items()]
    quarantine = tuple(sorted((*table.ragged, *quoted(table.content, bad)), key=lambda r: r.line))
    rows = np.flatnonzero(verdicts.good)
    rows = rows[np.argsort(when.ts[rows], kind="stable")]
    duplicates = int(np.count_nonzero(dropped))
    warnings = _warnings(roles, columns["volume"][rows], when, order, duplicates, len(quarantine))
    warnings += _too_far_apart(when.ts[rows], name)
    return ParsedBars(
        columns=BarColumns.build(
            when.ts[rows],
            *(columns[field][rows] for field in (*PRICES, "volume")),
            interval_ns=interval_ns(name),
        ),
        interval=name,
        symbol=symbol,
        rows=len(table.line) + len(table.ragged),
        duplicates=duplicates,
        quarantine=quarantine,
        understanding={
            **table.understanding,
            "columns": roles.words,
            "not used": ", ".join(roles.unused) or "nothing",
            "numbers": f"decimal {'point' if mark == '.' else 'comma'}",
            "dates": stamps.words,
            "interval": name + ("" if interval else " (the most frequent distance)"),
            "time zone": when.zone,
            "stamp": when.label,
            "order": order,
        },
        warnings=tuple(warnings),
    )


@dataclass(frozen=True, slots=True)
class _When:
    """Opens and ends of the bars, UTC, and how they were found."""

    ts: IntArray
    ends: IntArray
    zone: str
    label: str


def _numbers(
    table: TextTable, roles: Roles, verdicts: Verdicts
) -> tuple[dict[str, FloatArray], str]:
    """Prices and volume as numbers, and the decimal mark."""
    comma = table.understanding["format"].startswith("comma")
    mark = decimal_mark([table.columns[i] for i in roles.prices], comma)
    columns: dict[str, FloatArray] = {}
    for name, at in zip((*PRICES, "volume"), (*roles.prices, roles.volume), strict=True):
        if at is None:
            columns[name] = np.full(len(table.line), np.nan)
            continue
        columns[name], absent, text = to_floats(table.columns[at], mark)
        check_numbers(verdicts, name, columns[name], absent, text)
    return columns, mark


def _order(ns: IntArray) -> str:
    steps = np.diff(ns)
    up, down = int(np.count_nonzero(steps > 0)), int(np.count_nonzero(steps < 0))
    stray = min(up, down)
    words = "newest first, turned round" if down > up else "oldest first"
    return f"{words}; {stray} time(s) out of order, sorted" if stray else words


def _interval(said: _Options, stamps: Stamps, verdicts: Verdicts) -> str:
    if stamps.dated and said.interval is not None and not is_daily(said.interval):
        raise DataError(
            f"expected {said.interval} bars in {said.path}, found days without a time of day"
        )
    steps = np.diff(np.unique(stamps.ns[verdicts.good]))
    if not len(steps):
        if said.interval is None and not stamps.dated:
            raise DataError(
                f"{said.path} has one time only, so its interval cannot be told",
                hint="say it: --interval 1m",
            )
        return said.interval or "1d"
    sizes, counts = np.unique(steps, return_counts=True)
    usual = int(sizes[np.argmax(counts)])
    if said.interval is not None:
        if usual < interval_ns(said.interval):
            raise DataError(
                f"expected {said.interval} bars in {said.path}, most are "
                f"{usual / SECOND:g} seconds apart"
            )
        return said.interval
    if usual > 4 * DAY:
        raise DataError(
            f"the bars of {said.path} are {usual // DAY} days apart; a day is the longest interval"
        )
    if usual >= DAY:
        return "1d"
    size, unit = next(((s, u) for s, u in _UNITS if usual % s == 0), (0, ""))
    if not size:
        raise DataError(
            f"the bars of {said.path} are {usual} ns apart, which is no interval",
            hint="say it: --interval 1m",
        )
    return f"{usual // size}{unit}"


def _daily(said: _Options, stamps: Stamps, verdicts: Verdicts) -> _When:
    """Days at the session's open."""
    days, zone = _dates(said, stamps)
    if said.sessions is None:
        words = f"{zone}; days begin at 00:00 UTC, without a calendar"
        return _When(days * DAY, days * DAY + DAY, words, "the day")
    chosen = np.where(verdicts.good, days, days[np.argmax(verdicts.good)])
    opens, closes, trading = session_edges(chosen, said.sessions)
    verdicts.refuse(~trading, "not a trading day of the exchange")
    return _When(opens, closes, zone, "the day, laid at the open of its session")


def _dates(said: _Options, stamps: Stamps) -> tuple[IntArray, str]:
    """Days since 1970-01-01 that the stamps mean."""
    at_midnight = bool((stamps.ns[stamps.valid] % DAY == 0).all())
    if not stamps.aware or at_midnight:
        return stamps.ns // DAY, "none needed: the dates are meant"
    zone = said.timezone
    if zone is None and said.sessions is not None:
        first = _first_date(stamps)
        zone = said.sessions(first, first).timezone
    import pandas as pd

    index = pd.DatetimeIndex(stamps.ns.view("datetime64[ns]")).tz_localize("UTC")
    local = index.tz_convert(zone or "UTC").tz_localize(None).as_unit("ns").asi8
    return local // DAY, f"the dates in {zone or 'UTC'}"


def _first_date(stamps: Stamps) -> date:
    return date(1970, 1, 1) + timedelta(days=int(stamps.ns[stamps.valid][0] // DAY))


def _intraday(
    said: _Options,
    stamps: Stamps,
    roles: Roles,
    verdicts: Verdicts,
    volume: FloatArray,
    length: int,
) -> _When:
    """Opens of intraday bars."""
    ts, zone = _utc(said, stamps, roles, verdicts, length)
    verdicts.refuse(
        ts == NOT_A_TIME, f"on this day the clock of {zone} shows the time twice or never"
    )
    rows = np.flatnonzero(verdicts.good)
    rows = rows[np.argsort(ts[rows], kind="stable")]
    if said.label is not None:
        label, why = said.label, "as said"
    elif roles.label:
        label, why = roles.label, "by the column's name"
    else:
        label, why = choose_label(ts[rows], volume[rows], length, said.sessions)
    ts = _on_grid(ts, rows, length, label, verdicts)
    return _When(ts, ts + length, zone, f"{label} of the bar ({why})")


def _utc(
    said: _Options, stamps: Stamps, roles: Roles, verdicts: Verdicts, length: int
) -> tuple[IntArray, str]:
    if stamps.aware:
        return stamps.ns, "in the file"
    if roles.utc and said.timezone is None:
        return stamps.ns, "UTC, by the column's name"
    zone, why = said.timezone or "", "as said"
    if not zone:
        known = np.unique(stamps.ns[verdicts.good])
        zone, why = choose_zone(said.path, known, length, said.sessions)
    return localize(stamps.ns, zone), f"{zone} ({why})"


def _on_grid(ts: IntArray, rows: IntArray, length: int, label: str, verdicts: Verdicts) -> IntArray:
    """Opens of the bars; refuses those beside the minute (or second) that the others keep to."""
    grid = MINUTE if length % MINUTE == 0 else SECOND
    rest, counts = np.unique(ts[rows] % grid, return_counts=True)
    usual = int(rest[np.argmax(counts)]) if len(rest) else 0
    off = ts % grid != usual
    if len(rows) and off[rows[-1]]:
        last = np.zeros(len(ts), np.bool_)
        last[rows[-1]] = True
        verdicts.refuse(last, "unfinished last bar: its time is beside the others' grid")
    verdicts.refuse(off, "the time is beside the others' grid")
    if label == "start":
        return ts
    late = grid - usual if 0 < grid - usual <= SECOND else 0
    return ts + late - length


def _too_far_apart(ts: IntArray, interval: str) -> list[str]:
    """What is odd where the user said an interval that is too short."""
    nearest = int(np.diff(ts).min()) if len(ts) > 1 else 0
    if is_daily(interval) or nearest <= interval_ns(interval):
        return []
    seconds = f"{nearest / SECOND:g} seconds"
    return [f"no two bars are {interval} apart, the nearest are {seconds} apart"]


def _warnings(
    roles: Roles,
    volume: FloatArray,
    when: _When,
    order: str,
    duplicates: int,
    quarantined: int,
) -> list[str]:
    silent = int(np.count_nonzero(volume == 0))
    found = (
        (roles.volume is None, "the file has no volume; it is stored as unknown"),
        ("assumed" in when.label, f"the stamp is taken as the {when.label}; --label end says else"),
        ("out of order" in order, order),
        (duplicates, f"{duplicates} row(s) equal to another of the same time were dropped"),
        (quarantined, f"{quarantined} row(s) were quarantined"),
        (silent, f"{silent} bar(s) have volume 0"),
    )
    return [words for is_so, words in found if is_so]
