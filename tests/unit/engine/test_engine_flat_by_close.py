"""From flat by close until the session ends: nothing but `close()`, and every no has its reason."""

from __future__ import annotations

import numpy as np
import pytest
from bars import frame, session_index
from engine_eyes import STEPS, run

from mismartera_core import PortfolioStrategy, Signals, SignalStrategy, Strategy

WAYS = [{}, STEPS]
REASON = "flat by close: nothing but close() until the next session"
DAYS = ["2024-07-01", "2024-07-02"]


def quiet(silent=()):
    """Two days of equal bars; nothing trades in the minutes named."""
    bars = frame(
        session_index(DAYS[0]).append(session_index(DAYS[1])), [(100, 101, 99, 100, 9)] * 780
    )
    bars.loc[bars.index.strftime("%H:%M").isin(silent), "volume"] = 0
    return bars


def refused(run_):
    rows = run_.signals[run_.signals["status"] == "rejected"]
    times = rows["submitted_at"].dt.strftime("%d %H:%M")
    return list(zip(times, rows["side"], rows["quantity"], rows["reason"], strict=True))


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_nothing_beside_the_closing_order_can_turn_the_position_over(way):
    tickets = []

    class Nervous(Strategy):
        def on_bar(self, bar):
            at = f"{self.now:%H:%M}"
            if at == "10:00":
                self.buy(5)
            elif at == "15:52":  # the closing order still waits: nothing has traded since 15:50
                tickets.extend([self.close(), self.close(), *self.orders])
                self.sell(5)
                self.sell(2, limit=90)
                self.cancel()
                self.cancel(tickets[0])
                tickets.extend(self.orders)

    run_ = run(quiet(["15:50", "15:51", "15:52"]), Nervous, flat_by_close=10, **way)
    assert refused(run_)[:2] == [("01 15:52", "sell", 5, REASON), ("01 15:52", "sell", 2, REASON)]
    assert len(set(map(id, tickets[:4]))) == 1, "close() and the orders are the one closing order"
    signed = run_.fills["quantity"].where(run_.fills["side"] == "buy", -run_.fills["quantity"])
    assert signed.tolist() == [5, -5, 5, -5]
    closed = run_.fills[run_.fills["side"] == "sell"]["bar"].dt.strftime("%H:%M")
    assert closed.tolist() == ["15:53", "15:53"]


class Columns(SignalStrategy):
    """Long at all times, short in the last three minutes."""

    def signals(self, bars, indicators):
        minute = bars.available_at // 60_000_000_000 % 1440
        return Signals(np.where(minute >= 19 * 60 + 57, -3.0, 3.0))


class Rows(PortfolioStrategy):
    """The same, step by step."""

    targets = "shares"

    def on_step(self, step):
        return np.where(np.ones(1) * (f"{self.now:%H:%M}" >= "15:57"), -3.0, 3.0)


class Weights(PortfolioStrategy):
    """The same, as weights that come to new numbers of units at every step."""

    targets = "weights"

    def on_step(self, step):
        side = -1 if f"{self.now:%H:%M}" >= "15:57" else 1
        return np.array([side * (0.5 + step.index / 1000)])


@pytest.mark.parametrize("way", WAYS, ids=str)
@pytest.mark.parametrize("strategy", [Columns, Rows, Weights])
def test_a_target_that_is_not_followed_is_a_signal_with_a_reason(strategy, way):
    run_ = run(quiet(), strategy, flat_by_close=10, **way)
    rows = refused(run_)
    assert [(at, side, reason) for at, side, _, reason in rows] == [
        ("01 15:50", "buy", REASON),
        ("01 15:57", "sell", REASON),
        ("02 15:50", "buy", REASON),
        ("02 15:57", "sell", REASON),
    ]
    if strategy is not Weights:
        assert {units for _, _, units, _ in rows} == {3.0}
    signed = run_.fills["quantity"].where(run_.fills["side"] == "buy", -run_.fills["quantity"])
    assert (signed.groupby(run_.fills["filled_at"].dt.date).sum() == 0).all()
    assert run_.fills["filled_at"].dt.strftime("%H:%M").max() == "15:51"
