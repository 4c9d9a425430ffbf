"""What is done becomes columns between sessions, and nothing of a result changes."""

import json

import numpy as np
import pytest
from bars import day_session, random_walk, tuples
from engine_runs import registry, run_engine

from mismartera_core import PortfolioStrategy, Run, Strategy, backtest
from mismartera_core.managers.execution_manager import ledger
from mismartera_core.repositories import run_folder
from mismartera_core.repositories.run_folder import create_run_folder, start_run
from mismartera_core.services import round_trips
from mismartera_core.system import run as run_module
from mismartera_core.system.run import save_run

DAYS = ["2024-07-01", "2024-07-02", "2024-07-03", "2024-07-05"]
TABLES = ("fills", "orders", "signals", "trades", "equity")


class Busy(Strategy):
    """Orders that fill, that are refused, that expire, and that work over sessions."""

    def on_session_start(self):
        self.buy(3, limit=1.0, time_in_force="gtc", tag="never")

    def on_bar(self, bar):
        if self.position.is_flat:
            self.buy(10, stop_loss=bar.close * 0.998, take_profit=bar.close * 1.002)
        elif bar.volume > 600:
            self.buy(-1)
        elif bar.volume < 300:
            self.sell(2, limit=bar.close * 1.001)


class Weights(PortfolioStrategy):
    """Moves between its symbols every few minutes."""

    targets = "shares"

    def on_step(self, step):
        turn = self.now.minute // 7 % 2
        return np.array([5.0 * turn, 5.0 * (1 - turn)])


@pytest.mark.parametrize(
    "strategies", [[Busy], [Weights], [Busy, Weights]], ids=["events", "portfolio", "both"]
)
def test_results_are_the_same_settled_or_not(strategies, monkeypatch):
    bars = {s: tuples(random_walk(DAYS, seed=i, minutes=60)) for i, s in enumerate(("A", "B"))}
    work = (bars, [day_session(day)[::2] for day in DAYS], {c.__name__: c for c in strategies})
    kept = Run(run_engine(*work))
    monkeypatch.setattr(ledger, "SETTLE_AT", 1)
    settled = Run(run_engine(*work))
    assert settled.trade_hash == kept.trade_hash
    assert len(kept.fills) > 20
    for table in TABLES:
        assert getattr(settled, table).equals(getattr(kept, table)), table


def test_the_run_folder_is_the_same_settled_or_not(tmp_path, monkeypatch):
    bars = {s: tuples(random_walk(DAYS, seed=i, minutes=60)) for i, s in enumerate(("A", "B"))}
    work = (bars, [day_session(day)[::2] for day in DAYS], {"Busy": Busy})
    files = {}
    for name, settle_at, rows in (("kept", 1_000_000, 16_384), ("settled", 1, 7)):
        monkeypatch.setattr(ledger, "SETTLE_AT", settle_at)
        monkeypatch.setattr(run_module, "PART_ROWS", rows)
        monkeypatch.setattr(round_trips, "PART", rows)
        folder = create_run_folder(tmp_path, name)
        start_run(folder, {}, {})
        save_run(Run(run_engine(*work)), folder, {})
        files[name] = {t: (folder / f"{t}.csv").read_text() for t in run_folder.TABLES}
        files[name]["figures"] = json.loads((folder / "summary.json").read_text())["profit_factor"]
    assert files["settled"] == files["kept"]
    assert files["kept"]["trades"].count("\n") > 20


def test_only_orders_that_still_work_stay_objects(monkeypatch):
    bars = random_walk(DAYS, seed=1, minutes=60)
    seen = []

    class Watching(Busy):
        def on_session_start(self):
            super().on_session_start()
            seen.append([order.tag for order in self._host.desk.execution.ledger.orders])

    monkeypatch.setattr(ledger, "SETTLE_AT", 1)
    backtest(bars, Watching, registry=registry())
    assert [len(tags) for tags in seen] == [1, 2, 3, 4]
    assert {tag for tags in seen for tag in tags} == {"never"}
