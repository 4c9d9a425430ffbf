"""The machine's clock is held against the venue's: every minute, and at once after a jump."""

from threading import Event

import pytest

from mismartera_core.errors import BrokerError
from mismartera_core.managers.execution_manager.surroundings import Surroundings
from mismartera_core.system import clock_watch as module
from mismartera_core.system.clock_watch import ClockWatch, skew

SECOND = 1_000_000_000


class Clocks:
    """A machine's clock, its timer, and a venue's clock, all by hand."""

    def __init__(self):
        self.machine_ns = self.venue_ns = 1_000 * SECOND
        self.seconds = 0.0
        self.asked = 0
        self.down = False
        self.surroundings = Surroundings()
        self.watch = ClockWatch(
            self.ask, lambda: self.machine_ns, self.surroundings, timer=lambda: self.seconds
        )

    def ask(self):
        self.asked += 1
        if self.down:
            raise BrokerError("no answer")
        return self.venue_ns

    def pass_time(self, seconds):
        """Let all clocks go on."""
        self.seconds += seconds
        self.machine_ns += round(seconds * SECOND)
        self.venue_ns += round(seconds * SECOND)


@pytest.fixture
def clocks():
    return Clocks()


@pytest.mark.parametrize("down", [False, True])
@pytest.mark.parametrize("seconds", [5, -5])
def test_a_clock_that_jumps_counts_at_the_next_look(clocks, seconds, down):
    clocks.down = down
    clocks.machine_ns += seconds * SECOND
    clocks.watch.look()
    assert (clocks.surroundings.clock_skew, clocks.asked) == (seconds, 1)
    clocks.watch.look()
    assert clocks.asked == 1


def test_a_machine_that_was_suspended_asks_and_goes_on(clocks):
    clocks.machine_ns += 3600 * SECOND  # the timer stood still
    clocks.venue_ns += 3600 * SECOND
    clocks.watch.look()
    assert (clocks.surroundings.clock_skew, clocks.asked) == (0.0, 1)


def test_the_venue_is_asked_every_minute(clocks):
    for _ in range(180):
        clocks.pass_time(1)
        clocks.venue_ns -= SECOND // 1000
        clocks.watch.look()
    assert clocks.asked == 3
    assert clocks.surroundings.clock_skew == pytest.approx(0.18)


def test_a_venue_that_does_not_answer_changes_nothing(clocks):
    clocks.down = True
    clocks.surroundings.clock_skew = 0.1
    clocks.pass_time(61)
    clocks.watch.look()
    assert (clocks.surroundings.clock_skew, clocks.asked) == (0.1, 1)


def test_a_clock_that_jumps_while_the_venue_is_asked_is_asked_for_again(clocks):
    answers = [lambda: setattr(clocks, "machine_ns", clocks.machine_ns + 60 * SECOND)]
    ask = clocks.ask
    clocks.watch._venue_ns = lambda: (answers.pop()() if answers else None, ask())[1]
    clocks.pass_time(61)
    clocks.watch.look()
    assert (clocks.surroundings.clock_skew, clocks.asked) == (0.0, 1)
    clocks.watch.look()
    assert (clocks.surroundings.clock_skew, clocks.asked) == (60.0, 2)


def test_it_looks_by_itself_while_it_is_entered(clocks, monkeypatch):
    monkeypatch.setattr(module, "LOOK", 0.005)
    clocks.machine_ns += 5 * SECOND
    with clocks.watch:
        never = Event()
        for _ in range(4000):
            if clocks.asked:
                break
            never.wait(0.005)
    assert clocks.surroundings.clock_skew == 5.0


def test_the_way_to_the_venue_counts_half_each_way():
    times = iter([10 * SECOND, 12 * SECOND])
    assert skew(lambda: 11 * SECOND, lambda: next(times)) == 0.0
