"""The risk checks of a run: `standard` cannot be skipped live, and no limit removed."""

from types import SimpleNamespace

import pytest

from mismartera_core import ConfigError
from mismartera_core.registry import Registry, config_model
from mismartera_core.services.config_resolution import Choice
from mismartera_core.system.risk_block import flat_minutes, risk_checks, volume_of_risk

REGISTRY = Registry.from_modules({})


def checks(mode, *named):
    """The checks of a config that names some."""
    chosen = []
    for name, config in named:
        record = REGISTRY.get("risk_check", name)
        chosen.append(Choice(record, config_model(record)(**config)))
    resolved = SimpleNamespace(risk=tuple(chosen) or None)
    return risk_checks(SimpleNamespace(mode=mode), resolved, None)


PLAIN = ("max_open_positions", {"limit": 3})


def test_a_backtest_is_held_to_what_it_names():
    assert checks("backtest") == ()
    assert [name for name, _ in checks("backtest", PLAIN)] == ["max_open_positions"]
    assert [name for name, _ in checks("backtest", ("standard", {"positions": None}))]


def test_a_live_session_is_held_to_standard_whatever_it_names():
    (_, standard) = checks("live")[-1]
    assert standard.config.order_notional == 5_000.0
    assert [name for name, _ in checks("live", PLAIN)] == ["max_open_positions", "standard"]
    (only,) = checks("live", ("standard", {"positions": 3}))
    assert only[1].config.positions == 3


@pytest.mark.parametrize(
    ("off", "told"),
    [
        (("positions",), "positions is null"),
        (("positions", "feed_seconds"), "feed_seconds are null"),
    ],
)
def test_a_live_session_may_change_a_limit_and_not_remove_it(off, told):
    with pytest.raises(ConfigError, match=f"not remove it, and .*{told}"):
        checks("live", ("standard", dict.fromkeys(off)))


def test_what_the_checks_want_of_the_run():
    assert flat_minutes(checks("live")) == 5
    swing = ("standard", {"style": "swing"})
    assert flat_minutes(checks("live", swing)) is None
    assert flat_minutes(checks("backtest", PLAIN)) is None
    assert volume_of_risk(checks("backtest", PLAIN), 3) == {}
    (wanted,) = volume_of_risk(checks("live"), 3).values()
    assert (wanted.days, wanted.symbols) == (20, (0, 1, 2))
