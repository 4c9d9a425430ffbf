from __future__ import annotations

import dataclasses
import errno
import resource
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from mismartera_core.errors import DataError
from mismartera_core.model.columns import (
    BAR_FIELDS,
    BarColumns,
    FloatArray,
    QuoteColumns,
    TickColumns,
)
from mismartera_core.model.intervals import MINUTE
from mismartera_core.repositories import bar_store, bar_store_commit
from mismartera_core.repositories.bar_store import BarStore
from mismartera_core.repositories.bar_store_format import Provenance

NEW_YEAR_2024 = 1_704_067_200_000_000_000
FIRST = NEW_YEAR_2024 - 30 * MINUTE
LATER = NEW_YEAR_2024 + 600 * MINUTE
HERE = Provenance(source="here.csv", adjustment="raw", imported_at_ns=1)
THERE = Provenance(source="there.csv", feed="sip", simulated=True, imported_at_ns=2)
ALWAYS = (-(2**63), 2**63 - 1)


def bars(count: int, first: int = FIRST, add: float = 0.0) -> BarColumns:
    close: FloatArray = 100.0 + np.arange(count) % 7 + add
    volume = np.where(np.arange(count) % 5 == 0, np.nan, 10.0)
    ts = first + np.arange(count) * MINUTE
    return BarColumns.build(ts, close, close + 1, close - 1, close, volume, interval_ns=MINUTE)


def assert_same(got: BarColumns, expected: BarColumns) -> None:
    for name in BAR_FIELDS:
        np.testing.assert_array_equal(getattr(got, name), getattr(expected, name), err_msg=name)
        assert getattr(got, name).dtype == getattr(expected, name).dtype


@pytest.fixture
def store(tmp_path: Path) -> BarStore:
    return BarStore(tmp_path / "data")


def test_what_is_written_is_read_back_across_a_year_end(store: BarStore) -> None:
    written = store.write_bars("SPY", "1m", bars(100), HERE)
    assert (written.added, written.changed, written.unchanged, written.removed) == (100, 0, 0, 0)
    assert [path.name for path in written.files] == ["2023.parquet", "2024.parquet"]
    assert_same(store.read_bars("SPY", "1m", *ALWAYS), bars(100))
    assert store.symbols() == ["SPY"]
    assert store.intervals("SPY") == ["1m"]
    assert store.coverage("SPY", "1m") == (FIRST, FIRST + 99 * MINUTE)


@pytest.mark.parametrize(
    ("low", "high"),
    [(0, 1), (0, 40_000), (8_191, 8_193), (29, 31), (20_000, 20_000), (5, 35_000)],
)
def test_a_range_is_half_open_in_any_row_group(store: BarStore, low: int, high: int) -> None:
    everything = bars(40_000)
    store.write_bars("SPY", "1m", everything, HERE)
    for reader in (store, BarStore(store.root)):
        for _ in range(2):
            got = reader.read_bars("SPY", "1m", FIRST + low * MINUTE, FIRST + high * MINUTE)
            assert_same(got, everything.slice(low, high))


def test_a_range_without_data_is_empty(store: BarStore) -> None:
    store.write_bars("SPY", "1m", bars(100), HERE)
    assert_same(store.read_bars("SPY", "1m", 0, MINUTE), BarColumns.empty())


def test_merged_rows_win_and_keep_who_delivered_them(store: BarStore) -> None:
    store.write_bars("SPY", "1m", bars(60), HERE)
    update = bars(60, FIRST + 40 * MINUTE, add=0.5)
    report = store.write_bars("SPY", "1m", update, THERE)
    assert (report.added, report.changed, report.unchanged, report.removed) == (40, 20, 0, 0)
    both = BarColumns.concat([bars(60).slice(0, 40), update])
    assert_same(store.read_bars("SPY", "1m", *ALWAYS), both)
    origin = [(p.provenance, p.rows, p.first_ns, p.last_ns) for p in store.provenance("SPY", "1m")]
    assert origin == [
        (HERE, 40, FIRST, FIRST + 39 * MINUTE),
        (THERE, 60, FIRST + 40 * MINUTE, FIRST + 99 * MINUTE),
    ]


def test_the_same_import_twice_changes_nothing(store: BarStore) -> None:
    first = store.write_bars("SPY", "1m", bars(60), HERE)
    before = [path.stat().st_mtime_ns for path in first.files]
    again = store.write_bars("SPY", "1m", bars(60), THERE)
    assert (again.added, again.changed, again.unchanged, again.files) == (0, 0, 60, ())
    assert [path.stat().st_mtime_ns for path in first.files] == before
    assert [p.provenance for p in store.provenance("SPY", "1m")] == [HERE]


def test_replace_leaves_only_the_new_rows(store: BarStore) -> None:
    store.write_bars("SPY", "1m", bars(60), HERE)
    report = store.write_bars("SPY", "1m", bars(5, add=3), THERE, mode="replace")
    assert (report.added, report.changed, report.removed) == (0, 5, 55)
    assert_same(store.read_bars("SPY", "1m", *ALWAYS), bars(5, add=3))


def test_unordered_bars_are_refused(store: BarStore) -> None:
    backwards = bars(5).take(np.arange(5)[::-1])
    with pytest.raises(DataError, match="ascending"):
        store.write_bars("SPY", "1m", backwards, HERE)
    assert store.symbols() == []


@pytest.mark.parametrize("symbol", ["BRK.B", "BTC/USD", "^GSPC", "..", ".X", "EURUSD=X", "Ä Ö"])
def test_any_symbol_has_a_folder_of_its_own(store: BarStore, symbol: str) -> None:
    store.write_bars(symbol, "1m", bars(3), HERE)
    assert store.symbols() == [symbol]
    assert_same(store.read_bars(symbol, "1m", *ALWAYS), bars(3))
    assert {p.name for p in store.root.parent.iterdir()} == {"data"}


def test_a_symbol_too_long_for_a_folder_is_refused(store: BarStore) -> None:
    with pytest.raises(DataError, match="shorter symbol"):
        store.write_bars("X" * 300, "1m", bars(1), HERE)


def test_ticks_and_quotes_keep_equal_stamps(store: BarStore) -> None:
    ts = FIRST + np.array([0, 0, 1, 5])
    ticks = TickColumns(ts, np.array([1.0, 1.0, 2.0, 3.0]), np.array([5.0, 5.0, 1.0, 2.0]))
    quotes = QuoteColumns(ts, ticks.price, ticks.price + 1, ticks.size, np.full(4, np.nan))
    for _ in range(2):
        store.write_ticks("IBM", ticks, HERE)
        store.write_quotes("IBM", quotes, HERE)
    for got, expected in (
        (store.read_ticks("IBM", *ALWAYS), ticks),
        (store.read_quotes("IBM", *ALWAYS), quotes),
    ):
        for item in dataclasses.fields(expected):
            np.testing.assert_array_equal(getattr(got, item.name), getattr(expected, item.name))


def test_an_unknown_symbol_says_what_is_there(store: BarStore) -> None:
    store.write_bars("GOOG", "1m", bars(3), HERE)
    with pytest.raises(DataError, match="'GOOGL'") as caught:
        store.read_bars("GOOGL", "1m", 0, 1)
    assert "did you mean 'GOOG'?" in caught.value.hint
    with pytest.raises(DataError, match=r"5m bars of GOOG .* found 1m"):
        store.read_bars("GOOG", "5m", 0, 1)
    with pytest.raises(DataError, match="ticks of 'GOOG'"):
        store.read_ticks("GOOG", 0, 1)


def test_a_truncated_file_is_named_with_its_cure(store: BarStore) -> None:
    path = store.write_bars("SPY", "1m", bars(20), HERE).files[0]
    for length in (0, 1, 100, path.stat().st_size - 1):
        content = path.read_bytes()
        path.write_bytes(content[:length])
        with pytest.raises(DataError, match=r"2023\.parquet is damaged") as caught:
            BarStore(store.root).read_bars("SPY", "1m", *ALWAYS)
        assert "--replace" in caught.value.hint
        path.write_bytes(content)


def test_a_replacement_need_not_read_what_is_damaged(store: BarStore) -> None:
    for path in store.write_bars("SPY", "1m", bars(40), HERE).files:
        path.write_bytes(b"")
    again = BarStore(store.root)
    with pytest.raises(DataError, match="is damaged"):
        again.write_bars("SPY", "1m", bars(9), HERE)
    again.write_bars("SPY", "1m", bars(9), HERE, mode="replace")
    assert_same(again.read_bars("SPY", "1m", *ALWAYS), bars(9))


def test_damage_under_a_running_process_is_found(store: BarStore) -> None:
    path = store.write_bars("SPY", "1m", bars(20), HERE).files[0]
    store.read_bars("SPY", "1m", *ALWAYS)
    content = bytearray(path.read_bytes())
    content[60] ^= 1
    path.write_bytes(content)
    with pytest.raises(DataError, match="damaged"):
        store.read_bars("SPY", "1m", *ALWAYS)


def test_a_full_disk_changes_nothing(store: BarStore) -> None:
    store.write_bars("SPY", "1m", bars(20), HERE)
    before = sorted(store.root.rglob("*.*"))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, hard))
    try:
        with pytest.raises(DataError, match="File too large") as caught:
            store.write_bars("SPY", "1m", bars(50_000), HERE)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "nothing was changed" in caught.value.hint
    assert sorted(store.root.rglob("*.*")) == before
    assert_same(store.read_bars("SPY", "1m", *ALWAYS), bars(20))


KILLED = """
import os, sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from test_bar_store import BarStore, THERE, bars
root, calls, real = Path({root!r}), [0], os.replace
def replace(source, target):
    calls[0] += 1
    if calls[0] > {after}:
        os._exit(9)
    real(source, target)
os.replace = replace
BarStore(root).write_bars("SPY", "1m", bars(100, add=1.0), THERE)
"""


@pytest.mark.parametrize("after", [0, 1, 2])
def test_a_kill_leaves_all_or_nothing(store: BarStore, after: int) -> None:
    """The first rename publishes the journal: before it all is old, after it all is new."""
    store.write_bars("SPY", "1m", bars(100), HERE)
    code = KILLED.format(tests=str(Path(__file__).parent), root=str(store.root), after=after)
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 9
    expected = bars(100) if after == 0 else bars(100, add=1.0)
    assert_same(BarStore(store.root).read_bars("SPY", "1m", *ALWAYS), expected)
    assert_same(store.read_bars("SPY", "1m", *ALWAYS), expected)
    assert not list((store.root / ".commit").glob("*.json"))


def meanwhile(monkeypatch, name: str, act) -> threading.Thread:
    """A thread that acts, or tries to, when the store has called a function for the first time."""
    function, thread = getattr(bar_store, name), threading.Thread(target=act)

    def interrupted(*args):
        monkeypatch.setattr(bar_store, name, function)
        result = function(*args)
        thread.start()
        thread.join(timeout=0.3)
        return result

    monkeypatch.setattr(bar_store, name, interrupted)
    return thread


def test_two_imports_at_once_lose_nothing(store: BarStore, monkeypatch) -> None:
    """The second comes when the first has read what is stored and not yet written."""
    other = BarStore(store.root)
    store.write_bars("SPY", "1m", bars(1, LATER - MINUTE), HERE)
    second = meanwhile(
        monkeypatch, "merge", lambda: other.write_bars("SPY", "1m", bars(9, LATER), THERE)
    )
    store.write_bars("SPY", "1m", bars(5, LATER + 20 * MINUTE), HERE)
    second.join()
    assert len(store.read_bars("SPY", "1m", *ALWAYS)) == 15


def test_what_is_read_is_of_one_import(store: BarStore, monkeypatch) -> None:
    """The second import comes, or tries to, between the files of two years."""
    other, newer = BarStore(store.root), bars(100, add=1.0)
    store.write_bars("SPY", "1m", bars(100), HERE)
    second = meanwhile(
        monkeypatch, "read_groups", lambda: store.write_bars("SPY", "1m", newer, THERE)
    )
    assert_same(other.read_bars("SPY", "1m", *ALWAYS), bars(100))
    second.join()
    assert_same(store.read_bars("SPY", "1m", *ALWAYS), newer)


def test_a_store_that_cannot_be_locked_is_named(store: BarStore, monkeypatch) -> None:
    def refuse(*_args, **_options):
        raise OSError(errno.ENOLCK, "No locks available")

    store.write_bars("SPY", "1m", bars(3), HERE)
    monkeypatch.setattr(bar_store_commit, "lock", refuse)
    with pytest.raises(DataError, match="No locks available"):
        store.read_bars("SPY", "1m", *ALWAYS)
    with pytest.raises(DataError, match="No locks available"):
        store.write_bars("SPY", "1m", bars(3), HERE)


def test_a_damaged_journal_is_named(store: BarStore) -> None:
    store.write_bars("SPY", "1m", bars(3), HERE)
    (store.root / ".commit" / "x.json").write_bytes(b"{")
    with pytest.raises(DataError, match=r"x\.json is damaged") as caught:
        store.read_bars("SPY", "1m", *ALWAYS)
    assert "delete it" in caught.value.hint


def test_nothing_to_write_is_nothing_written(store: BarStore) -> None:
    report = store.write_bars("SPY", "1m", BarColumns.empty(), HERE)
    assert (report.added, report.files) == (0, ())
    assert not store.root.exists()


def test_attachments_are_part_of_the_commit(store: BarStore) -> None:
    store.write_bars("SPY", "1m", bars(3), HERE, attachments={"quarantine/a.csv": b"line,reason\n"})
    assert (store.root / "quarantine" / "a.csv").read_bytes() == b"line,reason\n"


def test_a_store_can_be_moved_and_opened_by_pandas(store: BarStore, tmp_path: Path) -> None:
    import pandas as pd

    store.write_bars("SPY", "1m", bars(100), HERE)
    moved = shutil.move(store.root, tmp_path / "elsewhere")
    frame = pd.read_parquet(moved / "bars" / "1m" / "SPY" / "2024.parquet")
    assert list(frame.columns) == ["ts", "open", "high", "low", "close", "volume", "source"]
    assert len(frame) == 70
    bar_store_commit.recover(moved)
