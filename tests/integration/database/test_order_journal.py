"""The order journal keeps its promises on both databases."""

from dataclasses import replace
from decimal import Decimal

import pytest
import sqlalchemy as sa

from mismartera_core.errors import DataError, JournalError
from mismartera_core.model.journal import Intent, OrderEventKind
from mismartera_core.model.orders import OrderType, Side
from mismartera_core.model.venue import Execution
from mismartera_core.repositories.journal import OrderJournal
from mismartera_core.repositories.journal_states import StateStore

INTENT = Intent(
    client_id="mm-1",
    strategy="one",
    symbol="AAPL",
    side=Side.BUY,
    type=OrderType.STOP_LIMIT,
    quantity=Decimal("10.000000001"),
    limit_price=Decimal("100.25"),
    stop_price=Decimal("100.2"),
    gtc=True,
    closing=True,
    tag="why; \u00e9",
    oco="mm-0",
    terms='{"a": 1}',
    run="run",
    created_ns=1_767_623_400_000_000_001,
)
LEG = replace(INTENT, client_id="mm-1-tp", parent="mm-1", terms="", trail_amount=Decimal(1))
EXECUTION = Execution(
    execution_id="E-1",
    venue_id="V-1",
    client_id="mm-1",
    symbol="AAPL",
    side=Side.BUY,
    quantity=Decimal("0.3"),
    price=Decimal("100.123456789"),
    commission=Decimal("0.01"),
    at_ns=1_767_623_400_000_000_002,
)


@pytest.fixture
def journal(database):
    return OrderJournal(database, "PA1", "run")


def reopened(journal, account="PA1"):
    return OrderJournal(journal._database, account, "another run")


def test_intents_are_read_as_they_were_written(journal):
    assert journal.intend([INTENT, LEG], 5)
    one, leg = reopened(journal).open_orders()
    assert (one.intent, leg.intent) == (INTENT, LEG)
    assert [(e.kind, e.at_ns) for e in one.events] == [(OrderEventKind.INTENT, 5)]
    assert (one.is_done, one.was_sent, one.venue_id) == (False, False, "")


def test_an_intent_is_written_once_and_with_its_legs_or_not_at_all(journal):
    assert journal.intend([INTENT], 5)
    assert not reopened(journal).intend([INTENT, LEG], 6)
    assert [one.intent for one in journal.open_orders()] == [INTENT]


def test_legs_that_cannot_be_written_leave_no_entry(journal):
    with pytest.raises(JournalError):
        journal.intend([INTENT, LEG, LEG], 5)
    assert journal.open_orders() == ()


def test_the_life_of_an_order_is_kept_in_order(journal):
    journal.intend([INTENT], 5)
    journal.note("mm-1", OrderEventKind.SENT, 6)
    journal.note("mm-1", OrderEventKind.ACKED, 7, "V-1", "new")
    journal.note("mm-1", OrderEventKind.REPLACED, 8, "V-2")
    one = reopened(journal).find("mm-1")
    assert [e.kind.value for e in one.events] == ["intent", "sent", "acked", "replaced"]
    assert (one.was_sent, one.venue_id, one.events[2].words) == (True, "V-2", "new")
    journal.note("mm-1", OrderEventKind.CANCELLED, 9)
    assert journal.find("mm-1").is_done
    assert journal.open_orders() == ()
    assert len(journal.orders_since(INTENT.created_ns)) == 1
    assert journal.orders_since(INTENT.created_ns + 1) == ()


def test_an_execution_is_booked_once_in_every_process(journal):
    journal.intend([INTENT], 5)
    assert journal.book(EXECUTION, "mm-1", 6)
    assert not journal.book(EXECUTION, "mm-1", 7)
    again = reopened(journal)
    assert again.is_booked(EXECUTION)
    assert not again.book(EXECUTION, "mm-1", 8)
    assert again.book(replace(EXECUTION, execution_id="E-2"), "", 9)
    booked = reopened(journal).executions()
    assert [(b.execution.execution_id, b.strategy) for b in booked] == [("E-1", "one"), ("E-2", "")]
    assert booked[0].execution == EXECUTION
    assert journal.booked_units("mm-1") == Decimal("0.3")
    assert [e.kind.value for e in journal.find("mm-1").events] == ["intent", "fill"]


def test_two_writers_do_not_book_the_same_execution(journal):
    journal.intend([INTENT], 5)
    other = reopened(journal)
    assert not other.is_booked(EXECUTION)
    journal.book(EXECUTION, "mm-1", 6)
    with pytest.raises(JournalError):
        other.book(EXECUTION, "mm-1", 7)
    assert len(journal.executions()) == 1


def test_accounts_do_not_see_each_other(journal):
    journal.intend([INTENT], 5)
    journal.book(EXECUTION, "mm-1", 6)
    journal.set_held_before({"AAPL": Decimal(3)}, 7)
    other = reopened(journal, "PA2")
    assert (other.open_orders(), other.executions(), other.find("mm-1")) == ((), (), None)
    assert (other.held_before(), other.looked_at_ns()) == (None, 0)
    assert other.book(EXECUTION, "", 8)


def test_what_was_held_before_is_kept(journal):
    assert journal.held_before() is None
    journal.set_held_before({"AAPL": Decimal("-3.5")}, 7)
    assert reopened(journal).held_before() == {"AAPL": Decimal("-3.5")}
    assert reopened(journal).looked_at_ns() == 7


def test_holding_nothing_before_is_not_never_having_looked(journal):
    journal.set_held_before({}, 7)
    assert journal.held_before() == {}


def test_the_state_of_a_strategy_survives(database):
    store = StateStore(database)
    assert store.load_strategy_state("PA1", "one", "AAPL") is None
    store.save_strategy_state("PA1", "one", "AAPL", {"high": 101.5, "days": [1, 2]}, 5)
    store.save_strategy_state("PA1", "one", "AAPL", {"high": 102.5, "days": []}, 6)
    store.save_strategy_state("PA1", "one", "MSFT", {}, 6)
    loaded = StateStore(database).load_strategy_state("PA1", "one", "AAPL")
    assert loaded == {"high": 102.5, "days": []}
    assert store.load_strategy_state("PA1", "one", "MSFT") == {}


@pytest.mark.parametrize("state", [{"a": object()}, {"a": float("nan")}])
def test_a_state_that_json_cannot_hold_is_refused(database, state):
    with pytest.raises(JournalError, match="strategy 'one' on 'AAPL'") as refusal:
        StateStore(database).save_strategy_state("PA1", "one", "AAPL", state, 5)
    assert "save_state" in refusal.value.hint


def test_a_journal_that_cannot_be_read_or_written_says_so(journal):
    with journal._database.engine.begin() as connection:
        connection.execute(sa.text("DROP TABLE order_events"))
    with pytest.raises(JournalError, match="order journal failed") as refusal:
        journal.intend([INTENT], 5)
    assert "no order leaves" in refusal.value.hint
    assert isinstance(refusal.value, DataError)
    with pytest.raises(JournalError):
        journal.open_orders()
    with journal._database.engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM order_intents")) == 0
