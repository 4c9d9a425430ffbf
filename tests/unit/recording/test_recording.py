import json
import signal
import subprocess
import sys
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from still_venue import account, order, position

from mismartera_core import (
    BarColumns,
    BrokerError,
    DataError,
    Executed,
    Execution,
    OrderChanged,
    OrderTerms,
    OrderType,
    OrderUnclear,
    QuoteColumns,
    Side,
    StreamChanged,
    StreamedBars,
    StreamedQuotes,
    StreamedTicks,
    StreamNoise,
    StreamState,
    TickColumns,
    VenueCapabilities,
)
from mismartera_core.repositories import recording
from mismartera_core.repositories.recording import Recorder, read_recording
from mismartera_core.repositories.recording_player import Player, ReplayDiffers
from mismartera_core.repositories.recording_values import decode, encode

BARS = BarColumns.build(
    [0, 60], [1.0, 2.0], [3, 4], [0.1, 0.2], [2, 3], [5, np.nan], interval_ns=60
)
LONG = BarColumns.build(np.arange(500), *(np.linspace(1, 2, 500),) * 5, interval_ns=1)
TICKS = TickColumns(np.array([1, 2]), np.array([1.5, 1.6]), np.array([10.0, 20.0]))
QUOTES = QuoteColumns(np.array([1]), *(np.array([float(n)]) for n in range(4)))
TERMS = OrderTerms(
    client_id="c1", symbol="SPY", side=Side.BUY, type=OrderType.LIMIT, quantity=Decimal("1.50")
)
EXECUTION = Execution(
    execution_id="e1",
    venue_id="v1",
    client_id="c1",
    symbol="SPY",
    side=Side.SELL,
    quantity=Decimal(3),
    price=Decimal("500.10"),
)
VALUES = [
    None,
    True,
    3,
    "text",
    0.1,
    Decimal("1.10"),
    (1, (2.5, "a")),
    [position(), position("QQQ")],
    {"SPY": 1},
    account(),
    order(legs=(order("v2"),)),
    TERMS,
    EXECUTION,
    OrderChanged(order()),
    Executed(EXECUTION, order()),
    StreamChanged(StreamState.LOST, "gone"),
    StreamNoise("?"),
    VenueCapabilities(),
]


@pytest.mark.parametrize("value", VALUES, ids=lambda v: type(v).__name__)
def test_a_value_comes_back_as_it_was(value):
    assert decode(json.loads(json.dumps(encode(value)))) == value


@pytest.mark.parametrize(
    ("event", "field"),
    [
        (StreamedBars("SPY", BARS, revised=True), "bars"),
        (StreamedBars("SPY", LONG), "bars"),
        (StreamedTicks("SPY", TICKS), "ticks"),
        (StreamedQuotes("SPY", QUOTES), "quotes"),
    ],
)
def test_columns_come_back_bit_for_bit(event, field):
    back = decode(json.loads(json.dumps(encode(event))))
    assert back.symbol == event.symbol
    assert getattr(back, "revised", None) == getattr(event, "revised", None)
    columns, kept = getattr(event, field), getattr(back, field)
    for name in columns.__dataclass_fields__:
        one, other = getattr(columns, name), getattr(kept, name)
        assert one.dtype == other.dtype
        assert one.tobytes() == other.tobytes()


@given(st.lists(st.floats(width=64, allow_nan=False), max_size=80))
def test_every_float_comes_back_exactly(numbers):
    array = np.array(numbers, dtype=np.float64)
    back = decode(json.loads(json.dumps(encode(array))))
    assert back.tobytes() == array.tobytes()


def test_an_error_comes_back_with_class_and_hint():
    back = decode(encode(OrderUnclear("no answer", hint="wait")))
    assert (type(back), str(back), back.hint) == (OrderUnclear, "no answer", "wait")


def test_what_a_recording_does_not_know_is_refused():
    with pytest.raises(TypeError, match="no form for object"):
        encode(object())
    with pytest.raises(DataError, match="a 'Novelty'"):
        decode(["Novelty", {}])


def recorder(folder, **head):
    made = Recorder(head)
    made.open(folder)
    return made


@pytest.fixture
def recorded(tmp_path):
    """A folder with a recording of two tracks."""
    tape = recorder(tmp_path, run="r1")
    assert tape.take("engine", "find", "c1", lambda: 7) == 7
    tape.note("feed", "bars", "one")
    with pytest.raises(BrokerError):
        tape.take("engine", "submit", TERMS, lambda: _raise(BrokerError("refused", hint="why")))
    tape.close()
    tape.close()
    return tmp_path


def _raise(error):
    raise error


def _never():
    raise AssertionError("a replay asks nobody")


def test_a_recording_gives_back_answers_and_errors_in_order_of_each_track(recorded):
    found = read_recording(recorded)
    assert (found.head, found.torn) == ({"version": 1, "run": "r1"}, 0)
    tape = Player(found.items)
    assert tape.take("engine", "find", "c1", _never) == 7
    with pytest.raises(BrokerError, match="refused") as raised:
        tape.take("engine", "submit", TERMS, _never)
    assert raised.value.hint == "why"
    assert [item.kind for item in tape.left()] == ["bars"]
    assert tape.pop("feed").answer() == "one"
    assert tape.peek("feed") is None


@pytest.mark.parametrize(
    ("kind", "asked", "words"),
    [
        ("find", "c2", 'line 2 of the recording: expected find "c1", and the replay asks for find'),
        ("find", "c2", 'it was "c1", is "c2"'),
        ("cancel", "c1", 'expected find "c1", and the replay asks for cancel "c1"'),
    ],
)
def test_a_replay_that_asks_for_something_else_fails_and_names_it(recorded, kind, asked, words):
    tape = Player(read_recording(recorded).items)
    with pytest.raises(ReplayDiffers) as raised:
        tape.take("engine", kind, asked, _never)
    assert words in str(raised.value)


def test_the_field_that_differs_is_named(recorded):
    tape = Player(read_recording(recorded).items)
    tape.pop("engine")
    with pytest.raises(ReplayDiffers, match=r'quantity was "1\.50", is "2"'):
        tape.take("engine", "submit", replace(TERMS, quantity=Decimal(2)), _never)


def test_a_replay_that_asks_for_more_fails(recorded):
    tape = Player(read_recording(recorded).items)
    with pytest.raises(ReplayDiffers, match="the recording of nobody has ended"):
        tape.take("nobody", "find", 1, _never)


def test_a_torn_end_is_cut_off_wherever_it_is(recorded):
    path = recorded / recording.FILE
    whole = path.read_bytes()
    last = whole.rstrip(b"\n").rfind(b"\n") + 1
    for size in range(last + 1, len(whole)):
        path.write_bytes(whole[:size])
        found = read_recording(recorded)
        assert len(found.items) == 2
        assert found.torn == size - last


def test_damage_before_the_end_is_an_error(recorded):
    path = recorded / recording.FILE
    data = bytearray(path.read_bytes())
    data[data.find(b"\n") + 20] ^= 1
    path.write_bytes(bytes(data))
    with pytest.raises(DataError, match="line 2 is damaged, and it is not the last one"):
        read_recording(recorded)


def test_no_recording_and_one_of_a_newer_form_are_told(tmp_path, monkeypatch):
    with pytest.raises(DataError, match="only live sessions are recorded"):
        read_recording(tmp_path)
    monkeypatch.setattr(recording, "VERSION", 2)
    recorder(tmp_path).close()
    monkeypatch.undo()
    with pytest.raises(DataError, match="of form 2; this version knows forms up to 1"):
        read_recording(tmp_path)


def test_a_full_disk_ends_the_recording_and_not_the_session(tmp_path, monkeypatch, caplog):
    tape = recorder(tmp_path)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(recording.os, "write", full)
    assert [tape.take("engine", "find", n, lambda: 7) for n in range(2)] == [7, 7]
    monkeypatch.undo()
    tape.note("engine", "late", 1)
    tape.close()
    assert tape.failure is not None
    assert caplog.text.count("the recording ends here") == 1
    assert read_recording(tmp_path).items == ()


def test_what_was_recorded_survives_a_kill(tmp_path):
    code = (
        "import os, signal, sys; from pathlib import Path\n"
        "from mismartera_core.repositories.recording import Recorder\n"
        "tape = Recorder({})\n"
        "tape.note('engine', 'item', 0)\n"
        "tape.open(Path(sys.argv[1]))\n"
        "for n in range(1, 100): tape.note('engine', 'item', n)\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", code, tmp_path], check=False)
    assert done.returncode == -signal.SIGKILL
    assert [item.came for item in read_recording(tmp_path).items] == list(range(100))


def test_a_second_recording_in_a_folder_is_refused(recorded):
    with pytest.raises(FileExistsError):
        recorder(recorded)
    assert [path.name for path in recorded.iterdir()] == [recording.FILE]
