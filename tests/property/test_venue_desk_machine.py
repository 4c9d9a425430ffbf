"""The order path as a state machine: whatever is done to it, the books stay whole.

Cash and executions are conserved; positions are the sum of unique executions and the venue's own;
orders only go forward; no more leave than were decided on; reconciling twice changes nothing.
"""

import itertools
from collections import Counter

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from mismartera_core.contracts.crashpoints import on_crashpoint
from mismartera_core.repositories.database import open_database
from mismartera_core.testing.simulated_faults import FaultyWorld
from mismartera_core.testing.simulation import COUNTING, check

NAMES = itertools.count()
DATABASES = []
DICE = st.randoms(use_true_random=False)


def database():
    """One in memory for all machines."""
    if not DATABASES:
        DATABASES.append(open_database("sqlite://"))
    return DATABASES[0]


class VenueDeskMachine(RuleBasedStateMachine):
    @initialize(counting=st.sampled_from(sorted({*COUNTING})))
    def begin(self, counting):
        self.world = FaultyWorld(database(), f"machine {next(NAMES)}")
        self.world.venue.replacing = counting

    @rule(dice=DICE)
    def place(self, dice):
        self.world.place(dice)

    @rule(dice=DICE)
    def amend(self, dice):
        self.world.amend(dice)

    @rule(dice=DICE)
    def withdraw(self, dice):
        self.world.withdraw(dice)

    @rule(dice=DICE)
    def execute(self, dice):
        self.world.execute(dice)

    @rule(dice=DICE)
    def finish(self, dice):
        self.world.finish(dice)

    @rule(dice=DICE)
    def others(self, dice):
        self.world.others(dice)

    @rule(dice=DICE)
    def trouble(self, dice):
        self.world.trouble(dice)

    @rule(dice=DICE)
    def die(self, dice):
        self.world.die(dice)

    @rule(on=st.booleans())
    def disk(self, on):
        self.world.read_only(on)

    @rule(seconds=st.sampled_from([0.0, 0.5, 2.0, 8.0]))
    def pass_time(self, seconds):
        self.world.pass_time(seconds, 1.0)

    @invariant()
    def orders_go_forward_only(self):
        self.world.look()

    @invariant()
    def no_more_leave_than_were_decided_on(self):
        decided = {o.intent.client_id for o in self.world.rig.journal.orders_since(0)}
        sent = Counter(terms.client_id for terms in self.world.venue.sent)
        assert sent.keys() <= decided
        assert all(times <= 2 for times in sent.values())

    @invariant()
    def positions_are_the_sum_of_unique_executions(self):
        booked = self.world.rig.journal.executions()
        assert len({one.execution.execution_id for one in booked}) == len(booked)
        told = {e.execution_id: e.quantity for e in self.world.venue.booked}
        assert all(told[b.execution.execution_id] == b.execution.quantity for b in booked)

    def teardown(self):
        if not hasattr(self, "world"):
            return
        try:
            self.world.heal()
            check(self.world)
            before = self.state()
            self.world.rig.desk._reconciling.after_loss()
            self.world.pass_time(3.0)
            assert self.state() == before
        finally:
            on_crashpoint(None)
            self.world.read_only(False)

    def state(self):
        rig = self.world.rig
        orders = [(o.id, o.status, o.remaining) for o in rig.engine.ledger.orders]
        return rig.cash, rig.engine.units(), rig.desk.external_positions, orders


TestVenueDesk = VenueDeskMachine.TestCase
TestVenueDesk.settings = settings(
    max_examples=60,
    stateful_step_count=25,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
