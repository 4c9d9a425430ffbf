"""`replay`, `parity` and `why`, as they are typed."""

from __future__ import annotations

import json

import pytest
from live_sessions import MINUTE, SECOND
from recorded_sessions import RISK, Crosses

from mismartera_core.cli import main
from mismartera_core.registry import Registry
from mismartera_core.repositories.recording import FILE


@pytest.fixture
def typed(monkeypatch, capsys):
    """Run a command with the plugins of a session: `code, out, err = typed(session, "replay")`."""
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "200")

    def run(session, *words):
        monkeypatch.setattr(Registry, "discover", lambda **_: session.registry)
        code = main([str(word) for word in words])
        out, err = capsys.readouterr()
        return code, out, err

    return run


@pytest.fixture
def ran(live):
    """A recorded session."""
    made = live()
    made.run()
    return made


def test_a_replay_says_that_it_is_the_same(ran, typed):
    code, out, err = typed(ran, "replay")
    assert (code, err) == (0, "")
    assert "the same bit for bit" in out
    answer = json.loads(
        typed(ran, "replay", "@last", "--json")[1]
    )  # a replay's last is its session
    assert (answer["run"], answer["same"], answer["torn_bytes"]) == (ran.folder.name, True, 0)
    assert answer["difference"] is None


def test_a_replay_that_is_not_the_same_is_exit_code_1_and_says_where(ran, typed, monkeypatch):
    monkeypatch.setattr(Crosses, "on_bar", lambda self, bar: None)
    code, out, _ = typed(ran, "replay")
    assert code == 1
    assert "not the same: signals: the session has" in out
    assert json.loads(typed(ran, "replay", "--json")[1])["same"] is False


def test_parity_without_a_difference_is_exit_code_0(ran, typed):
    code, out, err = typed(ran, "parity")
    assert (code, err) == (0, "")
    assert "no difference" in out
    answer = json.loads(typed(ran, "parity", "--json")[1])
    assert (answer["same"], answer["differences"]) == (True, [])
    assert answer["orders"] == answer["backtest_orders"] == answer["paired"] > 4
    assert answer["trade_hash"] == answer["backtest_trade_hash"]
    kept = json.loads((ran.folder / "parity.json").read_text())
    assert kept["differences"] == []


def test_parity_with_differences_is_exit_code_1_and_lists_them(live, typed):
    made = live(seed=1)
    made.run()
    code, out, _ = typed(made, "parity")
    answer = json.loads(typed(made, "parity", "--json")[1])
    assert code == 1
    assert f"{len(answer['differences'])} differences" in out
    assert answer["differences"][0]["cause"] in out
    rows = (made.folder / "parity.csv").read_text().splitlines()
    assert len(rows) == len(answer["differences"]) + 1


@pytest.mark.parametrize("command", [("replay",), ("parity",)])
def test_a_run_that_was_not_recorded_is_told(ran, typed, command):
    (ran.folder / FILE).unlink()
    code, out, err = typed(ran, *command)
    assert (code, out) == (3, "")
    assert "only live sessions are recorded" in err


def asked(made, column):
    """A row of the session's signals in which something is the case."""
    signals = made.run().signals
    return signals[(signals["parent_id"] == 0) & column(signals)].iloc[0]


def why(typed, made, symbol, at):
    code, out, err = typed(made, "why", "--symbol", symbol, "--at", f"{at:%H:%M}", "--json")
    assert (code, err) == (0, "")
    return json.loads(out)


def test_why_names_a_trade_and_the_values_it_was_decided_on(live, typed):
    made = live()
    row = asked(made, lambda s: s["outcome"] == "filled")
    found = why(typed, made, row["symbol"], row["submitted_at"])
    assert found["verdict"].startswith(f"there was a trade: {row['side']} 5 market at ")
    assert {"mean(length=5) on 1m: value", "mean(length=6) on 5m: value"} < set(found["values"])
    fast, slow = (found["values"][f"mean(length={n}) on 1m: value"] for n in (5, 20))
    assert (fast > slow) or row["side"] == "sell"
    assert found["values_from"].startswith("the recording")
    assert found["signals"][0]["order_id"] == row["order_id"]


def test_why_names_the_risk_check_with_its_numbers(live, typed):
    small = {"name": "max_order_notional", "config": {"limit": 100}}
    made = live(risk=[small, *RISK])
    row = asked(made, lambda s: s["reason"].str.startswith("risk"))
    found = why(typed, made, row["symbol"], row["submitted_at"])
    assert found["verdict"].startswith("there was no trade: buy 5 market at ")
    assert "risk max_order_notional" in found["verdict"]
    assert found["decisions"][0]["check"] == "max_order_notional"


class Silent(Crosses):
    def on_bar(self, bar):
        """Asks for nothing."""


def test_why_says_that_nothing_was_asked_for(live, typed):
    made = live(Silent)
    made.run()
    found = why(typed, made, "IBM", _minute(made, 1))
    assert found["verdict"] == "there was no trade: the strategy asked for nothing"
    facts = {fact["topic"]: fact["text"] for fact in found["facts"]}
    assert (facts["feed"], facts["risk"], facts["position"]) == ("connected", "active", "flat")
    assert facts["called"] == "with the bar of 09:30:00 at 09:31:00"


def _minute(made, minute):
    import pandas as pd

    return pd.Timestamp(made.folder.name[:8] + " 09:30") + pd.Timedelta(minute, "min")


def test_why_says_that_a_bar_came_late(live, typed):
    wanted = live.open_ns + 5 * MINUTE
    script = [
        (when + 90 * SECOND, e) if e.symbol == "IBM" and int(e.bars.ts[0]) == wanted else (when, e)
        for when, e in live.script(minutes=6)
    ]
    made = live(script=sorted(script, key=lambda each: each[0]))
    made.run()
    found = why(typed, made, "IBM", _minute(made, 6))
    assert found["verdict"] == (
        "there was no trade: the strategy was not called, its bar was not known"
    )
    facts = {fact["topic"]: fact["text"] for fact in found["facts"]}
    assert facts["bar"] == "the bar of 09:35:00 was not known; it came at 09:37:30 (late)"


def test_why_reads_as_a_page(ran, typed):
    code, out, _ = typed(ran, "why", "--symbol", "IBM", "--at", "09:31")
    assert code == 0
    assert "mine on IBM, Tue 2012-10-02 09:31:00 EDT" in out
    assert "the recording, as it was known then" in out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--symbol", "IBX", "--at", "09:31"), "the run has no symbol 'IBX'"),
        (("--symbol", "IBM", "--at", "noon"), "expected an instant such as 10:31"),
        (("--symbol", "IBM", "--at", "2012-10-03 10:00"), "the run has no session on 2012-10-03"),
        (("--symbol", "IBM", "--at", "10:00", "--strategy", "x"), "no strategy 'x' trades IBM"),
    ],
)
def test_what_why_cannot_find_is_told(ran, typed, words, message):
    code, out, err = typed(ran, "why", *words)
    assert (code, out) == (2, "")
    assert message in err


def test_a_live_run_tells_how_it_stands_and_ends_with_its_summary(live, typed, monkeypatch):
    made = live()
    config = made.settings.runtime_dir / "live.json"
    config.write_text(json.dumps(made.config.model_dump(mode="json", by_alias=True)))
    monkeypatch.setattr("mismartera_core.system.session.Session", lambda *_, **__: made)
    code, out, err = typed(made, "run", config, "--json")
    told = [json.loads(line) for line in out.splitlines()]
    assert (code, err) == (0, "")
    assert {each["kind"] for each in told[:-1]} == {"live_status"}
    assert told[-1]["kind"] == "run"
    last = told[-2]
    assert (last["positions"], last["working"], last["risk"]) == ({}, 0, "active")
    assert last["pnl"] == pytest.approx(told[-1]["summary"]["pnl"])
    assert 0 < last["orders_today"] < told[-1]["summary"]["orders"]  # legs are orders, too
    assert last["decision"].startswith("mine: ")


def test_whether_somebody_watches_changes_nothing_in_a_replay(live, typed):
    made = live()
    made.run()
    assert made.board.status() is not None
    assert typed(made, "replay")[0] == 0


def test_an_account_is_named_for_live_sessions_only(ran, typed):
    config = ran.settings.runtime_dir / "backtest.json"
    values = ran.config.model_dump(mode="json", by_alias=True)
    days = {"start_date": "2012-10-02", "end_date": "2012-10-02"}
    config.write_text(json.dumps({**values, "mode": "backtest", "backtest_config": days}))
    code, _, err = typed(ran, "run", config, "--live-account", "A1")
    assert code == 2
    assert "--live-account belongs to mode 'live'" in err
