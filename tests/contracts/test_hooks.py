"""One small run for each hook: a plugin offers something, a session uses it."""

import copy
from types import SimpleNamespace

import numpy as np
import pytest

from mismartera_core import (
    BarColumns,
    BrokerReg,
    CostModelReg,
    CostRole,
    DataError,
    DataProvider,
    DataProviderReg,
    GapFillerReg,
    IndicatorReg,
    ProviderCapabilities,
    ReportReg,
    RiskCheckReg,
    Strategy,
    StrategyParams,
    StrategyReg,
    TemplateReg,
    hookimpl,
    interval_ns,
)
from mismartera_core.builtin.simulated_broker import SimulatedBroker, SimulatedConfig
from mismartera_core.config.loading import config_from
from mismartera_core.config.settings import Settings
from mismartera_core.errors import ConfigError, StrategyError
from mismartera_core.registry import Registry, resolve_attribute
from mismartera_core.services.config_resolution import resolve
from mismartera_core.system.session import Session

MINUTE = interval_ns("1m")
CONFIG = {
    "session_name": "hooks",
    "exchange_group": "US_EQUITY",
    "asset_class": "EQUITY",
    "mode": "backtest",
    "backtest_config": {"start_date": "2024-07-03", "end_date": "2024-07-05"},
    "session_data_config": {"symbols": ["AAA"], "streams": ["bars_1m"]},
    "data_provider": {"name": "rising"},
    "strategies": [{"name": "buy_first"}],
    "broker": {"name": "simulated", "config": {"cash": "100000", "leverage": None}},
}
SESSIONS = 2


class Rising(DataProvider):
    """Every minute of the clock has a bar, each a cent above the one before."""

    def __init__(self, config, context):
        del config, context

    def symbols(self):
        return ["AAA"]

    def get_bars(self, symbol, interval, start_ns, end_ns):
        ts = np.arange(start_ns, end_ns, interval_ns(interval), dtype=np.int64)
        close = 100 + (ts // MINUTE) % 1440 / 100
        return BarColumns.build(
            ts,
            close,
            close,
            close,
            close,
            np.full(len(ts), 500.0),
            interval_ns=interval_ns(interval),
        )


class BuyFirst(Strategy):
    """Buys at the first bar of a session."""

    def setup(self):
        self.done = False

    def on_bar(self, bar):
        if not self.done:
            self.buy(10)
            self.done = True


def hook(name, function):
    """A plugin module with one hook."""
    function.__name__ = f"mismartera_{name}"
    return SimpleNamespace(**{function.__name__: hookimpl(function)})


def offers(name, *records):
    return hook(name, lambda: list(records))


ESSENTIAL = {
    "provider": offers(
        "data_providers",
        DataProviderReg(
            name="rising", factory=Rising, capabilities=ProviderCapabilities(bars=("1m",))
        ),
    ),
    "strategy": offers("strategies", StrategyReg(name="buy_first", factory=BuyFirst)),
}


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    return Settings(runtime_dir=tmp_path_factory.mktemp("runtime"), _env_file=None)


@pytest.fixture
def run(settings):
    """Run the config with a plugin more: `run(plugin, strategies=[...])`."""

    def run_with(plugin, **changes):
        registry = Registry.from_modules({**ESSENTIAL, "under_test": plugin})
        assert registry.problems == ()
        config = copy.deepcopy(CONFIG) | changes
        return Session(config, settings=settings, registry=registry).run()

    return run_with


def test_hook_data_providers(run):
    assert run(hook("session_started", lambda session: None)).summary["bars"] == 210 + 390


def test_hook_strategies(run):
    class SellFirst(BuyFirst):
        class Params(StrategyParams):
            shares: int = 1

        def on_bar(self, bar):
            if not self.done:
                self.sell(self.params.shares)
                self.done = True

    plugin = offers("strategies", StrategyReg(name="sell_first", factory=SellFirst))
    found = run(plugin, strategies=[{"name": "sell_first", "params": {"shares": 7}}])
    assert found.fills["quantity"].tolist() == [7] * SESSIONS
    assert found.fills["side"].tolist() == ["sell"] * SESSIONS


def test_hook_indicators(run):
    class BuyOnTwice(BuyFirst):
        def setup(self):
            super().setup()
            self.twice = self.indicator("twice")

        def on_bar(self, bar):
            assert self.twice.value == 2 * bar.close
            super().on_bar(bar)

    plugin = SimpleNamespace(
        **vars(offers("strategies", StrategyReg(name="on_twice", factory=BuyOnTwice))),
        **vars(
            offers(
                "indicators",
                IndicatorReg(
                    name="twice",
                    category="trend",
                    factory=lambda bars: {"value": 2 * bars.close},
                ),
            )
        ),
    )
    assert len(run(plugin, strategies=[{"name": "on_twice"}]).fills) == SESSIONS


def test_hook_brokers(run):
    class Generous(SimulatedBroker):
        """Fills as the simulated broker does, and gives a start of its own."""

        def __init__(self, config, context):
            super().__init__(SimulatedConfig(cash="5000", leverage=None), context)

    plugin = offers("brokers", BrokerReg(name="generous", factory=Generous, simulated=True))
    found = run(plugin, broker={"name": "generous"})
    assert (found.summary["starting_equity"], len(found.fills)) == (5000, SESSIONS)


def test_hook_cost_models(run):
    def flat(side, quantity, price, open_, high, low, close, volume, fee):
        return fee

    plugin = offers(
        "cost_models",
        CostModelReg(
            name="flat",
            role=CostRole.COMMISSION,
            factory=flat,
            config_model=StrategyParams,
            parameters=lambda config: (1.25,),
        ),
    )
    found = run(plugin, costs={"commission": {"name": "flat"}})
    assert found.summary["commission"] == 1.25 * SESSIONS


def test_hook_risk_checks(run):
    class NoBuying:
        def __init__(self, config, context):
            del config, context

        def check(self, request, account):
            return f"no buying of {request.symbol}" if request.side > 0 else None

    plugin = offers("risk_checks", RiskCheckReg(name="no_buying", factory=NoBuying))
    found = run(plugin, risk=[{"name": "no_buying"}])
    assert len(found.fills) == 0
    assert found.signals["reason"].str.contains("no buying of AAA").all()
    assert len(found.signals) == SESSIONS


def test_hook_reports(run):
    class Line:
        def __init__(self, config, context):
            del config, context

        def write(self, run, folder):
            file = folder / "line.txt"
            file.write_text(f"{run.summary['fills']} fills")
            return [file]

    plugin = offers("reports", ReportReg(name="line", factory=Line))
    found = run(plugin, outputs=[{"name": "line"}])
    assert (found.folder / "line.txt").read_text() == f"{SESSIONS} fills"


def test_hook_gap_fillers():
    class Empty:
        def __init__(self, config, context):
            del config, context

        def fill(self, symbol, interval, start_ns, end_ns):
            return BarColumns.empty()

    plugin = offers("gap_fillers", GapFillerReg(name="empty", factory=Empty))
    registry = Registry.from_modules({**ESSENTIAL, "under_test": plugin})
    data = CONFIG["session_data_config"] | {"gap_filler": {"name": "empty"}}
    found = resolve(config_from(CONFIG | {"session_data_config": data}), registry)
    assert found.gap_filler.record.factory is Empty


def test_hook_templates(tmp_path):
    record = TemplateReg(name="desk", kind="strategy", factory=lambda: tmp_path)
    registry = Registry.from_modules({"under_test": offers("templates", record)})
    found = registry.get("template", "desk")
    assert (found.kind, resolve_attribute(found.factory)()) == ("strategy", tmp_path)
    given = Registry.discover().get("template", "indicator")
    assert (resolve_attribute(given.factory)() / "cookiecutter.json").is_file()


def test_hook_check_config(run):
    plugin = hook("check_config", lambda config: [f"{config.session_name} is refused"])
    with pytest.raises(ConfigError, match="hooks is refused"):
        run(plugin)


def test_hook_session_started(run):
    seen = []
    run(hook("session_started", lambda session: seen.append(session.isoformat())))
    assert seen == ["2024-07-03", "2024-07-05"]


def test_hook_session_phase_changed(run):
    seen = []
    run(
        hook("session_phase_changed", lambda session, phase: seen.append((session.day, str(phase))))
    )
    first = [phase for day, phase in seen if day == 3]
    assert len(first) == 7
    assert [day for day, _ in seen] == [3] * 7 + [5] * 7


def test_hook_session_ended(run):
    seen = []
    found = run(hook("session_ended", lambda session, equity, fills: seen.append((equity, fills))))
    assert [fills for _, fills in seen] == [1, 2]
    assert seen[-1][0] == pytest.approx(found.summary["ending_equity"])


def test_hook_quality_changed(run):
    class Holey(Rising):
        def get_bars(self, symbol, interval, start_ns, end_ns):
            bars = super().get_bars(symbol, interval, start_ns, end_ns)
            minute = bars.ts // MINUTE % 1440
            return bars.take((minute < 15 * 60) | (minute >= 15 * 60 + 10))

    seen = []
    minutes = ProviderCapabilities(bars=("1m",))
    record = DataProviderReg(name="holey", factory=Holey, capabilities=minutes)
    provider = offers("data_providers", record)
    observer = hook("quality_changed", lambda report: seen.append(report))
    plugin = SimpleNamespace(**vars(provider), **vars(observer))
    run(plugin, data_provider={"name": "holey"})
    assert [(it.symbol, it.missing, it.expected) for it in seen] == [
        ("AAA", 10, 210),
        ("AAA", 10, 390),
    ]


def test_hook_error_raised(run):
    class Breaks(Strategy):
        def on_bar(self, bar):
            raise DataError("no more") if bar.close < 0 else ZeroDivisionError("broken")

    seen = []
    strategy = offers("strategies", StrategyReg(name="breaks", factory=Breaks))
    observer = hook("error_raised", lambda error, where: seen.append((type(error), where)))
    plugin = SimpleNamespace(**vars(strategy), **vars(observer))
    with pytest.raises(StrategyError, match="broken"):
        run(plugin, strategies=[{"name": "breaks"}])
    assert seen == [(StrategyError, "AnalysisEngine")]


def test_an_observer_that_raises_changes_nothing(run):
    def fails(session):
        raise ValueError("no")

    plugin, quiet = hook("session_started", fails), hook("session_started", lambda session: None)
    assert run(plugin).trade_hash == run(quiet).trade_hash
