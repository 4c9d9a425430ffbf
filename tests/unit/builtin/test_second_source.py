from datetime import date
from pathlib import Path

import pytest

from mismartera_core import PluginContext
from mismartera_core.errors import ConfigError, DataError, PluginError
from mismartera_core.managers.time_manager import TimeManager
from mismartera_core.registry import Registry, config_model, resolve_attribute
from mismartera_core.repositories.database import open_database
from mismartera_core.system.providers import with_providers

MINUTE = 60_000_000_000


@pytest.fixture(scope="module")
def context(tmp_path_factory):
    folder = tmp_path_factory.mktemp("second_source")
    database = open_database(f"sqlite:///{folder}/calendar.db")
    clock = TimeManager(database, "US_EQUITY", "EQUITY")
    yield PluginContext(
        data_dir=folder,
        exchange_group="US_EQUITY",
        asset_class="EQUITY",
        timezone=str(clock.zone),
        sessions=clock.session_table,
    )
    database.close()


def build(context, **config):
    registry = Registry.from_modules({})
    record = registry.get("gap_filler", "second_source")
    found = config_model(record)(**config)
    return resolve_attribute(record.factory)(found, with_providers(context, registry))


def test_a_second_provider_supplies_the_bars_of_a_gap(context):
    filler = build(context, provider="sample", config={"seed": 3})
    opens = int(context.sessions(date(2012, 10, 1), date(2012, 10, 1)).open_ns[0])
    found = filler.fill("AAPL", "1m", opens + 5 * MINUTE, opens + 8 * MINUTE)
    assert found.ts.tolist() == [opens + minute * MINUTE for minute in (5, 6, 7)]


def test_a_symbol_that_the_other_provider_lacks_has_nothing_to_give(context):
    assert len(build(context, provider="sample").fill("NOPE", "1m", 0, MINUTE)) == 0


@pytest.mark.parametrize(
    ("provider", "symbol", "interval"),
    [
        ("sample", "AAPL", "7m"),  # an interval it lacks
        ("parquet", "AAPL", "1m"),  # an empty store cannot tell what it should have
    ],
)
def test_a_source_that_fails_is_a_data_error(context, provider, symbol, interval):
    with pytest.raises(DataError, match=rf"{symbol}|{interval}"):
        build(context, provider=provider).fill(symbol, interval, 0, MINUTE)


@pytest.mark.parametrize(
    ("config", "error", "said"),
    [
        ({"provider": "sampel"}, PluginError, "no data provider named 'sampel'"),
        ({"provider": "sample", "config": {"sead": 3}}, ConfigError, "'sample': config.sead"),
        ({"provider": "csv"}, ConfigError, "'csv': config.path"),
    ],
)
def test_a_wrong_provider_is_refused_when_it_is_built(context, config, error, said):
    with pytest.raises(error, match=said):
        build(context, **config)


def test_a_host_that_builds_no_providers_says_so(context):
    assert isinstance(context.data_dir, Path)
    with pytest.raises(PluginError, match="data provider 'csv' cannot be built here"):
        context.provider("csv", {})
