"""Channel: bounded, closable, and never a deadlock, whatever its size and whoever is slow."""

import threading
from threading import Event, Thread

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mismartera_core.monitoring.performance import PerformanceMetrics
from mismartera_core.threads.channel import Channel, Idle, Stopped

SOON = 10.0


def metrics():
    found = PerformanceMetrics()
    found.start()
    return found


def receive(channel, into):
    counted = metrics()
    while (item := channel.get(counted)) is not None:
        into.append(item)


def started(target, *arguments):
    thread = Thread(target=target, args=arguments)
    thread.start()
    return thread


def ended(thread):
    thread.join(SOON)
    return not thread.is_alive()


@pytest.mark.parametrize("size", [1, 2, 3, 64])
def test_everything_arrives_in_order_and_then_it_ends(size):
    channel, got, counted = Channel(size), [], metrics()
    receiver = started(receive, channel, got)
    for item in range(2_000):
        channel.put(item, counted)
    channel.close()
    assert ended(receiver)
    assert got == list(range(2_000))


@settings(max_examples=40)
@given(
    size=st.integers(1, 3),
    pauses=st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=60),
)
def test_slow_ends_never_block_each_other(size, pauses):
    """Waking late (at half full) must not lose a wake-up, whoever pauses when."""
    channel, got = Channel(size), []
    slow = Event()

    def send():
        counted = metrics()
        for item, (pause, _) in enumerate(pauses):
            if pause:
                slow.wait(0.0005)
            channel.put(item, counted)
        channel.close()

    def take():
        counted = metrics()
        for _, pause in [*pauses, (False, False)]:
            if pause:
                slow.wait(0.0005)
            item = channel.get(counted)
            if item is not None:
                got.append(item)

    threads = [started(send), started(take)]
    assert all(ended(thread) for thread in threads)
    assert got == list(range(len(pauses)))


@pytest.mark.parametrize("size", [1, 2, 3])
def test_a_full_channel_holds_the_sender_up(size):
    channel, sent = Channel(size), []

    def send():
        counted = metrics()
        for item in range(size + 1):
            channel.put(item, counted)
            sent.append(item)

    sender = started(send)
    sender.join(0.2)
    assert sent == list(range(size)), "one more than it holds has to wait"
    counted = metrics()
    assert [channel.get(counted) for _ in range(size + 1)] == list(range(size + 1))
    assert ended(sender)


def test_abort_wakes_a_waiting_sender_and_a_waiting_receiver():
    full, empty, woken = Channel(1), Channel(1), []
    full.put(0, metrics())

    def meets_the_end(act):
        try:
            act()
        except Stopped:
            woken.append(threading.current_thread())

    threads = [
        started(meets_the_end, lambda: full.put(1, metrics())),
        started(meets_the_end, lambda: empty.get(metrics())),
    ]
    Event().wait(0.05)
    full.abort()
    empty.abort()
    assert all(ended(thread) for thread in threads)
    assert set(woken) == set(threads)


def test_after_an_abort_nothing_is_handed_over():
    channel = Channel(2)
    channel.put(1, metrics())
    channel.abort()
    with pytest.raises(Stopped):
        channel.get(metrics())
    with pytest.raises(Stopped):
        channel.put(2, metrics())


def test_a_closed_channel_is_emptied_first():
    channel = Channel(3)
    channel.put("last", metrics())
    channel.close()
    assert channel.get(metrics()) == "last"
    assert channel.get(metrics()) is None
    assert channel.get(metrics()) is None


def test_time_in_the_channel_counts_as_waiting():
    channel, counted = Channel(1), metrics()
    closer = threading.Timer(0.1, channel.close)
    closer.start()
    assert channel.get(counted) is None
    closer.join()
    assert counted.waiting >= 0.08
    assert counted.busy < 0.08


def test_who_was_woken_while_it_was_busy_does_not_wait():
    channel, idle = Channel(1), Event()
    channel.wake()

    def look():
        with pytest.raises(Idle):
            channel.get(metrics(), timeout=2 * SOON)
        idle.set()

    receiver = started(look)
    assert idle.wait(SOON)
    assert ended(receiver)
