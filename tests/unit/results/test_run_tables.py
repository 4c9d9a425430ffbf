"""The tables and figures of a run."""

import json
import math
from dataclasses import replace
from datetime import date
from io import StringIO

import numpy as np
import pandas as pd
import pytest
from builders import OPEN, run_record
from rich.console import Console

from mismartera_core.builtin.markdown_report import FILE, MarkdownReport
from mismartera_core.model.intervals import MINUTE
from mismartera_core.model.quality import Gap, MinuteState, QualityReport
from mismartera_core.services.run_record import empty_record
from mismartera_core.system.run import Run

FILLS = (
    (0, 0, 1, 100, 10.0, 1.0, 0),
    (0, 0, -1, 100, 11.0, 1.0, 30),
    (1, 1, -1, 50, 20.0, 0.5, 60),
    (1, 1, 1, 50, 21.0, 0.5, 90),
    (1, 0, 1, 10, 11.0, 0.0, 120),
)
ORDERS = (
    (1, 0, 0, 1, 100, 100, "filled", "", 0),
    (2, 0, 0, -1, 100, 100, "filled", "", 29),
    (3, 1, 1, -1, 50, 50, "filled", "", 59),
    (4, 1, 1, 1, 50, 50, "filled", "", 89),
    (5, 1, 0, 1, 30, 10, "expired", "", 119),
    (6, 1, 0, 1, 30, 0, "working", "", 380),
    (0, 1, 0, 1, 9e5, 0, "rejected", "needs 9,000,000.00, has 9,998.50", 200),
    (0, 1, 0, 1, 8e5, 0, "rejected", "needs 8,000,000.00, has 9,998.50", 210),
)
SESSIONS = ([(10_000, 0), (10_099, 1100)], [(9_900, 0), (10_045, 110)])


@pytest.fixture
def run():
    day = date(2024, 7, 1)
    hole = Gap(start_ns=OPEN + 5 * MINUTE, bars=60, state=MinuteState.MISSING)
    common = {"session": day, "interval": "1m", "expected": 390, "source": "csv"}
    reports = (
        QualityReport(symbol="AAA", traded=390, silent=0, missing=0, **common),
        QualityReport(
            symbol="BBB", traded=330, silent=0, missing=60, gaps=(hole,), score=330 / 390, **common
        ),
    )
    prices = np.array([12.0, 21.0])
    return Run(
        run_record(
            FILLS,
            ORDERS,
            SESSIONS,
            closing_prices=prices,
            quality=reports,
            bars=1560,
            seconds=0.5,
            notes=("no risk block",),
        )
    )


def test_fills_name_their_bar_in_the_zone_of_the_exchange(run):
    first = run.fills.iloc[0].to_dict()
    assert first == {
        "filled_at": pd.Timestamp("2024-07-01 09:31", tz="America/New_York"),
        "bar": pd.Timestamp("2024-07-01 09:30", tz="America/New_York"),
        "strategy": "fast",
        "symbol": "AAA",
        "side": "buy",
        "quantity": 100.0,
        "price": 10.0,
        "commission": 1.0,
        "slippage": 0.0,
        "order_id": 1,
    }


def test_every_signal_has_a_fill_or_a_reason(run):
    signals = run.signals
    assert signals["outcome"].tolist() == ["filled"] * 4 + [
        "partially filled",
        "not filled",
        "rejected",
        "rejected",
    ]
    assert (signals["reason"] != "")[signals["outcome"] != "filled"].all()
    assert signals["reason"].tolist()[4:6] == [
        "the session ended",
        "still working at the end of the run",
    ]


def test_orders_are_the_signals_that_became_one(run):
    assert run.orders["order_id"].tolist() == [1, 2, 3, 4, 5, 6]


def test_trades_list_closed_round_trips_and_then_what_is_left_open(run):
    trades = run.trades
    assert trades["pnl"].tolist() == [98.0, -51.0, 10.0]
    assert trades["side"].tolist() == ["long", "short", "long"]
    assert trades["status"].tolist() == ["closed", "closed", "open"]
    assert trades["return"].tolist() == [0.098, -0.051, 10 / 110]
    assert trades["holding_minutes"].tolist()[:2] == [30.0, 30.0]
    left = trades.iloc[2]
    assert math.isnan(left["exit_price"])
    assert left["exit_time"] is pd.NaT
    assert trades["exit_bar"].iloc[0] == pd.Timestamp("2024-07-01 10:00", tz="America/New_York")


def test_equity_is_indexed_by_time_and_daily_returns_by_date(run):
    assert run.equity["equity"].tolist() == [10_000, 10_099, 9_900, 10_045]
    assert str(run.equity.index.tz) == "America/New_York"
    assert run.daily_returns["return"].tolist() == [10_099 / 10_000 - 1, 10_045 / 10_099 - 1]
    assert run.daily_returns["pnl"].tolist() == [99.0, -54.0]


def test_profits_are_exact_to_what_the_ledger_counts():
    run = Run(run_record(sessions=[[(10_173.59, 0)], [(10_173.9, 0)]]))
    assert 10_173.59 - 10_000 != 173.59, "as floats have it"
    assert run.summary["pnl"] == 173.9
    assert run.daily_returns["pnl"].tolist() == [173.59, 0.31]


def test_a_session_without_a_step_carries_the_equity_on():
    record = run_record(sessions=([(11_000, 0)], [], [(12_100, 0)]))
    assert Run(record).daily_returns["return"].tolist() == pytest.approx([0.1, 0.0, 0.1])


def test_quality_and_gaps_are_tables(run):
    assert run.quality["missing"].tolist() == [0, 60]
    assert run.gaps.to_dict("records") == [
        {
            "session": pd.Timestamp("2024-07-01"),
            "symbol": "BBB",
            "interval": "1m",
            "start": pd.Timestamp("2024-07-01 09:35", tz="America/New_York"),
            "bars": 60,
            "state": "missing",
            "source": "",
        }
    ]


def test_the_funnel_counts_equal_reasons_together(run):
    rows = list(run.funnel.itertuples(index=False, name=None))
    assert rows == [
        ("bars", "", 1560),
        ("signals", "", 8),
        ("refused", "needs …, has …", 2),
        ("orders", "", 6),
        ("not filled", "still working at the end of the run", 1),
        ("not filled", "the session ended", 1),
        ("fills", "", 5),
    ]


def test_the_summary_has_the_figures_of_a_trader(run):
    figures = run.summary
    wanted = {
        "starting_equity": 10_000.0,
        "ending_equity": 10_045.0,
        "pnl": 45.0,
        "total_return": 10_045 / 10_000 - 1,
        "trades": 2,
        "win_rate": 0.5,
        "profit_factor": 98 / 51,
        "open_trades": 1,
        "exposure": 0.5,
        "signals": 8,
        "orders": 6,
        "fills": 5,
        "commission": 3.0,
        "quality": 1 - 60 / 780,
        "missing_bars": 60,
        "bars_per_second": 3120.0,
    }
    assert {name: figures[name] for name in wanted} == wanted
    assert list(figures)[:4] == ["session_name", "first_session", "last_session", "sessions"]
    assert figures["trade_hash"] == run.trade_hash


def test_figures_by_strategy_add_up_to_the_account(run):
    fast, slow = run.strategies
    assert (fast["pnl"], slow["pnl"], slow["open_pnl"]) == (98.0, -51.0, 10.0)
    assert fast["commission"] + slow["commission"] == run.summary["commission"]


EMPTY = {
    "nothing at all": empty_record("nothing"),
    "no trade": run_record(sessions=([(10_000, 0)], [(10_000, 0)])),
    "one session": run_record(FILLS[:2], ORDERS[:2], SESSIONS[:1]),
    "only wins": run_record(FILLS[:2], ORDERS[:2], SESSIONS),
    "ruined": run_record(FILLS[:1], (), ([(0, 0)], [(-50, 0)], [(10, 0)])),
    "no cash": replace(run_record(sessions=([(0, 0)],)), starting_cash=0),
}


@pytest.mark.parametrize("kind", EMPTY)
def test_nothing_divides_by_zero_and_what_is_undefined_is_null(kind):
    run = Run(EMPTY[kind])
    text = json.dumps([run.summary, run.metrics, run.strategies], allow_nan=False)
    assert "null" in text
    Console(quiet=True).print(run)
    assert "n/a" in run._repr_html_()
    tables = (run.fills, run.orders, run.signals, run.trades, run.equity, run.daily_returns)
    assert all(isinstance(table, pd.DataFrame) for table in (*tables, run.quality, run.gaps))


def test_a_market_that_opens_at_weekends_has_365_sessions_a_year():
    weekend = replace(run_record(sessions=SESSIONS), sessions=(date(2024, 7, 5), date(2024, 7, 6)))
    assert Run(weekend).metrics["sessions_per_year"] == 365.0


def shown(run):
    console = Console(width=100, file=StringIO())
    console.print(run)
    return console.file.getvalue()


def test_the_table_on_the_terminal_says_what_matters(run):
    text = shown(run)
    for part in ("example: AAA, BBB", "Sharpe", "Profit factor", "By strategy", "Left open"):
        assert part in text
    assert "needs …, has …" in text
    assert "Note: no risk block" in text
    assert "simulated" not in text


def test_simulated_bars_and_an_early_end_are_said_so(run):
    record = replace(run.record, simulated_data=True, error="stopped [by] the user")
    text = shown(Run(record))
    assert "[simulated intraday]" in text
    assert "Stopped early: stopped [by] the user" in text
    assert "simulated intraday" in repr(Run(record))


def test_html_escapes_what_users_wrote(run):
    html = Run(replace(run.record, session_name="<b>x</b>"))._repr_html_()
    assert "&lt;b&gt;x" in html
    assert "<table>" in html


def test_printing_a_run_shows_the_table(run):
    text = str(run)
    assert "Trade hash" in text
    assert "\x1b" not in text


def test_repr_is_one_line(run):
    assert repr(run).startswith("Run('example', 2 sessions, +0.45%, 2 trades, trade_hash ")


@pytest.mark.parametrize(("sessions", "shown"), [(62, False), (63, True)])
def test_a_few_sessions_are_not_shown_as_a_year(sessions, shown):
    run = Run(run_record(sessions=[[(10_000 + i, 0)] for i in range(sessions)]))
    assert run.summary["cagr"] is not None
    assert ("CAGR" in str(run)) is shown


def test_orders_that_end_with_another_are_no_signals_without_a_fill(tmp_path):
    ended = [
        ("cancelled", "one cancels other", 1),
        ("cancelled", "the entry of the bracket did not fill", 2),
        ("cancelled", "changed its mind", 3),
        ("expired", "the session ended", 4),
    ]
    orders = [(n, 0, 0, 1, 100, 0, status, why, n) for status, why, n in ended]
    run = Run(run_record(orders=orders))
    MarkdownReport(None, None).write(run, tmp_path)
    for shown in (str(run), run._repr_html_(), (tmp_path / FILE).read_text(encoding="utf-8")):
        _, lost = shown.split("Signals without a fill")
        assert "changed its mind" in lost
        assert "the session ended" in lost
        assert "one cancels other" not in lost
        assert "the entry of the bracket" not in lost
    assert "one cancels other" in set(run.funnel["reason"])
