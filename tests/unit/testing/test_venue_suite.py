"""A broker of a small venue keeps the promises of venue brokers; broken ones are caught."""

from __future__ import annotations

import contextlib
import inspect
import itertools
import threading
from dataclasses import replace

import pytest
from venue_adapter import AdaptedVenue, VenueConfig, registered
from venue_server import KEY, PAGE, VenueServer

from mismartera_core import (
    BrokerError,
    OrderNotSent,
    OrderRejected,
    OrderType,
    OrderUnclear,
    VenueAccount,
    VenueCapabilities,
)
from mismartera_core.testing import CallFault, StreamRefusal, VenueBrokerConformance
from mismartera_core.testing.venue_trial import VenueNews


class TestAdaptedVenue(VenueBrokerConformance):
    deadline = 2.0
    reconnect_seconds = 2.0
    page = PAGE

    @pytest.fixture
    def registration(self):
        return registered(AdaptedVenue)

    @pytest.fixture
    def faults(self):
        with VenueServer() as server:
            yield server

    @pytest.fixture
    def plugin_config(self, faults):
        return faults.config


class Retries(AdaptedVenue):
    """As SDKs do: a failed request is sent again."""

    def sends(self, method, path, body=None):
        try:
            return super().sends(method, path, body)
        except OrderUnclear:
            return super().sends(method, path, body)


class RejectsWhatIsUnclear(AdaptedVenue):
    def unclear(self, error):
        return OrderRejected(f"no answer: {error!r}")


class NeverLeft(AdaptedVenue):
    """Takes a connection that broke for one that was never made."""

    def unclear(self, error):
        return OrderNotSent(f"no answer: {error!r}")


class AllUnclear(AdaptedVenue):
    def sends(self, method, path, body=None):
        try:
            return super().sends(method, path, body)
        except BrokerError as error:
            raise OrderUnclear(str(error)) from error


class ExistsIsRejected(AdaptedVenue):
    def sends(self, method, path, body=None):
        try:
            return super().sends(method, path, body)
        except BrokerError as error:
            raise OrderRejected(str(error)) from error


class NoWords(AdaptedVenue):
    def sends(self, method, path, body=None):
        try:
            return super().sends(method, path, body)
        except OrderRejected as error:
            raise OrderRejected("403") from error


class Floats(AdaptedVenue):
    """Truncates, as one library does."""

    def number(self, value):
        return None if value is None else f"{int(float(value) * 100) / 100:.2f}"


class NoDeadline(AdaptedVenue):
    read_seconds = 30.0


class NothingIsNone(AdaptedVenue):
    """Takes what cannot be read for what is not there."""

    def reads(self, path, **query):
        try:
            return super().reads(path, **query)
        except BrokerError:
            return None if "client_id" in query else []


class OwnErrors(AdaptedVenue):
    def reads(self, path, **query):
        status, answer = self.ask("GET", f"{path}?client_id={query.get('client_id', '')}")
        return answer if status == 200 else None


class InternalId(AdaptedVenue):
    def account(self):
        return replace(super().account(), account_id="4711")


class FloatMoney(AdaptedVenue):
    def account(self):
        found = super().account()
        return VenueAccount(
            account_id=found.account_id,
            paper=True,
            currency="USD",
            cash=float(found.cash),
            equity=found.equity,
            buying_power=found.buying_power,
        )


class LocalClock(AdaptedVenue):
    def now_ns(self):
        return super().now_ns() - 4 * 3_600_000_000_000


class ForgetsLegs(AdaptedVenue):
    def open_orders(self):
        return [replace(it, legs=()) for it in super().open_orders()]


class HidesOthers(AdaptedVenue):
    def open_orders(self):
        return [it for it in super().open_orders() if it.client_id.startswith("suite")]


class FirstPage(AdaptedVenue):
    def reads(self, path, **query):
        found = super().reads(path, **query)
        return {**found, "next": None} if path == "/executions" else found


class AllExecutions(AdaptedVenue):
    def executions(self, since_ns):
        return super().executions(0)


class CumulativeFills(AdaptedVenue):
    """Takes what has filled so far for what has filled now."""

    def take(self, message):
        if message["type"] == "fill":
            message["execution"]["quantity"] = message["order"]["filled"]
        super().take(message)


class OwnIds(AdaptedVenue):
    numbers = itertools.count()

    def take(self, message):
        if message["type"] == "fill":
            message["execution"]["id"] = f"mine-{next(self.numbers)}"
        super().take(message)


class ForgetsWhatFilled(AdaptedVenue):
    def take(self, message):
        if message["type"] == "order":
            message["order"]["filled"] = "0"
        super().take(message)


class NoReasons(AdaptedVenue):
    def reads(self, path, **query):
        found = super().reads(path, **query)
        return {**found, "reason": ""} if isinstance(found, dict) and "reason" in found else found

    def take(self, message):
        message["order"]["reason"] = ""
        super().take(message)


class HearsFillsOnly(AdaptedVenue):
    def take(self, message):
        if message["type"] == "fill":
            super().take(message)


class ReturnsTooSoon(AdaptedVenue):
    """Does not wait for the confirmation."""

    def confirmed(self, answer):
        pass


class GivesUp(AdaptedVenue):
    """Its events end with the first connection."""

    def run(self):
        with contextlib.suppress(OSError):
            self.read()


class SaysNothing(AdaptedVenue):
    def lost(self, error):
        self.line.close()


class DiesOfNoise(AdaptedVenue):
    def noise(self, message):
        raise ConnectionError("what?")


class SwallowsNoise(AdaptedVenue):
    def noise(self, message):
        pass


class LeaksThreads(AdaptedVenue):
    over = threading.Event()

    def live(self):
        super().live()
        threading.Thread(target=self.over.wait, args=[30], name="heartbeat").start()


class ClosesSlowly(AdaptedVenue):
    def close(self):
        threading.Event().wait(1.5)
        super().close()


class StaysConnected(AdaptedVenue):
    def close(self):
        """Nothing."""


class TellsItsKey(AdaptedVenue):
    def unclear(self, error):
        return OrderUnclear(f"no answer with {self.config.key.get_secret_value()}")


class ClaimsTooMuch(AdaptedVenue):
    """Claims order types and amounts that it does not translate."""

    def written(self, terms):
        return {**super().written(terms), "trail_amount": None, "notional": None}


class LosesTheEntry(AdaptedVenue):
    def replace(self, venue_id, terms):
        return replace(super().replace(venue_id, terms), replaces="")


class NoPositions(AdaptedVenue):
    def positions(self):
        return [replace(it, quantity=abs(it.quantity) * 2) for it in super().positions()]


SUBMIT, UNREAD = "outcome_of_submit_is_told_apart", "venue_that_does_not_answer_is_an_error"
COMES_BACK, WORDS = "lost_connection_comes_back", "rejection_has_the_venues_words"
BROKEN = [
    (Retries, SUBMIT, {"fault": CallFault.GATEWAY_TIMEOUT}, "OrderUnclear"),
    (Retries, SUBMIT, {"fault": CallFault.SERVER_ERROR}, "OrderUnclear"),
    (RejectsWhatIsUnclear, SUBMIT, {"fault": CallFault.UNREADABLE}, "not the venue's own word"),
    (RejectsWhatIsUnclear, SUBMIT, {"fault": CallFault.RESET}, "OrderRejected: no answer"),
    (NeverLeft, SUBMIT, {"fault": CallFault.RESET}, "OrderNotSent: no answer"),
    (AllUnclear, SUBMIT, {"fault": CallFault.NO_FUNDS}, "is OrderRejected"),
    (NoDeadline, SUBMIT, {"fault": CallFault.SILENT}, "ends within"),
    (AllUnclear, "venue_that_is_not_there_gets_nothing", {}, "is OrderNotSent"),
    (ExistsIsRejected, "second_order_with_an_id_exists", {}, "is OrderExists"),
    (NoWords, WORDS, {}, "has the venue's words"),
    (Floats, "prices_are_sent_as_they_are", {"price": "4.35"}, "limit_price Decimal('4.34')"),
    (ClaimsTooMuch, "every_type_it_claims_is_taken", {"kind": OrderType.TRAILING_STOP}, "as sent"),
    (ClaimsTooMuch, "every_capability_is_delivered", {"which": "notional"}, "(notional) is sent"),
    (NothingIsNone, UNREAD, {"ask": "find", "fault": CallFault.SERVER_ERROR}, "an answer: None"),
    (NothingIsNone, UNREAD, {"ask": "positions", "fault": CallFault.TOO_MANY}, "an answer: []"),
    (OwnErrors, UNREAD, {"ask": "find", "fault": CallFault.UNREADABLE}, "JSONDecodeError"),
    (NoDeadline, UNREAD, {"ask": "account", "fault": CallFault.SILENT_UNDONE}, "ends within"),
    (InternalId, "account_is_told", {}, "'4711', it is 'ACC-7'"),
    (FloatMoney, "account_is_told", {}, "cash is 100000.0"),
    (LocalClock, "clock_is_the_venues", {}, "mind its zone"),
    (LosesTheEntry, "replace_changes_a_working_order", {}, "says so"),
    (Retries, "outcome_of_replace_is_told_apart", {"fault": CallFault.GATEWAY_TIMEOUT}, "replace"),
    (AllUnclear, "filled_order_is_not_changed", {"ask": "cancel"}, "cancel of an order that has"),
    (AllUnclear, "cancel_of_what_is_not_there_is_rejected", {}, "does not know"),
    (
        RejectsWhatIsUnclear,
        "outcome_of_cancel_is_told_apart",
        {"fault": CallFault.SILENT},
        "is OrderUnclear",
    ),
    (CumulativeFills, "fills_are_told_by_their_ids", {}, "not those of the order so far"),
    (OwnIds, "fills_are_told_by_their_ids", {}, "its own id"),
    (OwnIds, "event_that_comes_twice_has_one_id", {}, "make none up"),
    (ForgetsWhatFilled, "cancel_after_a_part_keeps_the_part", {}, "filled were 4"),
    (NoReasons, "rejection_after_it_was_taken_is_told", {}, "says why"),
    (HearsFillsOnly, "expiry_is_told", {}, "expired"),
    (HearsFillsOnly, "cancelled_by_itself_is_told", {}, "cancelled"),
    (FirstPage, "executions_are_paged_to_the_end", {}, "20 (20 different) of 25"),
    (AllExecutions, "executions_are_paged_to_the_end", {}, "at or after the instant"),
    (NoPositions, "positions_are_told", {}, "Decimal('20')"),
    (HidesOthers, "orders_of_others_are_shown", {}, "those of others"),
    (ForgetsLegs, "legs_of_a_bracket_come_with_their_entry", {}, "prices of legs []"),
    (
        ReturnsTooSoon,
        "listen_that_is_refused_is_an_error",
        {"reason": StreamRefusal.WRONG_KEY},
        "is a BrokerError",
    ),
    (GivesUp, COMES_BACK, {"how": "drop"}, "LOST, and then LIVE again"),
    (SaysNothing, COMES_BACK, {"how": "hang_up"}, "LOST, and then LIVE again"),
    (GivesUp, "fills_of_a_lost_connection_can_be_asked_for", {}, "LIVE again"),
    (DiesOfNoise, "unknown_events_are_counted", {}, "whoever listens"),
    (SwallowsNoise, "unknown_events_are_counted", {}, "3 were sent, 0 are told of"),
    (LeaksThreads, "hours_leave_nothing_behind", {}, "threads"),
    (ClosesSlowly, "close_ends_everything_within_a_second", {}, "within 1 s"),
    (StaysConnected, "close_ends_everything_within_a_second", {}, "1 are open"),
    (StaysConnected, "close_leaves_no_thread", {}, "still running: venue events"),
    (TellsItsKey, "secret_is_in_no_log_or_error", {}, "an error has one"),
]


class Hasty(VenueBrokerConformance):
    deadline = reconnect_seconds = 0.8
    page = PAGE


@pytest.mark.parametrize(
    ("cls", "promise", "given", "words"),
    BROKEN,
    ids=[f"{cls.__name__}-{promise}" for cls, promise, *_ in BROKEN],
)
def test_a_broken_broker_is_caught(cls, promise, given, words, caplog):
    suite, test = Hasty(), getattr(Hasty, f"test_{promise}")
    LeaksThreads.over.clear()
    with VenueServer() as faults, contextlib.ExitStack() as stack:
        broker = cls(VenueConfig(**faults.config), None)
        stack.callback(AdaptedVenue.close, broker)
        stack.callback(LeaksThreads.over.set)
        fixtures = {
            "broker": broker,
            "faults": faults,
            "can": broker.capabilities,
            "order": Hasty.order.__wrapped__(suite, itertools.count(1)),
            "secrets": [KEY],
            "caplog": caplog,
            **given,
        }
        asked = inspect.signature(test).parameters
        if "news" in asked:
            fixtures["news"] = VenueNews()
            broker.listen(fixtures["news"].emit)
        with pytest.raises(pytest.fail.Exception) as caught:
            test(suite, **{name: fixtures[name] for name in asked if name != "self"})
    text = str(caught.value)
    assert words in text, text
    assert KEY not in text
    assert all(part in text for part in ("Contract: ", "\nFound: ", "\nCure: "))


def test_what_is_not_claimed_is_not_tested():
    suite, can = Hasty(), VenueCapabilities()
    with pytest.raises(pytest.skip.Exception, match="cannot change a working order"):
        suite.test_replace_changes_a_working_order(None, None, can, None)
    with pytest.raises(pytest.skip.Exception, match="do not claim notional"):
        suite.test_every_capability_is_delivered(None, None, can, None, "notional")
    with pytest.raises(pytest.skip.Exception, match="no brackets"):
        suite.test_legs_of_a_bracket_come_with_their_entry(None, None, can, None)


def test_an_author_is_told_what_is_missing():
    suite = VenueBrokerConformance
    for name, given in (("faults", {}), ("plugin_config", {"registration": None, "faults": None})):
        with pytest.raises(pytest.fail.Exception, match=f"fixture `{name}`"):
            getattr(suite, name).__wrapped__(suite(), **given)
