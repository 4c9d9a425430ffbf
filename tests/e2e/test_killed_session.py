"""A live session is killed while it records, begins again and goes on; both can be replayed."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from datetime import date, timedelta

import paced_process
import pytest
from live_day import MINUTE, SECOND, _drive, live_config

from mismartera_core import load_run
from mismartera_core.builtin.sample_provider import SampleConfig, SampleProvider
from mismartera_core.testing import AlpacaVenue, plugin_context, session_table

HALF_DAY = date(2012, 11, 23)
SYMBOLS = ["AAPL", "IBM", "MSFT"]
# The venue's clock stands, then jumps while another process works: no silence, and no skew.
RISK = [
    {
        "name": "standard",
        "config": {"order_notional": 10_000, "feed_seconds": 86_400, "clock_skew": 3_600},
    }
]
KILLED_AFTER = 40 * MINUTE
PATIENCE = 120.0


class Account:
    """A fake Alpaca in this process, and sessions that trade at it, each in one of its own."""

    def __init__(self, venue, folder):
        self.venue = venue
        self.folder = folder
        self.runtime = folder / "runtime"
        self.pace = paced_process.SharedPace(folder / "pace")
        self.pace.set(venue.clock.now_ns)
        advance = venue.advance
        venue.advance = lambda to_ns: (self.pace.set(to_ns), advance(to_ns))
        config = live_config(venue, SYMBOLS, risk=RISK)
        config["strategies"] = [
            {"name": "opening_range_breakout", "params": {"shares": 10}, "flat_by_close": 5},
            {"name": "sma_cross", "params": {"shares": 5}, "flat_by_close": 5},
            {"name": "pacemaker"},
            {"name": "stumbler"},
        ]
        self.config = folder / "session.json"
        self.config.write_text(json.dumps(config))
        site = paced_process.install(folder / "site")
        self.env = {
            **os.environ,
            paced_process.WHERE: str(folder / "pace"),
            "PYTHONPATH": str(site),
            "MISMARTERA_RUNTIME_DIR": str(self.runtime),
            "MISMARTERA_PLUGIN_SECONDS": "60",
            "ALPACA_API_KEY": "PKTEST",
            "ALPACA_SECRET_KEY": "secret",
        }
        self.process = None

    def begin(self):
        with (self.folder / "said").open("ab") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "paced_process", str(self.config)],
                cwd=self.folder, env=self.env, stdout=out, stderr=out,
            )  # fmt: skip

    def drive(self, until_ns):
        """Let the venue's day go on with the session; ends early where that ends."""
        over = threading.Event()
        driver = threading.Thread(
            target=_drive, args=(self.venue, self.pace, over, until_ns, lambda: None, 30.0)
        )
        driver.start()
        while driver.is_alive() and self.process.poll() is None:
            driver.join(0.1)
        over.set()
        driver.join()

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def command(self, *words):
        """What a command says, as JSON, and its exit code."""
        done = subprocess.run(
            [sys.executable, "-m", "mismartera_core", *words, "--json"],
            cwd=self.folder, env=self.env, capture_output=True, text=True, check=False,
        )  # fmt: skip
        return done.returncode, json.loads((done.stdout or done.stderr).splitlines()[-1])

    def runs(self):
        found = sorted((self.runtime / "runs").iterdir())
        return [it for it in found if (it / "recording.jsonl").exists()]


@pytest.fixture
def account(tmp_path):
    days = session_table(HALF_DAY - timedelta(days=42), HALF_DAY)
    open_ns, close_ns = int(days.open_ns[-1]), int(days.close_ns[-1])
    sample = SampleProvider(SampleConfig(), plugin_context(tmp_path))
    bars = {s: sample.get_bars(s, "1m", int(days.open_ns[0]), close_ns) for s in SYMBOLS}
    with AlpacaVenue(bars, start_ns=open_ns - MINUTE, multiplier=4, prompt=True) as venue:
        made = Account(venue, tmp_path)
        made.open_ns, made.close_ns = open_ns, close_ns
        yield made
        if made.process is not None and made.process.poll() is None:
            made.kill()


def resumed(account):
    """The watchdog has seen the death, and halted; a human lets the account go on."""
    never, halted = threading.Event(), []
    for _ in range(600):
        halted = list(account.runtime.glob("KILL.*"))
        if halted:
            break
        never.wait(0.1)
    assert halted
    (session,) = account.runtime.glob("live/*/session.json")
    name = json.loads(session.read_text())["account"]
    code, said = account.command("resume", "--confirm", name)
    assert (code, said["state"]) == (0, "active"), said


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_a_session_that_is_killed_goes_on_and_both_runs_are_replayed(account):
    account.begin()
    account.drive(account.open_ns + KILLED_AFTER)
    assert account.process.poll() is None, (account.folder / "said").read_text()
    account.kill()
    (killed,) = account.runs()
    assert json.loads((killed / "manifest.json").read_text())["exit_state"] == "running"
    before = len(account.venue.book.fills)
    assert before > 2
    resumed(account)
    account.begin()
    account.drive(account.close_ns + 30 * SECOND)
    assert account.process.wait(PATIENCE) == 0, (account.folder / "said").read_text()
    _, second = account.runs()
    venue = account.venue
    assert len(venue.book.fills) > before
    assert not any(venue.ledger.position(symbol) for symbol in SYMBOLS)
    assert load_run(second).summary["ending_equity"] == float(venue.ledger.cash)
    ids = Counter(order.client_id for order in venue.book.orders.values())
    assert max(ids.values()) == 1
    check_second(account, second)
    check_quarantine(second)
    check_killed(account, killed)


def check_second(account, folder):
    code, said = account.command("replay", folder.name)
    assert (code, said["same"], said["complete"]) == (0, True, True), said
    assert said["trade_hash"] == load_run(folder).trade_hash
    code, said = account.command("parity", folder.name)
    assert code in (0, 1), said
    assert "unexplained" not in {each["cause"] for each in said["differences"]}, said


def check_quarantine(folder):
    """A strategy is late before the kill alone: after it, none of its bids leaves any more."""
    signals = load_run(folder).signals
    bids = signals[signals["strategy"] == "stumbler"]
    quarantined = bids["reason"].str.startswith("risk quarantined: 3 strikes")
    assert quarantined.sum() > 100, "it bids on"
    assert (quarantined | bids["reason"].str.startswith("flat by close")).all()


def check_killed(account, folder):
    """As far as it was recorded: whole, and with its last line torn."""
    code, said = account.command("replay", folder.name)
    assert (code, said["same"], said["complete"]) == (0, True, False), said
    whole = said["items"]
    recording = folder / "recording.jsonl"
    recording.write_bytes(recording.read_bytes()[:-7])
    code, said = account.command("replay", folder.name)
    assert (code, said["same"], said["items"]) == (0, True, whole - 1), said
    assert said["torn_bytes"] > 0
    code, said = account.command("why", folder.name, "--symbol", "AAPL", "--at", "10:00",
                                 "--strategy", "sma_cross")  # fmt: skip
    assert code == 0, said
    assert "killed" in said["values_from"]
    code, said = account.command("parity", folder.name)
    assert code in (0, 1), said
    assert said["killed"]
    assert said["orders"] > 0
    assert "unexplained" not in {each["cause"] for each in said["differences"]}, said
