"""What a strategy saves it has again in the next process."""

import logging
from datetime import date
from types import SimpleNamespace

import numpy as np
import pytest
import sqlalchemy as sa

from mismartera_core import PortfolioStrategy, Strategy, StrategyError
from mismartera_core.managers.execution_manager.risk_control import RiskControl
from mismartera_core.repositories.database import open_database
from mismartera_core.repositories.journal_states import StateStore
from mismartera_core.system.strategy_states import StrategyStates
from mismartera_core.threads.replay.portfolio import PortfolioUnit
from mismartera_core.threads.replay.unit import Unit

FRAME = SimpleNamespace(opens=True, day=date(2026, 1, 5))


class Counts(Strategy):
    bars = 0

    def save_state(self):
        return {"bars": self.bars} if self.bars else {}

    def load_state(self, state):
        self.bars = state["bars"]


class Whole(PortfolioStrategy):
    def save_state(self):
        return {"weights": (0.5, 0.5)}

    def load_state(self, state):
        self.loaded = state


class Player:
    """Plays nothing, and says so."""

    notes = ("nothing",)

    def __init__(self):
        self.calls = []

    def play(self, frame):
        self.calls.append("play")
        return 7

    def news(self, now_ns):
        self.calls.append("news")
        return True

    def interrupt(self):
        self.calls.append("interrupt")

    def finish(self):
        self.calls.append("finish")


def unit(strategy, symbol="AAPL"):
    """A unit of the engine that has nothing but its strategy."""
    whole = isinstance(strategy, PortfolioStrategy)
    given = {"memory": ("one", symbol, strategy)}
    if whole:
        given |= {"execution": SimpleNamespace(quantities=np.zeros(1)), "symbols": ("AAPL",)}
        given["name"] = "one"
    return object.__new__(type("Bare", (PortfolioUnit if whole else Unit,), given))


def made(cls):
    return object.__new__(cls)


@pytest.fixture
def store(tmp_path):
    database = open_database(f"sqlite:///{tmp_path / 'states.db'}")
    yield StateStore(database)
    database.close()


def player(store, *units):
    return StrategyStates(store, "PA1", lambda: 5, RiskControl()).player(Player(), units)


def test_it_is_loaded_before_the_first_frame_and_kept_after_each(store):
    first, whole = made(Counts), made(Whole)
    one = player(store, unit(first), unit(whole, ""))
    assert store.load_strategy_state("PA1", "one", "") is None
    one.news(1)
    assert store.load_strategy_state("PA1", "one", "AAPL") is None
    first.bars = 3
    assert one.play(FRAME) == 7
    first.bars = 4
    assert one.news(1)
    again, whole = made(Counts), made(Whole)
    player(store, unit(again), unit(whole, "")).play(FRAME)
    assert (again.bars, whole.loaded) == (4, {"weights": [0.5, 0.5]})


def test_what_has_not_changed_is_not_written_again(store, monkeypatch):
    written = []
    save = StateStore.save_strategy_state
    monkeypatch.setattr(
        StateStore, "save_strategy_state", lambda *args: written.append(args) or save(*args)
    )
    strategy = made(Counts)
    strategy.bars = 3
    one = player(store, unit(strategy))
    one.play(FRAME), one.play(FRAME), one.news(1)
    assert len(written) == 1


def test_the_player_within_is_asked_for_the_rest(store):
    one = player(store, unit(made(Counts)))
    one.interrupt(), one.finish()
    assert (one.notes, one._player.calls) == (("nothing",), ["interrupt", "finish"])


def test_strategies_without_state_cost_nothing(store):
    one = player(store, unit(made(Strategy)), object())
    assert isinstance(one, Player)
    assert made(Strategy).save_state() == made(PortfolioStrategy).save_state() == {}
    assert made(Strategy).load_state({}) is made(PortfolioStrategy).load_state({}) is None


def test_a_journal_that_fails_is_tried_again(store, caplog):
    strategy = made(Counts)
    strategy.bars = 3
    one = player(store, unit(strategy))
    with store._database.engine.connect() as connection:
        connection.execute(sa.text("PRAGMA query_only = ON"))
    with caplog.at_level(logging.WARNING):
        one.play(FRAME)
    assert "is not kept" in caplog.text
    with store._database.engine.connect() as connection:
        connection.execute(sa.text("PRAGMA query_only = OFF"))
    one.play(FRAME)
    assert store.load_strategy_state("PA1", "one", "AAPL") == {"bars": 3}


@pytest.mark.parametrize("state", [{"a": object()}, {"a": float("inf")}])
def test_a_state_that_json_cannot_hold_is_the_strategy_s_error(store, state):
    strategy = made(type("Odd", (Counts,), {"save_state": lambda self: state}))
    with pytest.raises(StrategyError, match=r"'one' on AAPL raised .* in save_state"):
        player(store, unit(strategy)).play(FRAME)


def test_a_state_that_a_strategy_does_not_take_is_its_error(store):
    store.save_strategy_state("PA1", "one", "AAPL", {"days": 1}, 1)
    with pytest.raises(StrategyError, match="raised KeyError in load_state"):
        player(store, unit(made(Counts))).play(FRAME)
