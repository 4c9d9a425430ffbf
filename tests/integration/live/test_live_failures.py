"""A live session of which a thread fails or hangs: halted at once, and its entries cancelled."""

import signal
from contextlib import closing, nullcontext
from datetime import date
from functools import partial
from threading import Event

import pytest
from recorded_sessions import DAY
from scripted_scenes import Scene

from mismartera_core import (
    BrokerError,
    PortfolioStrategy,
    RiskState,
    RiskStop,
    Side,
    Strategy,
    StrategyError,
    VenueStatus,
)
from mismartera_core.config.settings import load_settings
from mismartera_core.errors import ConfigError, UsageError
from mismartera_core.managers.execution_manager.risk_control import RiskControl
from mismartera_core.repositories.account_lease import AccountLease
from mismartera_core.repositories.database import open_database
from mismartera_core.repositories.journal_states import StateStore
from mismartera_core.system import session as session_module
from mismartera_core.system import stuck as stuck_module
from mismartera_core.system import system_manager
from mismartera_core.system.interruption import Interruption, Terminated
from mismartera_core.system.kept_targets import PLAN
from mismartera_core.system.stuck import stuck
from mismartera_core.testing import Answer


@pytest.fixture
def scene(live, tmp_path):
    return Scene(live, tmp_path)


def test_a_thread_that_raises_halts_the_account(scene):
    def fails():
        raise StrategyError("no such thing")

    scene.go_wrong = fails
    with pytest.raises(StrategyError, match="no such thing"):
        scene.session.run()
    kept = scene.files.load_risk_state()
    assert (kept.state, kept.limit) == (RiskState.HALTED, "failure")
    assert "AnalysisEngine failed: no such thing" in kept.reason
    assert scene.entries() == {VenueStatus.CANCELLED}


def test_a_thread_that_hangs_halts_the_account_and_shows_where_it_hangs(scene, monkeypatch):
    monkeypatch.setattr(system_manager, "stuck", partial(stuck, seconds=2.0))
    kept = scene.files.folder / "stacks.log"
    never, noticed = Event(), []

    def hangs():
        for _ in range(600):
            if scene.entries() == {VenueStatus.CANCELLED} and kept.exists():
                noticed.append(scene.files.load_risk_state().limit)
                return
            never.wait(0.1)

    scene.go_wrong = hangs
    with pytest.raises(RiskStop, match="AnalysisEngine has been at one piece of work for"):
        scene.session.run()
    assert noticed[0] == "stuck"
    assert "Thread AnalysisEngine:" in kept.read_text()
    assert "never.wait(0.1)" in kept.read_text()


def test_a_session_that_is_told_to_end_halts_what_it_leaves_behind(scene, monkeypatch):
    monkeypatch.setattr(stuck_module, "DRAIN", 0.2)
    halted, asked = Event(), Interruption()

    def hangs():
        asked.heard(signal.SIGTERM)
        halted.wait(60)

    monkeypatch.setattr(session_module, "heeded", lambda: nullcontext(asked))
    escalate = RiskControl.halt
    monkeypatch.setattr(RiskControl, "halt", lambda *words: (escalate(*words), halted.set())[0])
    scene.go_wrong = hangs
    with pytest.raises(Terminated):
        scene.session.run()
    kept = scene.files.load_risk_state()
    assert kept.reason == "AnalysisEngine did not end within 0.2 s and is left behind"
    assert scene.entries() == {VenueStatus.CANCELLED}


class StaysIn(Strategy):
    """Holds a share; goes flat by the close because its config says so."""

    def on_bar(self, bar):
        if self.position.is_flat:
            self.buy(1)
            self.scene.venue.fill(self.symbol, price=str(bar.close))


def test_a_position_that_cannot_be_left_by_the_close_is_tried_three_times(live, tmp_path):
    scene = Scene(live, tmp_path, StaysIn, script=live.script(390), flat_by_close=5)
    submit = scene.venue.submit

    def no_exits(terms):
        if terms.side is Side.SELL:
            scene.venue.script(Answer.REFUSE)
        return submit(terms)

    scene.venue.submit = no_exits
    with pytest.raises(RiskStop, match="cannot be left, after 3 orders"):
        scene.session.run()
    assert [t.symbol for t in scene.venue.sent if t.side is Side.SELL].count("AAPL") == 3
    assert scene.files.load_risk_state().limit == "liquidation"


class Silent(PortfolioStrategy):
    """Wants nothing; what an earlier process wanted is what there is."""

    targets = "shares"


@pytest.mark.parametrize(
    ("day", "bought"), [(DAY, [("AAPL", 1), ("IBM", 2)]), (date(2012, 10, 1), [])]
)
def test_a_portfolio_goes_on_with_the_targets_of_before(live, tmp_path, day, bought):
    with closing(open_database(load_settings().database_url)) as database:
        plan = {"session": day.isoformat(), "units": {"AAPL": 1, "IBM": 2}}
        StateStore(database).save_strategy_state("PA1", "mine", PLAN, plan, 1)
    scene = Scene(live, tmp_path, Silent)
    submit = scene.venue.submit

    def fills(terms):
        scene.venue.script(Answer.FILL_FIRST)
        return submit(terms)

    scene.venue.submit = fills
    scene.session.run()
    buys = [(t.symbol, int(t.quantity)) for t in scene.venue.sent if t.side is Side.BUY]
    assert buys == bought


def test_a_second_session_of_an_account_sends_nothing_and_says_who_is_first(scene, tmp_path):
    lease = AccountLease(tmp_path / "locks", "PA1", "the first")
    with pytest.raises(BrokerError, match="run the first") as refused:
        scene.session.run()
    lease.release()
    assert (refused.value.exit_code, scene.venue.sent) == (5, [])


def test_a_paper_account_is_not_traded_as_one_with_real_money(scene):
    scene.session._allowed = "PA1"
    with pytest.raises(UsageError, match="is a paper account"):
        scene.session.run()
    assert scene.venue.sent == []


def test_extended_hours_at_a_venue_that_has_none_do_not_begin(scene):
    config = scene.session.config
    data = config.session_data_config.model_copy(update={"hours": "extended"})
    scene.session.config = config.model_copy(update={"session_data_config": data})
    with pytest.raises(ConfigError, match="fills nothing outside of regular hours"):
        scene.session.run()
    assert scene.venue.sent == []
