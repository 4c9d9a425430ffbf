"""Every limit of `standard` on entries: below it, at it, above it, off, and not known."""

import math

import pytest
from standard_risk import ORDER, SHORT, answer, build, question

from mismartera_core import RiskState

NAN = math.nan
BIG = {"order_notional": 1e9, "order_notional_percent": 1e4}
WIDE = {**BIG, "position_percent": 1e4, "gross_percent": 1e4, "order_volume_percent": 100}
DAY = 1_780_000_000_000_000_000  # 2026-05-28: day trades are counted still
LATER = 1_790_000_000_000_000_000  # 2026-09-21
SMALL = {"equity": 24_999.99, "multiplier": 2.0, "excess": 24_999.0, "buying_power": 50_000.0}
SMALL_ORDER = {**SMALL, "quantity": 10.0}
SHORTS = {"shorts": True}
FEW = {"quantity": 10.0, "ask": 50.0}

# name, config, numbers that pass, numbers that are refused, found, allowed
LIMITS = [
    ("order_notional", {}, {"quantity": 99.0}, {"quantity": 101.0}, 5_050.0, 5_000.0),
    ("order_notional", {}, {"quantity": 100.0}, {"quantity": 100.001}, 5_000.05, 5_000.0),
    (
        "order_notional",
        {},
        {"equity": 50_000.0},
        {"equity": 49_999.9},
        5_000.0,
        4_999.99,
    ),
    ("order_volume", {}, {"average_volume": 10_000.0}, {"average_volume": 9_999.0}, 100.0, 99.99),
    (
        "price_collar",
        {},
        {**FEW, "reference_price": 51.5},
        {**FEW, "reference_price": 51.55},
        3.1,
        3.0,
    ),
    (
        "price_collar",
        {},
        {**FEW, "reference_price": 48.5},
        {**FEW, "reference_price": 48.45},
        3.1,
        3.0,
    ),
    ("price_collar", {}, {"quote_age": 5.0}, {"quote_age": 5.1, "last_close": 10.0}, 400.0, 3.0),
    (
        "position",
        BIG,
        {"position": 300.0},
        {"position": 300.1},
        20_005.0,
        20_000.0,
    ),
    (
        "gross",
        {},
        {"gross_exposure": 90_000.0, "working_exposure": 5_000.0},
        {"gross_exposure": 90_000.0, "working_exposure": 5_000.1},
        100_000.1,
        100_000.0,
    ),
    ("positions", {}, {"open_positions": 9}, {"open_positions": 10}, 11.0, 10.0),
    ("orders_per_day", {}, {"orders_today": 499}, {"orders_today": 500}, 501.0, 500.0),
    (
        "orders_per_minute",
        {},
        {"orders_last_minute": 29},
        {"orders_last_minute": 30},
        31.0,
        30.0,
    ),
    (
        "strategy_orders_per_minute",
        {},
        {"strategy_orders_last_minute": 9},
        {"strategy_orders_last_minute": 10},
        11.0,
        10.0,
    ),
    ("duplicate", {}, {"same_intent_age": 5.0}, {"same_intent_age": 4.9}, 4.9, 5.0),
    ("stale_bar", {}, {"symbol_age": 130.0}, {"symbol_age": 130.1}, 130.1, 130.0),
    (
        "stale_bar",
        {},
        {"symbol_age": 610.0, "interval": 300.0},
        {"symbol_age": 611.0, "interval": 300.0},
        611.0,
        610.0,
    ),
    ("feed", {}, {"feed_age": 59.9}, {"feed_age": 60.0}, 60.0, 60.0),
    ("clock_skew", {}, {"clock_skew": 1.99}, {"clock_skew": 2.0}, 2.0, 2.0),
    ("clock_skew", {}, {"clock_skew": -1.99}, {"clock_skew": -2.0}, 2.0, 2.0),
    (
        "session_window",
        {},
        {"minutes_since_open": 1.0},
        {"minutes_since_open": 0.9},
        0.9,
        1.0,
    ),
    ("session_window", {}, {"minutes_to_close": 10.1}, {"minutes_to_close": 10.0}, 10.0, 10.0),
    ("session_window", {}, {}, {"minutes_since_open": -5.0}, -5.0, 1.0),
    ("shorts", BIG, {**SHORT, "position": 100.0}, {**SHORT, "position": 99.0}, -1.0, 0.0),
    ("shorts", SHORTS, SHORT, {**SHORT, "shortable": False}, -100.0, 0.0),
    (
        "shorts",
        SHORTS,
        {**SHORT, "short_restricted": True, "bid": 49.99},
        {**SHORT, "short_restricted": True, "bid": 50.0},
        50.0,
        50.0,
    ),
    (
        "shorts",
        SHORTS,
        {**SHORT, "short_restricted": False, "is_market": True},
        {**SHORT, "short_restricted": True, "is_market": True},
        50.0,
        49.99,
    ),
    ("excess_margin", {}, {"excess": 12_500.0}, {"excess": 12_499.0}, 9_999.0, 10_000.0),
    ("buying_power", {}, {"buying_power": 5_000.0}, {"buying_power": 4_999.0}, 5_000.0, 4_999.0),
    (
        "settled_funds",
        {},
        {"multiplier": 1.0, "settled_cash": 5_000.0},
        {"multiplier": 1.0, "settled_cash": 4_999.0},
        5_000.0,
        4_999.0,
    ),
    (
        "pdt",
        {"pdt_regime": "legacy"},
        {**SMALL_ORDER, "day_trades": 2},
        {**SMALL_ORDER, "day_trades": 3},
        3.0,
        3.0,
    ),
    (
        "self_cross",
        {},
        {"opposite_units": 0.0},
        {"opposite_units": 1.0},
        1.0,
        0.0,
    ),
    ("trading_halt", {}, {}, {"trading_halt": "LULD pause"}, 1.0, 0.0),
]


@pytest.mark.parametrize(("name", "config", "within", "beyond", "found", "allowed"), LIMITS)
def test_a_limit_lets_pass_what_is_within_and_refuses_what_is_beyond(
    name, config, within, beyond, found, allowed
):
    assert answer(config, **within) is None
    refused = answer(config, **beyond)
    assert refused.limit == name
    assert refused.found == pytest.approx(found)
    assert refused.allowed == pytest.approx(allowed)
    assert refused.startswith(f"{name}: ")


SWITCHES = {
    "order_volume": ("order_volume_percent", None),
    "price_collar": ("price_collar_percent", None),
    "position": ("position_percent", None),
    "gross": ("gross_percent", None),
    "positions": ("positions", None),
    "orders_per_day": ("orders_per_day", None),
    "orders_per_minute": ("orders_per_minute", None),
    "strategy_orders_per_minute": ("strategy_orders_per_minute", None),
    "duplicate": ("duplicate_seconds", None),
    "stale_bar": ("stale_intervals", None),
    "feed": ("feed_seconds", None),
    "clock_skew": ("clock_skew", None),
    "excess_margin": ("excess_margin_percent", None),
    "settled_funds": ("settled_funds", False),
    "self_cross": ("self_cross", False),
    "pdt": ("pdt_regime", "off"),
}


OFF = [row for row in LIMITS if row[0] in SWITCHES]


@pytest.mark.parametrize("row", OFF, ids=lambda row: row[0])
def test_each_limit_alone_can_be_switched_off(row):
    name, config, _, beyond, _, _ = row
    key, off = SWITCHES[name]
    assert answer({**config, key: off}, **beyond) is None


def test_the_size_of_an_order_has_two_limits_and_both_can_be_off():
    assert answer({"order_notional": None}, quantity=200.0) is None
    assert answer({"order_notional": None}, quantity=200.1).allowed == 10_000.0
    off = {**WIDE, "order_notional": None, "order_notional_percent": None}
    assert answer(off, quantity=1_000.0) is None


@pytest.mark.parametrize("minutes", [{"minutes_since_open": 0.0}, {"minutes_to_close": 0.0}])
def test_the_session_window_can_be_switched_off(minutes):
    off = {"minutes_after_open": None, "minutes_before_close": None}
    assert answer(off, **minutes) is None


@pytest.mark.parametrize("name", ["orders_per_day", "orders_per_minute"])
def test_one_order_too_many_halts_the_account(name):
    numbers = {"orders_today": 500} if name == "orders_per_day" else {"orders_last_minute": 30}
    assert answer(**numbers).state is RiskState.HALTED
    assert answer(strategy_orders_last_minute=10).state is RiskState.ACTIVE


@pytest.mark.parametrize(
    ("regime", "broker", "now_ns", "applies"),
    [
        ("off", True, DAY, False),
        ("legacy", False, LATER, True),
        ("auto", True, LATER, True),
        ("auto", False, DAY, False),
        ("auto", None, DAY, True),
        ("auto", None, LATER, False),
    ],
)
def test_day_trades_count_by_config_then_by_broker_then_by_date(regime, broker, now_ns, applies):
    numbers = {**SMALL_ORDER, "day_trades": 3, "pdt_applies": broker, "now_ns": now_ns}
    refused = answer({"pdt_regime": regime}, **numbers)
    assert (refused is not None) is applies


def test_day_trades_count_in_small_margin_accounts_only():
    many = {"day_trades": 9, "quantity": 10.0}
    legacy = {"pdt_regime": "legacy"}
    assert answer(legacy, **many, equity=25_000.0) is None
    cash = {"multiplier": 1.0, "equity": 20_000.0, "settled_cash": 20_000.0}
    assert answer(legacy, **many, **cash) is None


@pytest.mark.parametrize("name", ["quantity", "reference_price", "equity"])
@pytest.mark.parametrize("value", [0.0, -1.0, math.inf, -math.inf, NAN])
def test_an_order_is_of_numbers_above_zero(name, value):
    refused = answer(**{name: value})
    assert refused.limit == {"reference_price": "price"}.get(name, name)


KNOWN = {
    "average_volume": {},
    "last_close": {"quote_age": math.inf},
    "ask": {},
    "position": {},
    "gross_exposure": {},
    "working_exposure": {},
    "open_positions": {},
    "orders_today": {},
    "orders_last_minute": {},
    "strategy_orders_last_minute": {},
    "same_intent_age": {},
    "interval": {},
    "symbol_age": {},
    "feed_age": {},
    "clock_skew": {},
    "minutes_since_open": {},
    "minutes_to_close": {},
    "bid": {**SHORT, "short_restricted": True, "quote_age": math.inf},
    "multiplier": {},
    "excess": {},
    "buying_power": {},
    "settled_cash": {"multiplier": 1.0},
    "opposite_units": {},
}


@pytest.mark.parametrize("name", KNOWN)
def test_a_number_that_is_not_known_refuses_the_order_and_halts_nothing(name):
    refused = answer(SHORTS, **{**KNOWN[name], name: NAN})
    assert "not known" in refused
    assert refused.state is RiskState.ACTIVE


def test_day_trades_that_are_not_known_refuse():
    refused = answer({"pdt_regime": "legacy"}, **SMALL_ORDER, day_trades=NAN)
    assert refused.limit == "pdt"


WORST = {
    "equity": -1.0,
    "orders_today": 10_000,
    "orders_last_minute": 10_000,
    "feed_age": 1e9,
    "clock_skew": 1e9,
    "minutes_to_close": 0.0,
    "trading_halt": "halted",
    "buying_power": -1.0,
    "opposite_units": 1e9,
    "average_volume": 0.0,
    "same_intent_age": 0.0,
    "multiplier": NAN,
}


@pytest.mark.parametrize("side", [1, -1])
@pytest.mark.parametrize("quantity", [1.0, 100.0])
def test_a_position_can_always_be_reduced(side, quantity):
    held = {"position": -100.0 * side, "side": side, "quantity": quantity, "opens": False}
    assert answer(**WORST, **held) is None
    assert answer(**WORST, **{**held, "quantity": 100.1}) is not None
    assert answer(**WORST, **{**held, "opens": True}) is not None
    assert answer(**WORST, **{**held, "position": 100.0 * side}) is not None


def test_numbers_that_look_alike_in_cents_are_told_in_full():
    refused = answer(quantity=1.0, reference_price=5_000.001, ask=5_000.0)
    assert refused == "order_notional: order of 5,000.001 is above 5,000.0"


def test_a_refusal_is_a_sentence_of_one_line():
    refused = build().check(*question(quantity=246.912))
    assert refused == "order_notional: order of 12,345.60 is above 5,000.00"
    assert ORDER.quantity == 100.0
