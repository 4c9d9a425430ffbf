"""A run's decisions are in its folder and read back; a run that ends halted says so."""

import json
from pathlib import Path

import pandas as pd
import pytest
from engine_sessions import session

from mismartera_core import RiskStop, Strategy, load_run
from mismartera_core.cli.app import run_command

ROOT = Path(__file__).parents[3]
WIDE = {"order_notional": None, "order_notional_percent": None, "position_percent": None}
SMALL = {"order_notional": 500.0, "order_volume_percent": None}


class TooMuch(Strategy):
    """Asks for a position that is too large, then for one that is not."""

    def on_bar(self, bar):
        if self.position.is_flat and not self.orders:
            self.buy(100)
            self.buy(2)


def run(tmp_path, monkeypatch, **config):
    monkeypatch.setenv("MISMARTERA_RUNTIME_DIR", str(tmp_path))
    risk = [{"name": "standard", "config": {**SMALL, **config}}]
    return session(TooMuch, risk=risk).run()


def test_decisions_are_written_and_read_back(tmp_path, monkeypatch):
    done = run(tmp_path, monkeypatch)
    table = done.decisions
    assert "order_notional" in set(table["limit"])
    assert (table["check"] == "standard").all()
    assert (table[table["limit"] == "order_notional"]["found"] > 500.0).all()
    csv = pd.read_csv(done.folder / "decisions.csv")
    assert csv["reason"].tolist() == table["reason"].tolist()
    parquet = pd.read_parquet(done.folder / "decisions.parquet")
    assert parquet["allowed"].equals(table["allowed"])
    back = load_run(done.folder)
    pd.testing.assert_frame_equal(back.decisions, table)


def test_a_run_without_risk_has_no_decisions(tmp_path, monkeypatch):
    monkeypatch.setenv("MISMARTERA_RUNTIME_DIR", str(tmp_path))
    done = session(TooMuch).run()
    assert len(done.decisions) == 0
    assert len(load_run(done.folder).decisions) == 0


def test_day_is_flat_before_the_close_and_swing_stays(tmp_path, monkeypatch):
    flat = run(tmp_path, monkeypatch).trades
    assert (flat["status"] == "closed").all()
    minutes = [(t.hour, t.minute) for t in flat["exit_time"]]
    assert set(minutes) == {(15, 56)}  # asked for at 15:55, filled by the next bar
    assert (run(tmp_path, monkeypatch, style="swing").trades["status"] == "open").all()


def test_a_halted_run_ends_with_code_6_and_keeps_what_was_computed(tmp_path, monkeypatch, capsys):
    with pytest.raises(RiskStop) as stopped:
        run(tmp_path, monkeypatch, orders_per_day=1)
    assert stopped.value.exit_code == 6
    done = load_run("@last", tmp_path / "runs")
    assert done.summary["error"].startswith("halted by risk: standard: orders_per_day: 2 orders")
    assert "halted" in set(done.decisions["verdict"])


def test_the_command_ends_with_code_6(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("MISMARTERA_RUNTIME_DIR", str(tmp_path))
    risk = [{"name": "standard", "config": {"orders_per_day": 1, **WIDE}}]
    words = [str(ROOT / "session_configs/opening_range.json"), "--set", f"risk={json.dumps(risk)}"]
    assert run_command(["run", *words, "--json"]) == 6
    said = json.loads(capsys.readouterr().err.splitlines()[-1])
    assert said["error"]["kind"] == "RiskStop"
