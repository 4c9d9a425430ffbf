"""A broker of a small venue keeps the promises of venue brokers; broken ones are caught."""

from __future__ import annotations

import contextlib
import inspect
import itertools

import broken_venues as broken
import pytest
from venue_adapter import AdaptedVenue, VenueConfig, registered
from venue_promises import Promises
from venue_server import KEY, PAGE, VenueServer

from mismartera_core import (
    OrderType,
    VenueCapabilities,
)
from mismartera_core.testing import CallFault, StreamRefusal, VenueBrokerConformance, run_suite
from mismartera_core.testing.venue_trial import VenueNews

EXAMPLE = {"url": "http://127.0.0.1:1", "events_url": "ws://127.0.0.1:1", "key": KEY}


class TestAdaptedVenue(Promises):
    @pytest.fixture
    def registration(self):
        return registered(AdaptedVenue)


SUBMIT, UNREAD = "outcome_of_submit_is_told_apart", "venue_that_does_not_answer_is_an_error"
COMES_BACK, WORDS = "lost_connection_comes_back", "rejection_has_the_venues_words"
BROKEN = [
    (broken.Retries, SUBMIT, {"fault": CallFault.GATEWAY_TIMEOUT}, "OrderUnclear"),
    (broken.Retries, SUBMIT, {"fault": CallFault.SERVER_ERROR}, "OrderUnclear"),
    (
        broken.RejectsWhatIsUnclear,
        SUBMIT,
        {"fault": CallFault.UNREADABLE},
        "not the venue's own word",
    ),
    (broken.RejectsWhatIsUnclear, SUBMIT, {"fault": CallFault.RESET}, "OrderRejected: no answer"),
    (broken.NeverLeft, SUBMIT, {"fault": CallFault.RESET}, "OrderNotSent: no answer"),
    (broken.AllUnclear, SUBMIT, {"fault": CallFault.NO_FUNDS}, "is OrderRejected"),
    (broken.NoDeadline, SUBMIT, {"fault": CallFault.SILENT}, "ends within"),
    (broken.AllUnclear, "venue_that_is_not_there_gets_nothing", {}, "is OrderNotSent"),
    (broken.ExistsIsRejected, "second_order_with_an_id_exists", {}, "is OrderExists"),
    (broken.NoWords, WORDS, {}, "has the venue's words"),
    (
        broken.Floats,
        "prices_are_sent_as_they_are",
        {"price": "4.35"},
        "limit_price Decimal('4.34')",
    ),
    (
        broken.ClaimsTooMuch,
        "every_type_it_claims_is_taken",
        {"kind": OrderType.TRAILING_STOP},
        "as sent",
    ),
    (
        broken.ClaimsTooMuch,
        "every_capability_is_delivered",
        {"which": "notional"},
        "(notional) is sent",
    ),
    (
        broken.NothingIsNone,
        UNREAD,
        {"ask": "find", "fault": CallFault.SERVER_ERROR},
        "an answer: None",
    ),
    (
        broken.NothingIsNone,
        UNREAD,
        {"ask": "positions", "fault": CallFault.TOO_MANY},
        "an answer: []",
    ),
    (broken.OwnErrors, UNREAD, {"ask": "find", "fault": CallFault.UNREADABLE}, "JSONDecodeError"),
    (
        broken.NoDeadline,
        UNREAD,
        {"ask": "account", "fault": CallFault.SILENT_UNDONE},
        "ends within",
    ),
    (broken.InternalId, "account_is_told", {}, "'4711', it is 'PA1'"),
    (broken.FloatMoney, "account_is_told", {}, "cash is 100000.0"),
    (broken.LocalClock, "clock_is_the_venues", {}, "mind its zone"),
    (broken.LosesTheEntry, "replace_changes_a_working_order", {}, "says so"),
    (broken.KeepsTheId, "replace_changes_a_working_order", {}, "an id of its own"),
    (
        broken.Retries,
        "outcome_of_replace_is_told_apart",
        {"fault": CallFault.GATEWAY_TIMEOUT},
        "replace",
    ),
    (
        broken.AllUnclear,
        "filled_order_is_not_changed",
        {"ask": "cancel"},
        "cancel of an order that has",
    ),
    (broken.AllUnclear, "cancel_of_what_is_not_there_is_rejected", {}, "does not know"),
    (
        broken.RejectsWhatIsUnclear,
        "outcome_of_cancel_is_told_apart",
        {"fault": CallFault.SILENT},
        "is OrderUnclear",
    ),
    (broken.CumulativeFills, "fills_are_told_by_their_ids", {}, "not those of the order so far"),
    (broken.OwnIds, "fills_are_told_by_their_ids", {}, "its own id"),
    (broken.OwnIds, "event_that_comes_twice_has_one_id", {}, "make none up"),
    (broken.ForgetsWhatFilled, "cancel_after_a_part_keeps_the_part", {}, "filled were 4"),
    (broken.NoReasons, "rejection_after_it_was_taken_is_told", {}, "says why"),
    (broken.HearsFillsOnly, "expiry_is_told", {}, "expired"),
    (broken.HearsFillsOnly, "cancelled_by_itself_is_told", {}, "cancelled"),
    (broken.FirstPage, "executions_are_paged_to_the_end", {}, "20 (20 different) of 25"),
    (broken.AllExecutions, "executions_are_paged_to_the_end", {}, "at or after the instant"),
    (broken.NoPositions, "positions_are_told", {}, "Decimal('20')"),
    (broken.HidesOthers, "orders_of_others_are_shown", {}, "those of others"),
    (broken.ForgetsLegs, "legs_of_a_bracket_come_with_their_entry", {}, "prices of legs []"),
    (
        broken.ReturnsTooSoon,
        "listen_that_is_refused_is_an_error",
        {"reason": StreamRefusal.WRONG_KEY},
        "is a BrokerError",
    ),
    (broken.GivesUp, COMES_BACK, {"how": "drop"}, "LOST, and then LIVE again"),
    (broken.SaysNothing, COMES_BACK, {"how": "hang_up"}, "LOST, and then LIVE again"),
    (broken.GivesUp, "fills_of_a_lost_connection_can_be_asked_for", {}, "LIVE again"),
    (broken.DiesOfNoise, "unknown_events_are_counted", {}, "whoever listens"),
    (broken.SwallowsNoise, "unknown_events_are_counted", {}, "3 were sent, 0 are told of"),
    (broken.LeaksThreads, "hours_leave_nothing_behind", {}, "threads"),
    (broken.ClosesSlowly, "close_ends_everything_within_a_second", {}, "within 1 s"),
    (broken.StaysConnected, "close_ends_everything_within_a_second", {}, "1 are open"),
    (broken.StaysConnected, "close_leaves_no_thread", {}, "still running: venue events"),
    (broken.TellsItsKey, "secret_is_in_no_log_or_error", {}, "an error has one"),
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
    broken.LeaksThreads.over.clear()
    with VenueServer() as faults, contextlib.ExitStack() as stack:
        broker = cls(VenueConfig(**faults.config), None)
        stack.callback(AdaptedVenue.close, broker)
        stack.callback(broken.LeaksThreads.over.set)
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


def test_without_a_fake_it_is_said_what_is_missing():
    found = {it.name: it for it in run_suite("broker", registered(AdaptedVenue, example=EXAMPLE))}
    assert found["config keeps its secrets"].outcome == "passed"
    assert found["secrets stay out of sight"].outcome == "passed"
    assert found["submit sends once"].outcome == "skipped"
    assert "names no suite that has one" in found["submit sends once"].message
    assert {it.outcome for it in found.values()} == {"passed", "skipped"}


def test_with_suites_of_its_own_it_is_checked_against_its_fake():
    record = registered(AdaptedVenue, suites=("venue_promises:Promises",))
    found = {it.name: it.outcome for it in run_suite("broker", record)}
    assert (
        found["submit sends once"] == found["legs of a bracket come with their entry"] == "passed"
    )
    assert "failed" not in found.values()
