from __future__ import annotations

import threading
from datetime import date, datetime
from pathlib import Path
from queue import Queue
from threading import Event
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from csv_files import session_csv

from mismartera_core.builtin.sample_provider import SampleConfig, SampleProvider
from mismartera_core.contracts.context import PluginContext
from mismartera_core.contracts.provider import DataProvider
from mismartera_core.contracts.stream import StreamedBars
from mismartera_core.errors import DataError
from mismartera_core.managers.data_manager import DataManager, StreamEnded, StreamItem
from mismartera_core.managers.time_manager import TimeManager
from mismartera_core.model.columns import BarColumns
from mismartera_core.model.intervals import MINUTE
from mismartera_core.repositories.bar_store import BarStore
from mismartera_core.repositories.database import open_database

NEW_YORK = ZoneInfo("America/New_York")
ALWAYS = (-(2**62), 2**62)


@pytest.fixture(scope="module")
def time_manager(tmp_path_factory):
    database = open_database(f"sqlite:///{tmp_path_factory.mktemp('db') / 'calendar.db'}")
    yield TimeManager(database, "US_EQUITY", "EQUITY")
    database.close()


@pytest.fixture
def context(tmp_path: Path, time_manager: TimeManager) -> PluginContext:
    return PluginContext(
        data_dir=tmp_path / "data",
        exchange_group="US_EQUITY",
        asset_class="EQUITY",
        timezone="America/New_York",
        sessions=time_manager.session_table,
    )


@pytest.fixture
def manager(context: PluginContext, time_manager: TimeManager) -> DataManager:
    provider = SampleProvider(SampleConfig(), context)
    return DataManager(BarStore(context.data_dir), provider, time_manager)


def test_bars_come_as_a_frame_in_the_exchanges_zone(manager: DataManager) -> None:
    frame = manager.get_bars("AAPL", "1m", date(2012, 11, 21), date(2012, 11, 23))
    assert list(frame.columns) == ["open", "high", "low", "close", "volume"]
    assert frame.index.name == "timestamp"
    assert str(frame.index.tz) == "America/New_York"
    assert len(frame) == 390 + 210
    assert frame.index[0] == pd.Timestamp("2012-11-21 09:30", tz="America/New_York")
    assert frame.index[-1] == pd.Timestamp("2012-11-23 12:59", tz="America/New_York")
    naive, until = datetime(2012, 11, 21, 9, 31), datetime(2012, 11, 21, 9, 33)  # noqa: DTZ001
    assert len(manager.get_bars("AAPL", "1m", naive, until)) == 2
    daily = manager.get_bars("AAPL", "1d", date(2012, 11, 21), date(2012, 11, 23))
    assert daily["volume"].sum() == frame["volume"].sum()


def test_minutes_of_every_real_session_make_the_real_days(manager: DataManager) -> None:
    """All sessions of 2012 with the calendar in force, half days and the storm among them."""
    frame = manager.get_bars("IBM", "1m", date(2012, 1, 1), date(2012, 12, 31))
    daily = manager.get_bars("IBM", "1d", date(2012, 1, 1), date(2012, 12, 31))
    groups = frame.groupby(frame.index.date)
    again = groups.agg(
        {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}
    )
    assert list(again.index) == list(daily.index.date)
    np.testing.assert_array_equal(again.to_numpy(), daily.to_numpy())
    assert sorted(set(groups.size())) == [210, 390]
    assert len(daily) == 250


def test_the_sample_has_a_session_for_every_real_day(manager: DataManager) -> None:
    assert len(manager.provider.get_bars("AAPL", "1d", *ALWAYS)) == 3270


def test_an_import_says_what_it_understood_and_can_be_read(manager: DataManager, tmp_path) -> None:
    bad = "2024-03-18 16:00,10,9,11,10,5"
    report = manager.import_from_csv(session_csv(tmp_path / "XYZ.csv", bad), label="start")
    assert (report.symbol, report.symbol_from) == ("XYZ", "the file's name")
    assert report.written.added == 390
    assert report.quarantine_file is not None
    assert "392,high is below low" in report.quarantine_file.read_text()
    bars = manager.store.read_bars("XYZ", "1m", *ALWAYS)
    opened = datetime(2024, 3, 18, 9, 30, tzinfo=NEW_YORK).timestamp()
    assert bars.ts[0] == int(opened) * 1_000_000_000
    assert bars.volume.tolist() == list(range(570, 960))
    origin = manager.store.provenance("XYZ", "1m")
    assert origin[0].provenance.source == "XYZ.csv"
    assert origin[0].provenance.imported_at_ns > 1_600_000_000_000_000_000
    assert "America/New_York" in origin[0].provenance.understanding["time zone"]


def test_a_second_import_without_bad_rows_empties_the_quarantine(manager, tmp_path) -> None:
    path = session_csv(tmp_path / "XYZ.csv", "2024-03-18 16:00,10,9,11,10,5")
    first = manager.import_from_csv(path)
    again = manager.import_from_csv(session_csv(path))
    assert again.written.unchanged == 390
    assert again.quarantine_file is None
    assert first.quarantine_file.read_text() == "line,reason,text\n"


def test_files_of_one_name_have_a_quarantine_each(manager: DataManager, tmp_path: Path) -> None:
    places = [tmp_path / year / "XYZ.csv" for year in ("2023", "2024")]
    bad = "2024-03-18 16:00,10,9,11,10,"
    for number, path in enumerate(places):
        path.parent.mkdir()
        session_csv(path, bad + str(number))
    files = [manager.import_from_csv(path, label="start").quarantine_file for path in places]
    assert ["XYZ.csv" in file.name for file in files] == [True, True]
    assert [file.read_text().count(f"{bad}{n}") for n, file in enumerate(files)] == [1, 1]


def test_a_refused_file_leaves_the_store_as_it_was(manager: DataManager, tmp_path: Path) -> None:
    path = tmp_path / "XYZ.csv"
    path.write_text(
        "time,open,high,low,close\n01/02/2024 09:30,1,1,1,1\n01/02/2024 09:31,1,1,1,1\n"
    )
    with pytest.raises(DataError, match="day and month"):
        manager.import_from_csv(path)
    assert not manager.store.root.exists()


def test_a_provider_is_imported_with_its_provenance(manager: DataManager) -> None:
    days = (date(2012, 5, 18), date(2012, 5, 21))
    reports = manager.import_from_api(
        manager.provider, ["FB", "IBM"], "1m", *days, source="sample", simulated=True
    )
    assert {s: r.added for s, r in reports.items()} == {"FB": 780, "IBM": 780}
    stored = manager.store.read_bars("FB", "1m", *ALWAYS)
    assert stored.close[-1] == 34.03
    part = manager.store.provenance("FB", "1m")[0].provenance
    assert (part.source, part.simulated) == ("sample", True)


def test_ticks_and_quotes_of_a_provider_without_any_are_refused(manager: DataManager) -> None:
    for read in (manager.get_ticks, manager.get_quotes):
        with pytest.raises(DataError, match="SampleProvider delivers no"):
            read("IBM", date(2012, 5, 18), date(2012, 5, 18))


class Scripted(DataProvider):
    """Streams bars until it is stopped, fails when told to, or does not listen."""

    def __init__(self, how: str) -> None:
        self.how = how
        self.released = Event()

    def symbols(self):
        return ["X"]

    def get_bars(self, symbol, interval, start_ns, end_ns):
        return BarColumns.empty()

    def stream(self, wanted, emit, stop) -> None:
        if self.how == "deaf":
            self.released.wait(20)
        one = np.ones(1)
        for number in range(10**9):
            if stop.is_set() or (self.how == "short" and number == 3):
                return
            if self.how == "broken" and number == 3:
                raise DataError("the line went dead")
            ts = np.array([number * MINUTE])
            emit(
                StreamedBars("X", BarColumns.build(ts, one, one, one, one, one, interval_ns=MINUTE))
            )


def stream(time_manager: TimeManager, tmp_path: Path, how: str) -> DataManager:
    return DataManager(BarStore(tmp_path), Scripted(how), time_manager)


def drain(queue: Queue) -> list:
    items = [queue.get(timeout=5)]
    while not isinstance(items[-1], StreamEnded):
        items.append(queue.get(timeout=5))
    return items


def test_a_stream_fills_the_queue_and_says_when_it_ends(time_manager, tmp_path: Path) -> None:
    manager, queue = stream(time_manager, tmp_path, "short"), Queue()
    name = manager.start_bar_stream(["X"], "1m", queue)
    items = drain(queue)
    assert [type(item) for item in items] == [StreamItem] * 3 + [StreamEnded]
    assert [int(item.event.bars.ts[0]) for item in items[:3]] == [0, MINUTE, 2 * MINUTE]
    assert items[-1] == StreamEnded(name, None)
    manager.stop_stream(name)
    with pytest.raises(DataError, match="there is no stream"):
        manager.stop_stream(name)


def test_stopping_joins_threads_even_where_nobody_reads(time_manager, tmp_path: Path) -> None:
    manager = stream(time_manager, tmp_path, "endless")
    before = threading.active_count()
    for _ in range(3):
        manager.start_bar_stream(["X"], "1m", Queue(maxsize=2))
    threads = [t for t in threading.enumerate() if t.name.startswith("1m-")]
    assert len(threads) == 3
    assert not any(thread.daemon for thread in threads)
    manager.stop_all_streams()
    assert threading.active_count() == before


def test_a_failed_stream_is_heard_by_reader_and_stopper(time_manager, tmp_path: Path) -> None:
    manager, queue = stream(time_manager, tmp_path, "broken"), Queue()
    name = manager.start_bar_stream(["X"], "1m", queue)
    assert str(drain(queue)[-1].error) == "the line went dead"
    with pytest.raises(DataError, match="the line went dead"):
        manager.stop_stream(name)
    manager.start_bar_stream(["X"], "1m", queue)
    drain(queue)
    with pytest.raises(DataError, match="the line went dead"):
        manager.stop_all_streams()


def test_a_provider_that_does_not_listen_is_named(time_manager, tmp_path: Path) -> None:
    manager = stream(time_manager, tmp_path, "deaf")
    name = manager.start_bar_stream(["X"], "1m", Queue())
    try:
        with pytest.raises(DataError, match="did not end within 1 s"):
            manager.stop_stream(name)
    finally:
        manager.provider.released.set()


def test_ticks_and_quotes_are_imported_and_read_back(manager: DataManager, tmp_path) -> None:
    ticks = tmp_path / "IBM_trades.csv"
    ticks.write_text("time,price,size\n2013-10-07T13:30:00.5Z,1.5,100\n2013-10-07T13:30:00.5Z,1.5,100\n"
                     "2013-10-07T13:30:01Z,0,5\n")  # fmt: skip
    quotes = tmp_path / "IBM_quotes.csv"
    quotes.write_text("time,bid,bid size,ask,ask size\n2013-10-07 09:30:00,1.4,1,0,0\n"
                      "2013-10-07 09:30:01,0,0,0,0\n2013-10-07 09:30:02,1.4,1,1.6,2\n")  # fmt: skip
    report = manager.import_from_csv(ticks, kind="ticks")
    assert (report.symbol, report.written.added, len(report.parsed.quarantine)) == ("IBM", 2, 1)
    with pytest.raises(DataError, match="carry no zone"):
        manager.import_from_csv(quotes, kind="quotes")
    with pytest.raises(DataError, match=r"expected quotes .* found ticks"):
        manager.import_from_csv(ticks, kind="quotes")
    manager.import_from_csv(quotes, kind="quotes", timezone="America/New_York")
    assert manager.store.read_ticks("IBM", *ALWAYS).size.tolist() == [100, 100]
    got = manager.store.read_quotes("IBM", *ALWAYS)
    assert got.ts[0] == 1381152600 * 10**9
    assert np.isnan(got.ask[0])
    assert got.ask[1] == 1.6
    assert manager.store.symbols("quotes") == ["IBM"]


@pytest.mark.parametrize(
    ("name", "kind", "count"),
    [("IBM_2013-10-07_trades", "ticks", 24293), ("IBM_2013-10-07_quotes", "quotes", 109067)],
)
def test_real_ticks_and_quotes(manager: DataManager, name: str, kind, count: int) -> None:
    from shared_data import shared

    report = manager.import_from_csv(shared(f"data/us_equity_ticks/{name}.csv.gz"), kind=kind)
    assert (report.symbol, report.written.added) == ("IBM", count)
    assert report.parsed.quarantine == ()
