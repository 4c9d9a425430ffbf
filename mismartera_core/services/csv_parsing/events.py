"""A CSV file of trades or quotes, understood."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mismartera_core.errors import DataError
from mismartera_core.model.columns import FloatArray, IntArray, QuoteColumns, TickColumns
from mismartera_core.services.csv_parsing.checks import Verdicts
from mismartera_core.services.csv_parsing.evidence import NOT_A_TIME, localize
from mismartera_core.services.csv_parsing.prices import decimal_mark, to_floats
from mismartera_core.services.csv_parsing.roles import SYMBOLS, find_column, find_stamp, plain_name
from mismartera_core.services.csv_parsing.stamps import parse_stamps
from mismartera_core.services.csv_parsing.table import TextTable, quoted, read_table, where_empty
from mismartera_core.services.csv_parsing.values import QuarantinedRow

_FIELDS: dict[str, dict[str, tuple[str, ...]]] = {
    "quotes": {
        "bid": ("bid", "bidprice", "bestbid", "bidpx"),
        "ask": ("ask", "askprice", "offer", "offerprice", "bestask", "askpx"),
        "bid_size": ("bidsize", "bidqty", "bidvolume", "bidsz", "bestbidsize"),
        "ask_size": ("asksize", "askqty", "askvolume", "offersize", "asksz", "bestasksize"),
    },
    "ticks": {
        "price": ("price", "last", "tradeprice", "px", "lastprice"),
        "size": ("size", "qty", "quantity", "volume", "vol", "amount", "shares"),
    },
}
_NEEDED = {"quotes": ("bid", "ask"), "ticks": ("price", "size")}


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedEvents:
    """The trades or quotes of a file. Every row is in exactly one of columns and quarantine.

    Attributes:
        kind: "ticks" or "quotes".
        columns: The rows, ascending; rows of one time stay in the file's order.
        rows: Rows of the file, header and blank lines apart.
        quarantine: Rows not taken, by line.
        understanding: What the file was taken to be, item by item.
        warnings: What deserves a look, one sentence each.
        symbol: The symbol the file names, empty where it names none.
        interval: Empty; only bars have one.
        duplicates: 0; equal trades and quotes are all kept.
    """

    kind: str
    columns: TickColumns | QuoteColumns
    rows: int
    quarantine: tuple[QuarantinedRow, ...]
    understanding: Mapping[str, str]
    warnings: tuple[str, ...]
    symbol: str = ""
    interval: str = ""
    duplicates: int = 0


def events_kind(names: tuple[str, ...]) -> str:
    """ "ticks" or "quotes" by a file's column names; empty where it holds neither."""
    plain = [plain_name(name) for name in names]
    if find_column(plain, ("high", "h", "highprice")) is not None:
        return ""
    for kind, needed in _NEEDED.items():
        if all(find_column(plain, _FIELDS[kind][field]) is not None for field in needed):
            return kind
    return ""


def parse_events_csv(
    path: Path, *, timezone: str | None = None, dateformat: str | None = None
) -> ParsedEvents:
    """Read trades (time, price, size) or quotes (time, bid, ask, sizes) from a file with a header.

    Args:
        path: The file, plain, gzipped or zipped.
        timezone: IANA name of the zone of stamps that carry none.
        dateformat: strptime format of the stamps.

    Raises:
        DataError: The file is missing or holds neither, or its zone is not to be found out.
    """
    table = read_table(path)
    kind = events_kind(table.names)
    plain = [plain_name(name) for name in table.names]
    stamp = find_stamp(plain, table.typical)
    if not kind or stamp is None:
        raise DataError(
            f"expected columns for time, price and size, or for time, bid and ask in {path}, "
            f"found {', '.join(table.names)}"
        )
    symbol = table.only_symbol(path, find_column(plain, SYMBOLS))
    verdicts = Verdicts(len(table.line))
    stamps = parse_stamps(path, [table.columns[i] for i in stamp], dateformat)
    if stamps.dated:
        raise DataError(f"expected times of {kind} in {path}, found days only")
    for column in stamp:
        verdicts.refuse(where_empty(table.columns[column]), "the time is missing")
    verdicts.refuse(~stamps.valid, "the time cannot be read")
    ts, zone = stamps.ns, "in the file"
    if not stamps.aware:
        zone = timezone or ("UTC" if any("utc" in plain[i] for i in stamp) else "")
        if not zone:
            raise DataError(
                f"the times in {path} carry no zone", hint="say it: --tz America/New_York or UTC"
            )
        ts = localize(ts, zone)
        verdicts.refuse(ts == NOT_A_TIME, "the clock shows this time twice or never")
    columns, used = _columns(kind, table, plain, verdicts)
    _check(kind, columns, verdicts)
    if not verdicts.good.any():
        row, reason = next(iter(verdicts.reasons.items()))
        raise DataError(f"no row of {path} can be used; line {table.line[row]}: {reason}")
    return _parsed(kind, table, ts, columns, verdicts, {"columns": used, "time zone": zone}, symbol)


def _columns(
    kind: str, table: TextTable, plain: list[str], verdicts: Verdicts
) -> tuple[dict[str, FloatArray], str]:
    """The columns as numbers, and in words which they are; a size that is not there is NaN."""
    found = {field: find_column(plain, names) for field, names in _FIELDS[kind].items()}
    prices = [table.columns[at] for f in _NEEDED[kind][:1] if (at := found[f]) is not None]
    mark = decimal_mark(prices, table.understanding["format"].startswith("comma"))
    columns = {}
    for field, at in found.items():
        if at is None:
            columns[field] = np.full(len(table.line), np.nan)
            continue
        columns[field], _, text = to_floats(table.columns[at], mark)
        verdicts.refuse(text, f"{field} is not a number")
        verdicts.refuse(columns[field] < 0, f"{field} is negative")
    return columns, ", ".join(
        f"{f} = {table.names[a]!r}" for f, a in found.items() if a is not None
    )


def _check(kind: str, columns: dict[str, FloatArray], verdicts: Verdicts) -> None:
    """Refuse what cannot be; a side of a quote that is 0 or empty is not quoted."""
    if kind == "ticks":
        verdicts.refuse(~(columns["price"] > 0), "price is missing or zero")
        return
    for side in ("bid", "ask"):
        empty = columns[side] == 0
        columns[side] = np.where(empty, np.nan, columns[side])
        columns[f"{side}_size"] = np.where(empty, np.nan, columns[f"{side}_size"])
    neither = np.isnan(columns["bid"]) & np.isnan(columns["ask"])
    verdicts.refuse(neither, "neither side is quoted")


def _parsed(
    kind: str,
    table: TextTable,
    ts: IntArray,
    columns: dict[str, FloatArray],
    verdicts: Verdicts,
    understanding: dict[str, str],
    symbol: str,
) -> ParsedEvents:
    rows = np.flatnonzero(verdicts.good)
    steps = np.diff(ts[rows])
    up, down = int(np.count_nonzero(steps > 0)), int(np.count_nonzero(steps < 0))
    if down > up:
        rows = rows[::-1]
    stray = min(up, down)
    rows = rows[np.argsort(ts[rows], kind="stable")]
    values = {field: np.ascontiguousarray(column[rows]) for field, column in columns.items()}
    made = TickColumns if kind == "ticks" else QuoteColumns
    bad = [(int(table.line[row]), reason) for row, reason in verdicts.reasons.items()]
    quarantine = tuple(sorted((*table.ragged, *quoted(table.content, bad)), key=lambda r: r.line))
    crossed = int(np.count_nonzero(values["bid"] > values["ask"])) if kind == "quotes" else 0
    found = (
        (stray, f"{stray} time(s) out of order, sorted"),
        (quarantine, f"{len(quarantine)} row(s) were quarantined"),
        (crossed, f"{crossed} quote(s) have a bid above the ask"),
    )
    return ParsedEvents(
        kind=kind,
        symbol=symbol,
        columns=made(ts[rows], **values),
        rows=len(table.line) + len(table.ragged),
        quarantine=quarantine,
        understanding={**table.understanding, "holds": kind, **understanding},
        warnings=tuple(words for is_so, words in found if is_so),
    )
