"""What is done at a venue without the engine: entries go, exits and foreign orders stay."""

import types
from datetime import date
from decimal import Decimal
from threading import Event

import pytest
from file_venue import FileVenue, FileVenueConfig

from mismartera_core import BrokerReg, ConfigError, OrderType, Side, hookimpl
from mismartera_core.config.settings import Settings
from mismartera_core.errors import UsageError
from mismartera_core.model.venue import VenueOrder, VenuePosition, VenueStatus
from mismartera_core.registry import Registry
from mismartera_core.repositories.live_files import LiveFiles, LiveSession
from mismartera_core.services.venue_entries import entries, leaving
from mismartera_core.system import emergency


@pytest.fixture
def venue(tmp_path):
    return FileVenue(FileVenueConfig(folder=str(tmp_path / "venue")))


def order(side, units, *, client_id="mm-1", filled="0", status=VenueStatus.WORKING):
    return VenueOrder(
        venue_id="1",
        client_id=client_id,
        symbol="AAPL",
        side=side,
        type=OrderType.LIMIT,
        quantity=None if units is None else Decimal(units),
        filled_quantity=Decimal(filled),
        average_price=None,
        status=status,
    )


BUY, SELL = Side.BUY, Side.SELL


@pytest.mark.parametrize(
    ("held", "asked", "is_entry"),
    [
        ("0", order(BUY, "1"), True),
        ("10", order(BUY, "1"), True),
        ("10", order(SELL, "10"), False),
        ("10", order(SELL, "11"), True),
        ("10", order(SELL, "11", filled="1"), False),
        ("-10", order(BUY, "10"), False),
        ("-10", order(SELL, "1"), True),
        ("10", order(SELL, None), True),
        ("0", order(BUY, "1", client_id="by hand"), False),
        ("0", order(BUY, "1", client_id=""), False),
        ("0", order(BUY, "1", status=VenueStatus.FILLED), False),
    ],
)
def test_an_entry_is_an_order_of_ours_that_may_open(held, asked, is_entry):
    positions = [VenuePosition(symbol="AAPL", quantity=Decimal(held), average_price=Decimal(1))]
    positions = [p for p in positions if p.quantity]
    assert entries([asked], positions) == ([asked] if is_entry else [])


def test_entries_are_cancelled_and_exits_stay(venue):
    venue.hold(AAPL="10")
    venue.put("entry")
    venue.put("exit", side="sell")
    venue.put("foreign", client_id="by hand")
    assert emergency.cancel_entries(venue) == 1
    assert venue.at_work() == ["exit", "foreign"]
    assert emergency.cancel_ours(venue) == 1
    assert venue.at_work() == ["foreign"]


def test_cancelling_goes_on_until_two_looks_find_nothing(venue):
    venue.put("one")
    looks = []

    def cancel(asked):
        looks.append(asked.at_work())
        found = emergency.cancel_entries(asked)
        if len(looks) == 2:
            venue.put("late")  # was on its way
        return found

    assert emergency.cancel_until_none(venue, Event(), cancel, pause=0.001)
    assert looks == [["one"], [], ["late"], [], []]


def test_a_venue_that_is_silent_is_asked_again_but_not_for_ever(venue):
    (venue.folder / "down").touch()
    assert not emergency.cancel_until_none(venue, Event(), rounds=3, pause=0.001)
    stopped = Event()
    stopped.set()
    assert not emergency.cancel_until_none(venue, stopped, rounds=10**9, pause=60.0)


def test_a_cancel_that_is_refused_or_unclear_is_tried_again(venue):
    venue.put("one")
    (venue.folder / "deaf").touch()
    assert not emergency.cancel_until_none(venue, Event(), rounds=2, pause=0.001)
    (venue.folder / "deaf").unlink()
    (gone,) = venue.open_orders()
    venue.cancel("one")
    assert emergency._cancel(venue, [gone]) == 1


def test_positions_are_left_once_however_often_it_is_asked(venue):
    venue.hold(AAPL="10", IBM="-5.5", GOOG="0")
    venue.put("target", side="sell")
    stop = Event()
    stop.set()
    assert emergency.flatten(venue, "A1", 7, stop) == ["AAPL", "IBM"]
    assert emergency.flatten(venue, "A1", 7, stop) == ["AAPL", "IBM"]
    sent = [(o["symbol"], o["side"], o["units"]) for o in venue.submitted()]
    assert sent == [("AAPL", "sell", "10"), ("IBM", "buy", "5.5")]
    assert venue.at_work() == []
    emergency.flatten(venue, "A1", 8, stop)
    assert len(venue.submitted()) == 4


def test_ids_of_leaving_orders_are_short_and_ours():
    held = [VenuePosition(symbol="AAPL", quantity=Decimal(1), average_price=Decimal(1))]
    (terms,) = leaving(held, "A" * 60, 1)
    assert len(terms.client_id) <= 40
    assert terms.client_id.startswith("mm-")


def session(**changes):
    known = {"account": "A1", "pid": 1, "broker": "files", "config": {"folder": "."}}
    market = {"exchange_group": "US_EQUITY", "asset_class": "EQUITY"}
    return LiveSession(**{**known, **market, **changes})


def test_the_adapter_of_a_session_is_made_anew(tmp_path, monkeypatch):
    plugin = types.ModuleType("plugin")
    record = BrokerReg(name="files", factory=FileVenue, config_model=FileVenueConfig)
    plain = BrokerReg(name="plain", factory=lambda config, context: FileVenue.__new__(FileVenue))

    @hookimpl
    def mismartera_brokers():
        return [record, plain]

    plugin.mismartera_brokers = mismartera_brokers
    registry = Registry.from_modules({"plugin": plugin})
    monkeypatch.setattr(Registry, "discover", lambda **_: registry)
    files = LiveFiles(tmp_path, "A1")
    settings = Settings(runtime_dir=tmp_path)
    with pytest.raises(UsageError, match="ever traded account A1"):
        emergency.adapter_of(files, settings)
    files.begin(session(config={"folder": str(tmp_path)}))
    assert emergency.adapter_of(files, settings).folder == tmp_path
    files.begin(session(broker="plain", config={}))
    assert isinstance(emergency.adapter_of(files, settings), FileVenue)
    files.begin(session(broker="simulated", config={"cash": "1000"}))
    with pytest.raises(ConfigError, match="simulated"):
        emergency.adapter_of(files, settings)


def test_a_plugin_may_ask_for_sessions(tmp_path):
    settings = Settings(runtime_dir=tmp_path)
    context = emergency.context_of(session(), settings, {"KEY": "of the vault"}.__getitem__)
    days = context.sessions(date(2026, 7, 2), date(2026, 7, 6))
    assert [str(day) for day in days.dates] == ["2026-07-02", "2026-07-06"]
    assert context.timezone == "America/New_York"
    assert context.secret("KEY") == "of the vault"
    assert context.now_ns() > 0


def test_a_plugin_that_is_made_anew_gets_its_secrets(tmp_path, monkeypatch):
    told = []

    def factory(config, context):
        told.append(context.secret("MISMARTERA_TEST_SECRET"))
        return FileVenue.__new__(FileVenue)

    @hookimpl
    def mismartera_brokers():
        return [BrokerReg(name="plain", factory=factory)]

    plugin = types.SimpleNamespace(mismartera_brokers=mismartera_brokers)
    registry = Registry.from_modules({"plugin": plugin})
    monkeypatch.setattr(Registry, "discover", lambda **_: registry)
    monkeypatch.setenv("MISMARTERA_TEST_SECRET", "hush")
    files = LiveFiles(tmp_path, "A1")
    files.begin(session(broker="plain", config={}))
    emergency.adapter_of(files, Settings(runtime_dir=tmp_path))
    assert told == ["hush"]
