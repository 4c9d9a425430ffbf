import json
import os
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from still_venue import PLUGIN, StillProvider, StillVenue, account, order, position

from mismartera_core import BrokerError, OrderType, Side, StreamChanged, StreamState
from mismartera_core.config.loading import load_config
from mismartera_core.config.settings import load_settings
from mismartera_core.model.journal import Intent
from mismartera_core.model.risk import RiskRecord, RiskState
from mismartera_core.registry import Registry
from mismartera_core.repositories.journal import OrderJournal
from mismartera_core.repositories.live_files import (
    Heartbeat,
    KillOrder,
    LiveFiles,
    LiveSession,
)
from mismartera_core.system.access import Access
from mismartera_core.system.preflight import calendar, feed, installation

QUICKSTART = Path(__file__).parents[3] / "session_configs/quickstart.json"
CHECKS = [
    "config",
    "versions",
    "database",
    "disk",
    "run folder",
    "calendar",
    "session",
    "account",
    "risk",
    "other session",
    "journal",
    "heartbeat",
    "clock",
    "orders",
    "positions",
    "order stream",
    "data",
    "stream",
]


@pytest.fixture
def config(tmp_path, install, monkeypatch):
    """A live config on a venue where nothing moves."""
    StillVenue.reset()
    StillProvider.reset()
    monkeypatch.setenv("MISMARTERA_PLUGIN_SECONDS", "60")  # a busy machine is not what is tested
    install("still_plugin", PLUGIN, name="still")
    file = tmp_path / "live.json"
    file.write_text(
        json.dumps(
            {
                "session_name": "live",
                "exchange_group": "US_EQUITY",
                "asset_class": "EQUITY",
                "mode": "live",
                "session_data_config": {"symbols": ["SPY", "QQQ"], "streams": ["bars_1m"]},
                "data_provider": {"name": "still"},
                "strategies": [{"name": "sma_cross"}],
                "broker": {"name": "still"},
                "risk": [{"name": "max_order_notional", "config": {"limit": 5000}}],
            }
        )
    )
    return file


@pytest.fixture
def looked(cli, config):
    """Run a preflight: exit code, and its rows by the name of the check."""

    def run(*words):
        code, out, _ = cli("preflight", config, "--json", *words)
        answer = json.loads(out)
        assert answer["go"] == (code == 0)
        return code, {row["check"]: row for row in answer["checks"]}

    return run


@pytest.fixture
def access(config, tmp_path, monkeypatch):
    """The parts of the config; `access.at(...)` puts its clock to an instant of New York."""
    monkeypatch.chdir(tmp_path)
    made = Access(load_config(config), load_settings(), Registry.discover())

    def at(*moment):
        instant = datetime(*moment, tzinfo=ZoneInfo("America/New_York"))
        made.clock.set_backtest_time(instant)
        StillProvider.until_ns = made.clock.clock.now_ns
        return made

    made.at = at
    yield made
    made.close()


def test_everything_in_order_is_go_and_every_check_has_a_row(looked):
    code, rows = looked()
    assert [row for row in rows.values() if row["verdict"] == "no-go"] == []
    assert code == 0
    assert list(rows) == CHECKS
    assert {row["verdict"] for row in rows.values()} <= {"go", "warn"}
    assert "PA123 (paper)" in rows["account"]["found"]
    assert "still 1.2" in rows["versions"]["found"]


def test_nothing_is_sent_and_the_venue_is_released(looked):
    StillVenue.orders = [order()]
    looked()
    assert StillVenue.sent == []
    assert StillVenue.closed == 1


def test_a_person_reads_a_table_and_the_word_go(cli, config):
    code, out, err = cli("preflight", config)
    assert (code, err) == (0, "")
    assert "buying power 200,000.00" in out
    assert out.splitlines()[-1].startswith("GO")


def test_a_person_reads_what_stopped_it(cli, config):
    StillVenue.skew_ns = 5_000_000_000
    code, out, _ = cli("preflight", config)
    assert code == 1
    assert out.splitlines()[-1].startswith("NO-GO: clock")


@pytest.mark.parametrize(
    ("skew", "verdict", "code", "words"),
    [
        (0.0, "go", 0, "warns from 0.5 s"),
        (1.0, "warn", 0, "s behind the venue's"),
        (-1.0, "warn", 0, "s ahead of the venue's"),
        (3.0, "no-go", 1, "no-go from 2 s"),
    ],
)
def test_clock_skew_warns_then_stops(looked, skew, verdict, code, words):
    StillVenue.skew_ns = int(skew * 1e9)
    found, rows = looked()
    assert (found, rows["clock"]["verdict"]) == (code, verdict)
    assert words in rows["clock"]["found"]
    assert bool(rows["clock"]["hint"]) == (verdict != "go")


@pytest.mark.parametrize(
    ("held", "verdict", "code", "words"),
    [
        (account(blocked="trading suspended"), "no-go", 5, "may not trade: trading suspended"),
        (account(buying_power=0), "no-go", 5, "no buying power"),
        (account(paper=False), "warn", 0, "LIVE, real money"),
    ],
)
def test_an_account_that_may_not_trade_is_no_go(looked, held, verdict, code, words):
    StillVenue.held = held
    found, rows = looked()
    assert (found, rows["account"]["verdict"]) == (code, verdict)
    assert words in rows["account"]["found"]


def test_refused_credentials_are_no_go_and_what_stands_on_them_is_skipped(looked):
    StillVenue.error = BrokerError("the venue refused the key", hint="set ALPACA_API_KEY")
    code, rows = looked()
    assert code == 5
    assert rows["account"]["found"] == "the venue refused the key"
    assert rows["account"]["hint"] == "set ALPACA_API_KEY"
    skipped = [name for name, row in rows.items() if row["verdict"] == "skipped"]
    assert skipped == [
        "risk",
        "other session",
        "journal",
        "clock",
        "orders",
        "positions",
        "order stream",
    ]
    assert rows["data"]["verdict"] == "go"


def test_a_plugin_that_raises_is_named_and_the_other_checks_go_on(looked, monkeypatch):
    monkeypatch.setattr(StillVenue, "positions", lambda self: 1 / 0)
    code, rows = looked()
    assert code == 4
    assert "ZeroDivisionError" in rows["positions"]["found"]
    assert rows["stream"]["verdict"] == "go"


def test_foreign_orders_and_positions_are_shown(looked):
    StillVenue.orders = [order(symbol="TSLA", client_id="by hand")]
    StillVenue.holds = [position("SPY"), position("GLD", "-5")]
    code, rows = looked()
    assert code == 0
    assert (rows["orders"]["verdict"], rows["positions"]["verdict"]) == ("warn", "warn")
    assert rows["orders"]["found"] == "0 orders of ours open, 1 foreign (TSLA)"
    assert "2 positions: SPY +10, GLD -5" in rows["positions"]["found"]
    assert "not traded by this config: GLD" in rows["positions"]["found"]


@pytest.mark.parametrize(
    ("state", "verdict", "code"),
    [("active", "go", 0), ("reducing", "warn", 0), ("halted", "no-go", 6)],
)
def test_a_halted_account_is_no_go_with_the_way_out(looked, tmp_path, state, verdict, code):
    files = LiveFiles(tmp_path / "runtime", "PA123")
    files.save_risk_state(RiskRecord(state=RiskState(state), reason="3 % lost", at_ns=10**18))
    found, rows = looked()
    assert (found, rows["risk"]["verdict"]) == (code, verdict)
    assert ("3 % lost" in rows["risk"]["found"]) == (state != "active")
    assert ("mismartera resume --account PA123" in rows["risk"]["hint"]) == (state != "active")


def test_a_quarantined_strategy_is_a_warning_with_the_way_back(looked, tmp_path):
    files = LiveFiles(tmp_path / "runtime", "PA123")
    files.save_risk_state(RiskRecord(quarantined={"orb": "3 strikes"}))
    code, rows = looked()
    assert (code, rows["risk"]["verdict"]) == (0, "warn")
    assert "'orb' is quarantined and opens nothing: 3 strikes" in rows["risk"]["found"]
    assert rows["risk"]["hint"].endswith("resume --account PA123 --strategy orb")


def test_a_kill_file_is_no_go(looked, tmp_path):
    LiveFiles(tmp_path / "runtime", "PA123").kill(KillOrder("halt", "enough", 1))
    code, rows = looked()
    assert (code, rows["risk"]["found"]) == (6, "kill switch: enough")


def test_a_session_that_trades_the_account_is_no_go(looked, tmp_path):
    files = LiveFiles(tmp_path / "runtime", "PA123")
    files.begin(
        LiveSession(
            account="PA123",
            pid=os.getpid(),
            broker="still",
            config={},
            exchange_group="US_EQUITY",
            asset_class="EQUITY",
            run="r1",
        )
    )
    files.beat(Heartbeat(os.getpid(), 1, 1))
    code, rows = looked()
    assert (code, rows["other session"]["verdict"]) == (1, "no-go")
    assert "run r1" in rows["other session"]["found"]


def test_orders_of_the_journal_are_ours(looked, access):
    intent = Intent(
        client_id="c1",
        strategy="s",
        symbol="SPY",
        side=Side.BUY,
        type=OrderType.MARKET,
        quantity=Decimal(1),
    )
    OrderJournal(access.database, "PA123", "r1").intend([intent], 1)
    StillVenue.orders = [order(client_id="c1"), order("v2", "")]
    _, rows = looked()
    assert rows["orders"]["found"] == "1 order of ours open, 1 foreign (SPY)"
    assert rows["journal"]["found"].startswith("can be read; 1 order not ended")


def test_a_lost_order_stream_is_no_go(looked):
    StillVenue.lost = "connection refused"
    code, rows = looked()
    assert (code, rows["order stream"]["verdict"]) == (5, "no-go")
    assert "connection refused" in rows["order stream"]["found"]


def test_a_symbol_without_a_bar_in_the_last_session_is_no_go(looked):
    StillProvider.absent = ("QQQ",)
    code, rows = looked()
    assert (code, rows["data"]["verdict"]) == (3, "no-go")
    assert rows["data"]["found"].startswith("no bar of QQQ in the session of ")


@pytest.mark.parametrize("reason", ["", "subscription refused"])
def test_a_stream_that_does_not_become_live_is_no_go(looked, reason):
    StillProvider.says = staticmethod(
        lambda emit: emit(StreamChanged(StreamState.LOST, reason)) if reason else None
    )
    code, rows = looked("--timeout", "0.1")
    assert (code, rows["stream"]["verdict"]) == (5, "no-go")
    assert "not live within 0.1 s" in rows["stream"]["found"]
    assert reason in rows["stream"]["found"]


def test_a_stream_that_is_refused_says_why(looked):
    def refuse(emit):
        raise BrokerError("no subscription for SIP", hint="choose feed iex")

    StillProvider.says = staticmethod(refuse)
    code, rows = looked()
    assert (code, rows["stream"]["found"]) == (5, "no subscription for SIP")


def test_a_config_that_does_not_resolve_is_no_go_and_the_installation_is_still_looked_at(
    cli, config
):
    code, out, _ = cli("preflight", config, "--json", "--set", "broker.name=stil")
    rows = {row["check"]: row for row in json.loads(out)["checks"]}
    assert code == 2
    assert "did you mean 'still'" in rows["config"]["found"]
    assert rows["account"]["verdict"] == "skipped"
    assert (rows["disk"]["verdict"], rows["calendar"]["verdict"]) == ("go", "go")


def test_a_backtest_says_which_checks_do_not_apply(cli):
    code, out, _ = cli("preflight", QUICKSTART, "--json")
    rows = {row["check"]: row for row in json.loads(out)["checks"]}
    assert code == 0
    assert [n for n in CHECKS if rows[n]["verdict"] == "n/a"] == CHECKS[6:]
    assert rows["account"]["found"] == "a backtest fills orders itself"


def test_a_missing_config_is_an_error_as_everywhere(cli):
    code, out, err = cli("preflight", "none.json")
    assert (code, out) == (2, "")
    assert err.startswith("Error: none.json: there is no such session config")


@pytest.mark.parametrize(
    ("moment", "verdict", "words"),
    [
        ((2026, 11, 27, 10, 0), "go", "2026-11-27 09:30 to 13:00, half day"),
        ((2026, 11, 27, 14, 0), "warn", "post-market"),
        ((2026, 11, 26, 10, 0), "warn", "is no trading day (Thanksgiving"),
        ((2026, 11, 28, 10, 0), "warn", "is no trading day (weekend)"),
        ((2026, 11, 30, 8, 0), "go", "pre-market"),
        ((2026, 11, 30, 9, 30), "go", "09:30 to 16:00, now 09:30:00 EST: regular"),
    ],
)
def test_the_hours_of_today_are_told(access, moment, verdict, words):
    row = calendar.session(access.at(*moment))
    assert row.verdict == verdict
    assert words in row.found
    assert bool(row.hint) == (verdict != "go")


def test_the_calendar_covers_ten_sessions_and_names_half_days(access):
    row = calendar.calendar(access.at(2026, 11, 23, 10, 0))
    assert row.found == "US_EQUITY covers 2026-11-23 to 2026-12-08; half days: 2026-11-27"


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        ((2026, 11, 30, 9, 31), "bars of 2026-11-27 for 2 symbols"),
        ((2026, 11, 30, 9, 40), "bars of 2026-11-30 for 2 symbols; SPY lies furthest back"),
        ((2026, 11, 29, 12, 0), "bars of 2026-11-27 for 2 symbols"),
    ],
)
def test_data_are_those_of_the_last_session_in_which_bars_are_due(access, moment, words):
    row = feed.freshness(access.at(*moment))
    assert row.verdict == "go"
    assert words in row.found


def test_a_feed_that_is_late_is_a_warning(access):
    access.at(2026, 11, 30, 10, 30)
    StillProvider.until_ns -= 20 * 60 * 10**9
    row = feed.freshness(access)
    assert row.verdict == "warn"
    assert "no symbol has a bar of the last 15 minutes" in row.found


@pytest.mark.parametrize(("free", "verdict"), [(0.5, "no-go"), (2, "warn"), (50, "go")])
def test_a_full_disk_stops_a_session(access, monkeypatch, free, verdict):
    usage = type("Usage", (), {"free": int(free * installation.GIB)})
    monkeypatch.setattr(installation.shutil, "disk_usage", lambda _: usage)
    assert installation.disk(access).verdict == verdict


def test_a_folder_that_cannot_be_written_is_no_go(tmp_path):
    (tmp_path / "file").write_text("")
    row = installation.writable("run folder", tmp_path / "file" / "runs")
    assert row.verdict == "no-go"
    assert "cannot be written" in row.found
