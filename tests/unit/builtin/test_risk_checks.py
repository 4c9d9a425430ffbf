import math
from dataclasses import fields, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mismartera_core import AccountView, OrderRequest
from mismartera_core.registry import Registry, config_model, resolve_attribute

REQUEST = OrderRequest(
    strategy="sma_cross", symbol="AAPL", side=1, quantity=100, reference_price=50.0, opens=True
)
ACCOUNT = AccountView(
    equity=100_000.0,
    cash=100_000.0,
    day_start_equity=100_000.0,
    position=0.0,
    gross_exposure=0.0,
    open_positions=0,
    orders_today=0,
    minutes_since_open=60.0,
    minutes_to_close=60.0,
)
REGISTRY = Registry.from_modules({})
CONFIGS = {
    "max_order_notional": {"limit": 10_000},
    "max_position_notional": {"limit": 10_000},
    "max_open_positions": {"limit": 2},
    "max_orders_per_session": {"limit": 5},
    "max_daily_loss": {"limit": 1_000},
    "trading_window": {"after_open": 5, "before_close": 10},
}


def build(name, **config):
    """A check as the host builds it."""
    record = REGISTRY.get("risk_check", name)
    found = config_model(record)(**(config or CONFIGS[name]))
    return resolve_attribute(record.factory)(found, None)


def verdict(name, request=None, account=None, **config):
    order, view = replace(REQUEST, **(request or {})), replace(ACCOUNT, **(account or {}))
    return build(name, **config).check(order, view)


def test_every_registered_check_is_tested_here():
    here = {record.name for record in REGISTRY.records("risk_check")} - {"standard"}
    assert here == set(CONFIGS)  # `standard` has files of its own


@pytest.mark.parametrize(
    ("name", "request_", "account", "reason"),
    [
        ("max_order_notional", {"quantity": 200}, {}, None),
        ("max_order_notional", {"quantity": 246.912}, {}, "order of 12,345.60 is above 10,000.00"),
        (
            "max_order_notional",
            {"quantity": 1, "reference_price": 10_000.001},
            {},
            "order of 10,000.001 is above 10,000.0",
        ),
        ("max_position_notional", {}, {"position": 100}, None),
        (
            "max_position_notional",
            {},
            {"position": 101},
            "position of 10,050.00 is above 10,000.00",
        ),
        ("max_position_notional", {"side": -1, "quantity": 300}, {"position": 100}, None),
        (
            "max_position_notional",
            {"side": -1, "quantity": 301},
            {"position": 100},
            "position of 10,050.00 is above 10,000.00",
        ),
        ("max_open_positions", {}, {"open_positions": 1}, None),
        ("max_open_positions", {}, {"open_positions": 2}, "AAPL would be position 3 of at most 2"),
        ("max_open_positions", {}, {"open_positions": 2, "position": 10}, None),
        ("max_orders_per_session", {}, {"orders_today": 4}, None),
        ("max_orders_per_session", {}, {"orders_today": 5}, "order 6 of the session, at most 5"),
        ("max_daily_loss", {}, {"equity": 99_000.01}, None),
        (
            "max_daily_loss",
            {},
            {"equity": 98_999},
            "loss of the day is 1,001.00, entries end at 1,000.00",
        ),
        ("trading_window", {}, {"minutes_since_open": 5}, None),
        (
            "trading_window",
            {},
            {"minutes_since_open": 4.5},
            "4.5 min after the open, entries begin at 5",
        ),
        ("trading_window", {}, {"minutes_to_close": 10.5}, None),
        (
            "trading_window",
            {},
            {"minutes_to_close": 10},
            "10 min before the close, entries end at 10",
        ),
    ],
)
def test_a_refusal_states_the_numbers_that_decided_it(name, request_, account, reason):
    assert verdict(name, request_, account) == reason


EXHAUSTED = {
    "position": 1_000.0,
    "equity": 50_000.0,
    "open_positions": 9,
    "orders_today": 99,
    "minutes_since_open": 0.0,
    "minutes_to_close": 0.0,
}


@pytest.mark.parametrize("name", CONFIGS)
def test_a_position_can_always_be_reduced(name):
    closing = {"side": -1, "quantity": 1_000.0, "opens": False}
    assert verdict(name, closing, EXHAUSTED) is None
    assert verdict(name, {**closing, "quantity": 5_000.0, "opens": True}, EXHAUSTED) is not None
    mirrored = {**EXHAUSTED, "position": -1_000.0}
    assert verdict(name, {**closing, "side": 1}, mirrored) is None


@pytest.mark.parametrize("name", CONFIGS)
def test_the_position_decides_what_reduces_not_the_word_of_the_request(name):
    liar = {"side": 1, "quantity": 1_000.0, "opens": False}
    assert verdict(name, liar, {**EXHAUSTED, "position": 0.0}) is not None


NUMBERS = [
    (kind, field.name)
    for kind, value in (("request", REQUEST), ("account", ACCOUNT))
    for field in fields(value)
    if isinstance(getattr(value, field.name), int | float)
    and not isinstance(getattr(value, field.name), bool)
]


@pytest.mark.parametrize("name", CONFIGS)
@pytest.mark.parametrize(("kind", "field"), NUMBERS)
@pytest.mark.parametrize("opens", [True, False])
def test_an_unknown_number_lets_no_order_through(name, kind, field, opens):
    request, account = {"opens": opens}, {"position": 0.0 if opens else -100.0}
    assert verdict(name, request, account) is None
    (request if kind == "request" else account)[field] = math.nan
    assert verdict(name, request, account) == f"{field.replace('_', ' ')} is not known"


anything = st.floats(allow_nan=True, allow_infinity=True)
sizes = st.floats(0, 1e6) | anything
counts = st.integers(0, 20)
requests = st.builds(
    OrderRequest,
    strategy=st.just("any"),
    symbol=st.just("AAPL"),
    side=st.sampled_from([1, -1]),
    quantity=sizes,
    reference_price=sizes,
    opens=st.booleans(),
)
accounts = st.builds(
    AccountView,
    equity=sizes,
    cash=sizes,
    day_start_equity=sizes,
    position=st.just(0.0) | st.floats(-1e4, 1e4) | anything,
    gross_exposure=sizes,
    open_positions=counts,
    orders_today=counts,
    minutes_since_open=st.floats(-60, 800) | anything,
    minutes_to_close=st.floats(-60, 800) | anything,
)
amounts = st.floats(0.01, 1e7)
small = st.integers(1, 20)
limits = {
    "max_order_notional": st.fixed_dictionaries({"limit": amounts}),
    "max_position_notional": st.fixed_dictionaries({"limit": amounts}),
    "max_open_positions": st.fixed_dictionaries({"limit": small}),
    "max_orders_per_session": st.fixed_dictionaries({"limit": small}),
    "max_daily_loss": st.fixed_dictionaries({"limit": amounts}),
    "trading_window": st.fixed_dictionaries(
        {"after_open": st.floats(0, 1440), "before_close": st.floats(0, 1440)}
    ),
}


def within(name, config, request, account):
    """Whether what the order leads to is within the limit, said once more in plain words."""
    after = account.position + request.side * request.quantity
    limit = config.get("limit")
    return {
        "max_order_notional": lambda: abs(request.quantity * request.reference_price) <= limit,
        "max_position_notional": lambda: abs(after * request.reference_price) <= limit,
        "max_open_positions": lambda: account.open_positions + (account.position == 0) <= limit,
        "max_orders_per_session": lambda: account.orders_today < limit,
        "max_daily_loss": lambda: account.day_start_equity - account.equity < limit,
        "trading_window": lambda: (
            account.minutes_since_open >= config["after_open"]
            and account.minutes_to_close > config["before_close"]
        ),
    }[name]()


def reduces(request, account):
    after = account.position + request.side * request.quantity
    return (
        account.position != 0
        and after * account.position >= 0
        and abs(after) <= abs(account.position)
    )


@pytest.mark.parametrize("name", limits)
@given(data=st.data())
@settings(max_examples=100)
def test_no_input_passes_above_a_limit(name, data):
    config = data.draw(limits[name])
    request, account = data.draw(requests), data.draw(accounts)
    if build(name, **config).check(request, account) is None:
        assert within(name, config, request, account) or reduces(request, account)


@pytest.mark.parametrize("name", limits)
@given(data=st.data())
@settings(max_examples=100)
def test_a_tighter_limit_never_allows_more(name, data):
    loose, other = data.draw(limits[name]), data.draw(limits[name])
    tight = {key: (min if key == "limit" else max)(loose[key], other[key]) for key in loose}
    request, account = data.draw(requests), data.draw(accounts)
    if build(name, **tight).check(request, account) is None:
        assert build(name, **loose).check(request, account) is None


@pytest.mark.parametrize("name", CONFIGS)
@pytest.mark.parametrize("value", [-1, "NaN", True, None])
def test_a_limit_is_a_number_that_makes_sense(name, value):
    model = config_model(REGISTRY.get("risk_check", name))
    for key in CONFIGS[name]:
        with pytest.raises(ValueError, match=key):
            model(**{**CONFIGS[name], key: value})


@pytest.mark.parametrize("name", CONFIGS)
def test_no_limit_has_a_hidden_default(name):
    fields_ = config_model(REGISTRY.get("risk_check", name)).model_fields.values()
    assert all(part.is_required() and part.description for part in fields_)
