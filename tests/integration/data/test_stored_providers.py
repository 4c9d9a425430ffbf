"""The parquet and csv providers through the contract of data providers."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
from shared_data import shared

from mismartera_core import BarStore
from mismartera_core.builtin.csv_provider import CsvConfig, CsvProvider
from mismartera_core.builtin.parquet_provider import ParquetConfig, ParquetProvider
from mismartera_core.contracts.context import PluginContext
from mismartera_core.errors import DataError
from mismartera_core.managers.time_manager import TimeManager
from mismartera_core.model.columns import BarColumns, QuoteColumns, TickColumns
from mismartera_core.model.intervals import DAY, MINUTE
from mismartera_core.repositories.bar_store_format import Provenance
from mismartera_core.repositories.database import open_database

OPEN = 1_710_768_600_000_000_000
"""2024-03-18 09:30 in New York."""
ALWAYS = (-(2**62), 2**62)


@pytest.fixture(scope="module")
def sessions(tmp_path_factory):
    database = open_database(f"sqlite:///{tmp_path_factory.mktemp('db') / 'calendar.db'}")
    yield TimeManager(database, "US_EQUITY", "EQUITY").session_table
    database.close()


@pytest.fixture
def context(tmp_path: Path, sessions) -> PluginContext:
    return PluginContext(
        data_dir=tmp_path / "data",
        exchange_group="US_EQUITY",
        asset_class="EQUITY",
        timezone="America/New_York",
        sessions=sessions,
    )


def bars(count: int = 100) -> BarColumns:
    price = 10.0 + np.arange(count)
    ts = OPEN + np.arange(count) * MINUTE
    return BarColumns.build(ts, price, price + 1, price - 1, price, price, interval_ns=MINUTE)


@pytest.fixture(params=["parquet", "csv"])
def provider(request, context: PluginContext, tmp_path: Path):
    if request.param == "parquet":
        store = BarStore(context.data_dir)
        for symbol in ("AAA", "BBB"):
            store.write_bars(symbol, "1m", bars(), Provenance(source="test"))
        return ParquetProvider(ParquetConfig(), context)
    columns = bars()
    names = ("ts", "open", "high", "low", "close", "volume")
    lines = zip(*(getattr(columns, name).tolist() for name in names), strict=True)
    text = "\n".join(",".join(map(str, row)) for row in [names, *lines])
    folder = tmp_path / "files"
    folder.mkdir()
    for symbol in ("AAA", "BBB"):
        (folder / f"{symbol}.csv").write_text(text.replace("ts,", "timestamp,", 1))
    return CsvProvider(CsvConfig(path=folder), context)


def test_it_says_what_it_holds(provider) -> None:
    assert list(provider.symbols()) == ["AAA", "BBB"]
    assert list(provider.intervals("AAA")) == ["1m"]
    assert provider.coverage("AAA", "1m") == (OPEN, OPEN + 99 * MINUTE)


@pytest.mark.parametrize(("low", "high"), [(0, 100), (10, 20), (99, 100), (50, 50)])
def test_a_range_is_half_open(provider, low: int, high: int) -> None:
    got = provider.load_bars(["AAA", "BBB"], "1m", OPEN + low * MINUTE, OPEN + high * MINUTE)
    for columns in got.values():
        np.testing.assert_array_equal(columns.ts, bars().ts[low:high])
        np.testing.assert_array_equal(columns.close, bars().close[low:high])
        np.testing.assert_array_equal(columns.available_at, bars().ts[low:high] + MINUTE)
    assert len(provider.get_bars("AAA", "1m", OPEN + DAY, OPEN + 2 * DAY)) == 0


def test_unknown_symbols_and_intervals_name_what_exists(provider) -> None:
    with pytest.raises(DataError) as caught:
        provider.get_bars("AAB", "1m", *ALWAYS)
    assert "AAA" in caught.value.hint
    with pytest.raises(DataError, match="1m"):
        provider.get_bars("AAA", "5m", *ALWAYS)


def test_threads_read_the_same(provider) -> None:
    seen: list[bytes] = []
    threads = [
        threading.Thread(
            target=lambda: seen.append(provider.get_bars("AAA", "1m", *ALWAYS).close.tobytes())
        )
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [bars().close.tobytes()] * 8


def test_ticks_and_quotes_come_from_the_store(context: PluginContext) -> None:
    store = BarStore(context.data_dir)
    ts = OPEN + np.array([0, 0, 7])
    one = np.array([1.0, 2.0, 3.0])
    store.write_ticks("IBM", TickColumns(ts, one, one), Provenance(source="test"))
    store.write_quotes("IBM", QuoteColumns(ts, one, one, one, one), Provenance(source="test"))
    provider = ParquetProvider(ParquetConfig(), context)
    assert provider.get_ticks("IBM", OPEN, OPEN + 1).price.tolist() == [1.0, 2.0]
    assert provider.get_quotes("IBM", OPEN + 1, OPEN + 9).ask.tolist() == [3.0]


def test_the_csv_provider_does_not_skip_rows_in_silence(context, tmp_path: Path) -> None:
    head = "timestamp,open,high,low,close\n"
    rows = "".join(f"2024-03-18T13:3{m}:00Z,1,1,1,1\n" for m in range(3))
    (tmp_path / "BAD.csv").write_text(head + rows + "2024-03-18T13:33:00Z,1,1,2,1\n")
    provider = CsvProvider(CsvConfig(path=tmp_path), context)
    with pytest.raises(DataError, match=r"1 row\(s\) of .*BAD.csv .* line 5: high is below low"):
        provider.get_bars("BAD", "1m", *ALWAYS)


def test_a_missing_folder_is_named(context: PluginContext, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"there is no .*nowhere"):
        CsvProvider(CsvConfig(path=tmp_path / "nowhere"), context).symbols()


def test_a_folder_of_real_files_is_read_as_it_is(context: PluginContext, tmp_path: Path) -> None:
    for name in ("AAPL", "SPY"):
        source = shared(f"data/us_equity_1m_raw/eqker_{name}_1min.csv")
        (tmp_path / f"{name}.csv").symlink_to(source.resolve())
    provider = CsvProvider(CsvConfig(path=tmp_path), context)
    assert provider.coverage("SPY", "1m") == (1549895400 * 10**9, 1550264340 * 10**9)
    assert len(provider.get_bars("AAPL", "1m", *ALWAYS)) == 1948
