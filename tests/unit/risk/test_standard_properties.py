"""No input passes above a limit, and a tighter limit never allows more: any numbers, any limits."""

import math
from dataclasses import fields

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from standard_risk import answer, build, question

from mismartera_core import AccountView, ConfigError, OrderRequest, RiskFacts
from mismartera_core.builtin.standard.config import StandardConfig, as_tight, removed, tightened

anything = st.floats(allow_nan=True, allow_infinity=True)
near = st.floats(0.0, 1e5) | anything
counts = st.integers(0, 600)
numbers = {
    **{f.name: near for kind in (OrderRequest, AccountView, RiskFacts) for f in fields(kind)},
    "strategy": st.just("mine"),
    "symbol": st.just("AAPL"),
    "side": st.sampled_from([1, -1]),
    "opens": st.booleans(),
    "is_market": st.booleans(),
    "open_positions": counts,
    "orders_today": counts,
    "now_ns": st.integers(0, 2 * 10**18),
    "marked_ns": st.integers(0, 10),
    "shortable": st.booleans(),
    "short_restricted": st.booleans(),
    "trading_halt": st.sampled_from(["", "", "halted"]),
    "pdt_applies": st.sampled_from([True, False, None]),
    "position": st.just(0.0) | st.floats(-1e3, 1e3) | anything,
}
numbers.pop("facts")
asked = st.fixed_dictionaries({}, optional=numbers)

amounts = st.none() | st.floats(0.01, 1e4)
whole = st.none() | st.integers(1, 600)
percent = st.none() | st.floats(0.01, 100)
minutes = st.none() | st.floats(0, 1440)
limits = {
    "order_notional": amounts,
    "order_notional_percent": percent,
    "order_volume_percent": percent,
    "price_collar_percent": percent,
    "position_percent": percent,
    "gross_percent": percent,
    "positions": whole,
    "strategy_orders_per_minute": whole,
    "orders_per_minute": whole,
    "orders_per_day": whole,
    "duplicate_seconds": amounts,
    "daily_loss_percent": percent,
    "daily_loss_halt_percent": percent,
    "drawdown_percent": percent,
    "symbol_rejects_per_minute": whole,
    "rejects_per_minute": whole,
    "stale_intervals": amounts,
    "feed_seconds": amounts,
    "clock_skew_warn": amounts,
    "clock_skew": amounts,
    "minutes_after_open": minutes,
    "minutes_before_close": minutes,
    "shorts": st.booleans(),
    "excess_margin_percent": st.none() | st.floats(0, 100),
    "settled_funds": st.booleans(),
    "pdt_regime": st.sampled_from(["auto", "off", "legacy"]),
    "self_cross": st.booleans(),
    "disk_free_gib": amounts,
}
PARAMETERS = {"quote_seconds", "loss_reads", "stale_seconds", "style", "flat_before_close"}


def consistent(config):
    """Put the two limits of the day's loss in order, as the config asks."""
    low, high = config.get("daily_loss_percent", 2.0), config.get("daily_loss_halt_percent", 3.0)
    if low is not None and high is not None and low > high:
        return {**config, "daily_loss_percent": high, "daily_loss_halt_percent": low}
    return config


configs = st.fixed_dictionaries({}, optional=limits).map(consistent)


def test_every_field_of_the_config_is_varied_here_or_no_limit():
    assert set(limits) | PARAMETERS == set(StandardConfig.model_fields)
    assert not set(limits) & PARAMETERS


def beyond(config, order, account):
    """Limits that the order is not within, said once more in plain words."""
    facts = account.facts
    value = abs(order.quantity * order.reference_price)
    after = account.position + order.side * order.quantity
    share = {
        name: math.inf if (p := getattr(config, name)) is None else p / 100 * account.equity
        for name in ("order_notional_percent", "position_percent", "gross_percent")
    }

    def most(name):
        limit = getattr(config, name)
        return math.inf if limit is None else limit

    within = {
        "order_notional": value <= most("order_notional"),
        "order_notional_percent": value <= share["order_notional_percent"],
        "position": abs(after * order.reference_price) <= share["position_percent"],
        "gross": value + account.gross_exposure + facts.working_exposure <= share["gross_percent"],
        "positions": account.open_positions + (account.position == 0) <= most("positions"),
        "day": account.orders_today < most("orders_per_day"),
        "minute": facts.orders_last_minute < most("orders_per_minute"),
        "strategy": facts.strategy_orders_last_minute < most("strategy_orders_per_minute"),
        "clock": abs(facts.clock_skew) < most("clock_skew"),
        "feed": facts.feed_age < most("feed_seconds"),
        "power": value <= facts.buying_power,
        "volume": config.order_volume_percent is None
        or order.quantity <= config.order_volume_percent / 100 * facts.average_volume,
        "shorts": config.shorts or after >= 0 or order.side > 0,
        "halt": not facts.trading_halt,
        "cross": not config.self_cross or facts.opposite_units == 0,
        "window": (
            config.minutes_after_open is None
            or account.minutes_since_open >= config.minutes_after_open
        )
        and (
            config.minutes_before_close is None
            or account.minutes_to_close > config.minutes_before_close
        ),
    }
    off = {
        "gross": config.gross_percent is None,
        "positions": config.positions is None,
        "position": config.position_percent is None,
        "minute": config.orders_per_minute is None,
        "strategy": config.strategy_orders_per_minute is None,
        "clock": config.clock_skew is None,
        "feed": config.feed_seconds is None,
        "day": config.orders_per_day is None,
    }
    return [name for name, holds in within.items() if not holds and not off.get(name, False)]


def reduces(order, account):
    after = account.position + order.side * order.quantity
    smaller = after * account.position >= 0 and abs(after) <= abs(account.position)
    return account.position != 0 and smaller and order.side * account.position < 0


@given(config=configs, changed=asked)
@settings(max_examples=600)
def test_no_input_passes_above_a_limit(config, changed):
    check = build(**config)
    order, account = question(**changed)
    if check.check(order, account) is None and not reduces(order, account):
        assert beyond(check.config, order, account) == []
        assert 0 < order.quantity < math.inf
        assert 0 < order.reference_price < math.inf


@given(loose=configs, data=st.data(), changed=asked)
@settings(max_examples=600)
def test_a_tighter_limit_never_allows_more(loose, data, changed):
    name = data.draw(st.sampled_from(sorted(limits)))
    config = StandardConfig(**loose)
    value = data.draw(limits[name])
    if not as_tight(name, getattr(config, name), value):
        return
    try:
        tight = tightened(config, {name: value}).model_dump()
    except ConfigError:  # the two limits of the day's loss would cross
        return
    if answer(tight, **changed) is None:
        assert answer(loose, **changed) is None
    account = question(**changed)[1]
    severity = [
        -1 if (found := build(**c, **READ_ONCE).watch(account, 1)) is None else found.state.severity
        for c in ({k: v for k, v in each.items() if k != "loss_reads"} for each in (loose, tight))
    ]
    assert severity[0] <= severity[1]


READ_ONCE = {"loss_reads": 1}


@pytest.mark.parametrize("name", sorted(limits))
def test_a_limit_may_only_be_tightened_while_armed(name):
    field = StandardConfig.model_fields[name]
    if name == "pdt_regime":
        values = {"tight": "legacy", "loose": "off"}
    elif isinstance(field.default, bool):
        extra = field.json_schema_extra["tighter"] == "true"
        values = {"tight": extra, "loose": not extra}
    else:
        low, high = type(field.default)(field.default / 2 or 1), field.default * 2
        lower = field.json_schema_extra["tighter"] == "lower"
        values = {"tight": low if lower else high, "loose": high if lower else low}
    check = build(daily_loss_percent=1.0) if "loss_halt" in name else build()
    check.tighten({name: values["tight"]})
    assert getattr(check.config, name) == values["tight"]
    for loose in (values["loose"], *([None] if None not in values.values() else [])):
        if isinstance(field.default, bool | str) and loose is None:
            continue
        fresh = build()
        with pytest.raises(ConfigError, match=r"only be tightened|daily_loss"):
            fresh.tighten({name: loose})
        assert getattr(fresh.config, name) == field.default


def test_what_is_off_may_be_switched_on_and_what_is_no_limit_may_not_change():
    check = build(positions=None)
    check.tighten({"positions": 3})
    assert check.config.positions == 3
    with pytest.raises(ConfigError, match="tightened"):
        check.tighten({"loss_reads": 1})
    with pytest.raises(ConfigError, match="nothing_such"):
        check.tighten({"nothing_such": 1})
    with pytest.raises(ConfigError, match="positions"):
        check.tighten({"positions": 0})


def test_limits_that_are_off_are_told_by_name():
    assert removed(StandardConfig()) == ()
    assert build(positions=None, feed_seconds=None).removed == ("positions", "feed_seconds")


@pytest.mark.parametrize(("style", "minutes"), [("day", 5), ("swing", None)])
def test_day_is_flat_before_the_close_and_swing_may_stay(style, minutes):
    assert build(style=style).flat_minutes == minutes


def test_every_field_says_what_it_is_in_words():
    assert all(f.description.endswith(".") for f in StandardConfig.model_fields.values())


@pytest.mark.parametrize("value", [True, -1, "NaN", math.inf])
def test_a_limit_is_a_number_that_makes_sense(value):
    with pytest.raises(ValueError, match="position_percent"):
        StandardConfig(position_percent=value)


def test_the_two_limits_of_the_days_loss_are_in_order():
    with pytest.raises(ValueError, match="must not be above"):
        StandardConfig(daily_loss_percent=4.0)
    assert StandardConfig(daily_loss_percent=4.0, daily_loss_halt_percent=None)
