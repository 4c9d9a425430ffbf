"""The built-ins run the suites of their kinds, as any plugin does."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest

from mismartera_core.builtin import plugin
from mismartera_core.model.columns import BarColumns, QuoteColumns, TickColumns
from mismartera_core.model.intervals import MINUTE
from mismartera_core.registrations import DataProviderReg
from mismartera_core.repositories.bar_store import BarStore
from mismartera_core.repositories.bar_store_format import Provenance
from mismartera_core.testing import (
    BrokerConformance,
    CostModelConformance,
    DataProviderConformance,
    GapFillerConformance,
    MemoryProvider,
    ReportConformance,
    RiskCheckConformance,
    StrategyConformance,
    TemplateConformance,
    plugin_context,
    session_table,
)

PROVIDERS = {record.name: record for record in plugin.mismartera_data_providers()}

FIRST, LAST = date(2024, 11, 1), date(2024, 11, 29)
"""With the end of daylight saving time, Thanksgiving, and the half day after it."""


def records(hook):
    """A fixture that gives the records of a hook one after the other."""

    @pytest.fixture(params=hook(), ids=lambda record: record.name)
    def registration(self, request):
        return request.param

    return registration


@cache
def minutes():
    """One bar a minute of every session."""
    table = session_table(FIRST, LAST)
    spans = zip(table.open_ns, table.close_ns, strict=True)
    ts = np.concatenate([np.arange(opened, closed, MINUTE) for opened, closed in spans])
    close = 100.0 + np.arange(len(ts)) % 7
    low, high, volume = close - 1.0, close + 1.0, np.full(len(ts), 500.0)
    return BarColumns.build(ts, close - 0.5, high, low, close, volume, interval_ns=MINUTE)


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    folder, source = tmp_path_factory.mktemp("store"), Provenance(source="made up")
    store, bars = BarStore(folder), minutes()
    ticks = TickColumns(bars.ts, bars.close, bars.volume)
    quotes = QuoteColumns(bars.ts, bars.low, bars.high, bars.volume, bars.volume)
    for symbol in ("AAA", "BBB"):
        store.write_bars(symbol, "1m", bars, source)
        store.write_ticks(symbol, ticks, source)
        store.write_quotes(symbol, quotes, source)
    return folder


class TestSample(DataProviderConformance):
    @pytest.fixture
    def registration(self):
        return PROVIDERS["sample"]


class TestParquet(DataProviderConformance):
    @pytest.fixture
    def registration(self):
        return PROVIDERS["parquet"]

    @pytest.fixture
    def context(self, stored):
        return plugin_context(stored)


class TestCsv(DataProviderConformance):
    @pytest.fixture
    def registration(self):
        return PROVIDERS["csv"]

    @pytest.fixture
    def plugin_config(self, tmp_path):
        bars = minutes()
        names = ("open", "high", "low", "close", "volume")
        index = pd.to_datetime(bars.ts, utc=True)
        table = pd.DataFrame({name: getattr(bars, name) for name in names}, index=index)
        for symbol in ("AAA", "BBB"):
            table.to_csv(tmp_path / f"{symbol}.csv", index_label="timestamp")
        return {"path": str(tmp_path)}


class TestMemory(DataProviderConformance):
    """The public fake is a provider like any other."""

    @pytest.fixture
    def registration(self):
        made = MemoryProvider({"AAA": minutes(), "BBB": minutes().slice(10, 9000)})
        return DataProviderReg(
            name="memory",
            factory=lambda config, context: made,
            capabilities=made.capabilities,
            summary="Bars a test made",
        )


class TestSecondSource(GapFillerConformance):
    config: ClassVar = {"provider": "sample"}

    registration = records(plugin.mismartera_gap_fillers)


class TestBrokers(BrokerConformance):
    registration = records(plugin.mismartera_brokers)


class TestCostModels(CostModelConformance):
    registration = records(plugin.mismartera_cost_models)


class TestRiskChecks(RiskCheckConformance):
    registration = records(plugin.mismartera_risk_checks)


class TestReports(ReportConformance):
    registration = records(plugin.mismartera_reports)


class TestStrategies(StrategyConformance):
    registration = records(plugin.mismartera_strategies)


class TestTemplates(TemplateConformance):
    registration = records(plugin.mismartera_templates)
