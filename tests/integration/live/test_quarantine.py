"""A strategy that raises in a live session opens nothing more; the session goes on, and replays."""

from recorded_sessions import Crosses
from scripted_scenes import Scene

from mismartera_core import Strategy
from mismartera_core.cli.app import run_command
from mismartera_core.system.recorded.replaying import replay


class Raises(Strategy):
    """Holds a share behind a stop, has an entry rest, and raises from the fifth bar on."""

    def on_session_start(self):
        self.count = 0

    def on_bar(self, bar):
        self.count += 1
        if self.count == 2:
            self.buy(5)
            self.buy(1, limit=round(bar.close * 0.98, 2))
        if self.count == 3:
            self.sell(5, stop=round(bar.close * 0.9, 2))
        if self.count >= 5:
            self.buy(2 + self.count)
            raise ValueError("a strategy's mistake")


def test_it_opens_nothing_more_and_its_exits_stay(live):
    session = live(Raises)
    run = session.run()
    (words,) = session.board.status().quarantined
    assert "opens nothing more: 3 strikes" in words
    assert [note for note in run.record.notes if words.split(":")[0] in note]
    rows = run.signals[run.signals["symbol"] == "AAPL"]
    blamed = rows["reason"].str.contains("quarantined")
    assert rows[blamed & (rows["status"] == "rejected")]["quantity"].min() > 7
    assert (blamed & (rows["status"] == "cancelled")).any()
    assert not blamed[rows["type"] == "stop"].any()
    assert (blamed.sum() > 40, run.record.error) == (True, "")
    again = replay(run.folder, session.settings, session.registry)
    assert (again.difference, again.trade_hash) == ("", run.trade_hash)


def test_a_session_of_which_nobody_is_late_says_nothing(live):
    session = live(Crosses)
    session.run()
    assert session.board.status().quarantined == ()


class Bids(Strategy):
    """Bids below the market at every bar, and raises at its third if it is told to."""

    scene: Scene
    wrong = True

    def on_bar(self, bar):
        bid = self.buy(1, limit=round(bar.close * 0.98, 2))
        self.tickets = [*getattr(self, "tickets", []), bid]
        if self.wrong and len(self.tickets) >= 3:
            raise ValueError("a strategy's mistake")


def ran(live, folder, venue=None, *, wrong):
    """A session of Bids: its scene, its run, and how many bids have reached the venue."""
    scene = Scene(live, folder, type("Bids", (Bids,), {"wrong": wrong}), venue=venue)
    before = len(scene.venue.sent)
    return scene, scene.session.run(), len(scene.venue.sent) - before


def test_it_stays_out_after_a_restart_until_a_human_takes_it_back(live, tmp_path, capsys):
    scene, first, sent = ran(live, tmp_path, wrong=True)
    assert sent >= 5
    assert "mine" in scene.files.load_risk_state().quarantined
    for _ in range(2):
        again, run, sent = ran(live, tmp_path, scene.venue, wrong=False)
        (words,) = again.session.board.status().quarantined
        assert "a strategy's mistake" in words
        assert words.endswith("a human takes it back: mismartera resume --strategy mine")
        assert sent == 0
        assert run.signals["reason"].str.startswith("risk quarantined: 3 strikes").all()
        assert any("was quarantined" in note for note in run.record.notes)
    for folder in (first.folder, run.folder):
        assert replay(folder, again.session.settings, again.session.registry).difference == ""
    assert run_command(["resume", "--strategy", "mine", "--confirm", "PA1"]) == 0
    assert "may open positions again" in capsys.readouterr().out
    assert ran(live, tmp_path, scene.venue, wrong=False)[2] > 20
