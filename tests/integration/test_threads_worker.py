"""Worker: what it raises is kept and told, and what it feeds is closed in any case."""

import signal
from threading import Event

import pytest

from mismartera_core.monitoring.performance import PerformanceMetrics
from mismartera_core.system import stuck as module
from mismartera_core.system.interruption import Interruption
from mismartera_core.system.stuck import join_all, stuck
from mismartera_core.threads.channel import Channel, Stopped
from mismartera_core.threads.worker import FrameWorker, Worker


class Once(Worker):
    """Does one thing."""

    def __init__(self, act, told):
        super().__init__("Once", Event(), lambda name, error: told.append((name, error)))
        self.act = act
        self.finished = False

    def work(self):
        self.act()

    def finish(self):
        self.finished = True


def ran(worker):
    worker.start()
    worker.join(10)
    assert not worker.is_alive()
    return worker


def fails(error):
    def act():
        raise error

    return act


@pytest.mark.parametrize(
    "error", [ValueError("no"), MemoryError(), SystemExit(0), RecursionError()]
)
def test_whatever_is_raised_is_kept_and_told(error):
    told = []
    worker = ran(Once(fails(error), told))
    assert worker.failure is error
    assert told == [("Once", error)]
    assert worker.finished


def test_being_stopped_is_no_failure():
    told = []
    worker = ran(Once(fails(Stopped()), told))
    assert (worker.failure, told, worker.finished) == (None, [], True)


def test_no_thread_is_a_daemon():
    assert not Once(lambda: None, []).daemon


class Collector(FrameWorker):
    """Keeps what it is handed."""

    def __init__(self, stop, source):
        super().__init__("Collector", stop, lambda *_: None, source)
        self.seen = []

    def handle(self, frame):
        self.seen.append(frame)


def test_frames_are_handled_until_there_are_no_more():
    source = Channel(10)
    worker = Collector(Event(), source)
    for frame in "abc":
        source.put(frame, worker.metrics)
    source.close()
    assert ran(worker).seen == ["a", "b", "c"]
    assert worker.metrics.frames == 3


def test_once_stopped_no_frame_is_handled():
    source, stop = Channel(10), Event()
    worker = Collector(stop, source)
    source.put("a", worker.metrics)
    stop.set()
    assert ran(worker).seen == []


def test_a_worker_is_stuck_when_it_works_for_too_long_and_not_when_it_waits():
    taken, finish = Event(), Event()
    channel, told = Channel(4), []

    class Hangs(FrameWorker):
        def handle(self, frame):
            taken.set()
            finish.wait(60)

    worker = Hangs("Hangs", Event(), lambda *failure: told.append(failure), channel)
    assert stuck([worker], 0.0) == ""
    worker.start()
    channel.put("frame", PerformanceMetrics())
    assert taken.wait(10)
    assert "Hangs has been at one piece of work for" in stuck([worker], 0.0)
    assert stuck([worker], 3600.0) == ""
    finish.set()
    channel.close()
    worker.join(10)
    assert (stuck([worker], 0.0), told) == ("", [])


def test_of_threads_that_were_told_to_end_one_that_hangs_is_left_behind(monkeypatch, caplog):
    monkeypatch.setattr(module, "DRAIN", 0.05)
    monkeypatch.setattr(module, "HEARTBEAT", 0.01)
    finish, told, asked = Event(), [], Interruption()
    hangs, ends = Once(lambda: finish.wait(60), []), Once(lambda: told.append("ended"), [])
    for worker in (hangs, ends):
        worker.start()
    asked.heard(signal.SIGINT)
    stopped = join_all((hangs, ends), asked, lambda: told.append("interrupted"), None)
    assert stopped is asked.error
    assert sorted(told) == ["ended", "interrupted"]
    assert [r.message for r in caplog.records] == [
        "Once did not end within 0.05 s and is left behind"
    ]
    finish.set()
    hangs.join(10)
    assert join_all((hangs, ends), Interruption(), told.clear, told.append) is None
    assert told
