"""StreamSubscription: who waits for whom, by mode."""

from threading import Event, Thread

import pytest

from mismartera_core.threads.channel import Stopped
from mismartera_core.threads.stream_subscription import StreamMode, StreamSubscription

ON_TIME = [StreamMode.CLOCK_DRIVEN, StreamMode.LIVE]


def test_data_driven_waits_until_the_consumer_is_ready():
    ready = StreamSubscription(StreamMode.DATA_DRIVEN)
    assert ready.wait_until_ready()
    delivered = Event()

    def deliver():
        ready.wait_until_ready()
        delivered.set()

    producer = Thread(target=deliver)
    producer.start()
    assert not delivered.wait(0.1), "the consumer still has the first item"
    ready.signal_ready()
    assert delivered.wait(5)
    producer.join()
    assert ready.overruns == 0


def test_data_driven_gives_up_after_its_timeout():
    ready = StreamSubscription(StreamMode.DATA_DRIVEN)
    assert ready.wait_until_ready()
    assert not ready.wait_until_ready(timeout=0.01)
    assert ready.overruns == 0


@pytest.mark.parametrize("mode", ON_TIME)
def test_where_time_goes_on_overruns_are_counted(mode):
    ready = StreamSubscription(mode)
    assert [ready.wait_until_ready() for _ in range(4)] == [True, False, False, False]
    assert ready.overruns == 3
    ready.signal_ready()
    assert ready.wait_until_ready()
    assert ready.overruns == 3


@pytest.mark.parametrize("mode", StreamMode)
def test_a_consumer_may_let_its_producer_be_ahead_by_its_depth_only(mode):
    ready = StreamSubscription(mode, depth=3)
    for _ in range(10):
        ready.signal_ready()
    assert [ready.wait_until_ready(timeout=0.01) for _ in range(4)] == [True] * 3 + [False]


@pytest.mark.parametrize("mode", StreamMode)
def test_reset_makes_the_consumer_ready_again(mode):
    ready = StreamSubscription(mode, depth=2)
    assert ready.wait_until_ready()
    assert ready.wait_until_ready()
    ready.reset()
    assert ready.wait_until_ready(timeout=0.01)


@pytest.mark.parametrize("mode", StreamMode)
def test_abort_stops_a_producer_in_every_mode(mode):
    ready = StreamSubscription(mode)
    ready.abort()
    with pytest.raises(Stopped):
        ready.wait_until_ready()


def test_abort_wakes_a_producer_that_waits():
    ready = StreamSubscription(StreamMode.DATA_DRIVEN)
    ready.wait_until_ready()
    stopped = Event()

    def deliver():
        try:
            ready.wait_until_ready()
        except Stopped:
            stopped.set()

    producer = Thread(target=deliver)
    producer.start()
    ready.abort()
    assert stopped.wait(5)
    producer.join()
