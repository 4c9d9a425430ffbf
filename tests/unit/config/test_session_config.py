import json
from pathlib import Path

import pytest

from mismartera_core.config.loading import config_from, config_hash, load_config
from mismartera_core.errors import ConfigError, UsageError

ROOT = Path(__file__).parents[3]
QUICKSTART = ROOT / "session_configs/quickstart.json"


def quickstart(**changes):
    return {**json.loads(QUICKSTART.read_text()), **changes}


def refusal(data) -> str:
    with pytest.raises(ConfigError) as caught:
        config_from(data, "my.json")
    return str(caught.value)


def set_at(data, path, value):
    *parents, last = path.split(".")
    for step in parents:
        data = data[int(step)] if step.isdecimal() else data.setdefault(step, {})
    data[last] = value


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("moode", "live", "moode: unknown; did you mean 'mode'?"),
        ("mode", "liv", "mode: expected 'backtest' or 'live', was \"liv\""),
        ("session_data_config.symbls", [], "session_data_config.symbls: unknown; did you mean"),
        ("session_data_config.symbols", [], "session_data_config.symbols: expected at least one"),
        ("session_data_config.symbols", ["A", "A"], "symbols.1: 'A' is named twice"),
        ("session_data_config.symbols", ["../x"], "session_data_config.symbols.0: "),
        ("session_data_config.symbols", ["a/../x"], "expected a symbol without '..'"),
        ("session_data_config.symbols", "AAPL", 'symbols: expected a list, was "AAPL"'),
        ("session_data_config.streams", ["bars_7x"], "streams.0: expected an interval such as"),
        ("session_data_config.streams", ["tick"], "streams.0: expected a stream such as 'bars_1m'"),
        ("session_data_config.hours", "all", "hours: expected 'regular' or 'extended'"),
        ("session_data_config.min_quality", 1.5, "min_quality: expected less than or equal to 1"),
        ("session_data_config.historical.enable_quality", "yes", "expected true or false"),
        ("backtest_config.backtest_days", 5, "expected either backtest_days, or start_date"),
        ("backtest_config.start_date", None, "start_date: is missing: start_date and end_date go"),
        ("backtest_config.start_date", "2013-01-01", "end_date: 2012-10-26 lies before"),
        ("backtest_config.start_date", "1349049600", "start_date: expected a date such as"),
        ("backtest_config.start_date", "2012-02-30", "start_date: expected a date such as"),
        ("backtest_config.prefetch_days", 0, "prefetch_days: expected greater than or equal to 1"),
        ("backtest_config.prefetch_days", 1.5, "prefetch_days: expected a whole number, was 1.5"),
        ("backtest_config.prefetch_days", True, "prefetch_days: expected a whole number, was true"),
        ("backtest_config.speed_multiplier", -1, "speed_multiplier: expected greater than or"),
        ("backtest_config", None, "backtest_config: is missing: mode is 'backtest'"),
        ("strategies", [], "strategies: expected at least one item"),
        ("strategies", [{"name": "a"}, {"name": "a"}], "strategies.1.id: 'a' names an earlier"),
        ("strategies.0.symbols", ["MSFT"], "strategies.0.symbols.0: 'MSFT' is not among"),
        ("strategies.0.interval", "90s", "strategies.0.interval: '90s' bars cannot be made of"),
        ("strategies.0.flat_by_close", -1, "strategies.0.flat_by_close: expected greater than"),
        ("broker", None, "broker: expected an object of name, config, was null"),
        ("costs", [1], "costs: expected an object of commission, slippage, participation, was [1]"),
        ("broker", {"nmae": "x"}, "broker.nmae: unknown; did you mean 'name'?"),
        ("costs.comission", None, "costs.comission: unknown; did you mean 'commission'?"),
    ],
)
def test_a_wrong_value_is_refused_with_its_path(path, value, message):
    data = quickstart()
    set_at(data, path, value)
    text = refusal(data)
    assert text.startswith("my.json: ")
    assert message in text


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"apply_to": "al"}, "data.0.apply_to: expected 'all' or a list of symbols, was 'al'"),
        ({"apply_to": ["X"]}, "data.0.apply_to.0: 'X' is not among session_data_config.symbols"),
        ({"trailing_days": -1}, "trailing_days: expected a number of trading days from 0, or"),
        ({"trailing_days": "al"}, "trailing_days: expected a number of trading days from 0, or"),
        ({"intervals": []}, "intervals: expected at least one item"),
        ({"intervals": ["2d"]}, "intervals.0: expected an interval such as"),
        ({"interval": "1m"}, "data.0.interval: unknown; did you mean 'intervals'?"),
    ],
)
def test_history_is_checked(entry, message):
    data = quickstart()
    whole = {"apply_to": "all", "intervals": ["1d"], "trailing_days": "all", **entry}
    data["session_data_config"]["historical"] = {"data": [whole]}
    assert message in refusal(data)


def test_history_of_some_symbols():
    data = quickstart()
    part = {"apply_to": ["IBM"], "intervals": ["1d", "5m"], "trailing_days": 20}
    data["session_data_config"]["historical"] = {"data": [part]}
    found = config_from(data).session_data_config.historical.data[0]
    assert (found.apply_to, found.intervals, found.trailing_days) == (("IBM",), ("1d", "5m"), 20)


def test_a_historical_indicator_as_promised():
    indicator = {
        "type": "trailing_average",
        "field": "volume",
        "period": "10d",
        "granularity": "daily",
        "apply_to": "all",
    }
    data = quickstart()
    data["session_data_config"]["historical"] = {"indicators": {"avg_volume": indicator}}
    found = config_from(data).session_data_config.historical.indicators["avg_volume"]
    assert (found.field, found.period) == ("volume", "10d")
    indicator["apply_to"] = ["X"]
    assert "indicators.avg_volume.apply_to.0: 'X' is not among" in refusal(data)


@pytest.mark.parametrize(
    "name", ["session_name", "exchange_group", "asset_class", "mode", "data_provider", "broker"]
)
def test_what_matters_has_no_default(name):
    data = quickstart()
    del data[name]
    assert f"{name}: is missing" in refusal(data)


@pytest.mark.parametrize("place", ["", "session_data_config.", "strategies.0.", "backtest_config."])
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("data_streams", "was replaced by session_data_config.streams"),
        ("derived_intervals", "list intervals under session_data_config.historical.data"),
        ("auto_compute_derived", "derived bars are decided from what strategies"),
        ("historical_bars", "was replaced by session_data_config.historical.data"),
    ],
)
def test_old_fields_name_what_replaced_them(place, old, new):
    data = quickstart()
    set_at(data, place + old, True)
    text = refusal(data)
    assert f"{place}{old}: " in text
    assert new in text


def test_all_problems_are_told_at_once():
    data = quickstart(moode=1, mode="x", session_name="")
    data["strategies"][0]["symbols"] = ["MSFT"]
    data["backtest_config"]["prefetch_days"] = 0
    text = refusal(data)
    assert text.startswith("my.json: 5 problems\n  ")
    assert len(text.splitlines()) == 6


def test_live_needs_a_risk_block_and_no_dates():
    text = refusal(quickstart(mode="live"))
    assert "risk: expected at least one risk check: mode is 'live'" in text
    assert "backtest_config: belongs to mode 'backtest'" in text
    data = quickstart(mode="live", risk=[{"name": "max_open_positions"}])
    del data["backtest_config"]
    assert config_from(data).mode == "live"


def test_a_backtest_without_costs_and_risk_is_allowed_and_knows_it():
    data = quickstart()
    del data["costs"]
    found = config_from(data)
    assert found.risk is None
    assert found.costs.commission is None


def test_the_base_interval_is_the_finest_stream():
    data = quickstart()
    data["session_data_config"]["streams"] = ["ticks", "bars_5m", "bars_30s"]
    assert config_from(data).session_data_config.base_interval == "30s"
    data["session_data_config"]["streams"] = ["quotes"]
    assert config_from(data).session_data_config.base_interval is None


def test_a_config_cannot_be_changed():
    found = config_from(quickstart())
    with pytest.raises(ValueError, match="frozen"):
        found.mode = "live"


def test_the_hash_knows_values_only():
    base = config_hash(config_from(quickstart()))
    with_default = quickstart(**{"$schema": "./x.json", "outputs": []})
    with_default["backtest_config"]["speed_multiplier"] = 0.0
    assert config_hash(config_from(dict(reversed(with_default.items())))) == base
    other = quickstart(session_name="other")
    assert config_hash(config_from(other)) != base


@pytest.mark.parametrize(
    ("override", "path", "expected"),
    [
        ('session_data_config.symbols=["IBM"]', ("session_data_config", "symbols"), ("IBM",)),
        ("strategies.0.params.fast=5", ("strategies", 0, "params", "fast"), 5),
        ("session_name=two words", ("session_name",), "two words"),
        ("session_name=NaN", ("session_name",), "NaN"),
        ("session_data_config.min_quality=0.9", ("session_data_config", "min_quality"), 0.9),
        ("risk=null", ("risk",), None),
    ],
)
def test_an_override_is_laid_over_the_file(override, path, expected):
    found = load_config(QUICKSTART, [override])
    for step in path:
        found = found[step] if isinstance(found, dict | tuple) else getattr(found, step)
    assert found == expected


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("session_name", "expected path=value"),
        ("=5", "expected path=value"),
        ("a..b=5", "expected path=value"),
        ("strategies.1.name=x", "expected a number from 0 to 0, was '1'"),
        ("strategies.-1.name=x", "expected a number from 0 to 0, was '-1'"),
        ("session_name.x=1", "nothing to set under the name 'x'"),
    ],
)
def test_a_wrong_override_is_a_usage_error(override, message):
    with pytest.raises(UsageError, match=message):
        load_config(QUICKSTART, [override])


def test_an_override_with_a_typo_is_refused_like_the_file():
    with pytest.raises(ConfigError, match=r"session_data_config.symbls: unknown; did you mean"):
        load_config(QUICKSTART, ["session_data_config.symbls=[]"])


@pytest.mark.parametrize("path", sorted((ROOT / "session_configs").glob("*.json")), ids=str)
def test_every_example_is_valid(path):
    assert load_config(path).session_name
