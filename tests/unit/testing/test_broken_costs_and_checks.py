"""Cost models and risk checks that break a promise are caught by the test of that promise."""

from __future__ import annotations

import math
from decimal import Decimal

import pytest
from suite_runs import assert_caught, failures

from mismartera_core import CostModelReg, CostRole, RiskCheckReg

COMMISSION, SLIPPAGE, PARTICIPATION = CostRole.COMMISSION, CostRole.SLIPPAGE, CostRole.PARTICIPATION


def free(side, quantity, price, open_, high, low, close, volume, rate):
    return rate * quantity * price


def negative_fee(side, quantity, price, open_, high, low, close, volume, rate):
    return 1.0 - rate * quantity


def whole_fee(side, quantity, price, open_, high, low, close, volume, rate):
    return 1


def divides(side, quantity, price, open_, high, low, close, volume, rate):
    return rate * quantity / volume


def exact(side, quantity, price, open_, high, low, close, volume, rate):
    return price


def helps(side, quantity, price, open_, high, low, close, volume, rate):
    return max(low, min(high, price - side * 0.01))


def leaves_the_bar(side, quantity, price, open_, high, low, close, volume, rate):
    return price + side * 1.0


def none_at_all(side, quantity, price, open_, high, low, close, volume, rate):
    return 0.0


def owes_units(side, quantity, price, open_, high, low, close, volume, rate):
    return volume * rate - 1.0


def more_than_traded(side, quantity, price, open_, high, low, close, volume, rate):
    return math.inf


CALLS = []


def counts(side, quantity, price, open_, high, low, close, volume, rate):
    CALLS.append(price)
    return float(len(CALLS))


def exact_money(side, quantity, price, open_, high, low, close, volume, rate):
    return float(Decimal(price) * 0)


COSTS = {
    negative_fee: (COMMISSION, ["commission is never negative"], ["at least 0", "max(0.0, fee)"]),
    whole_fee: (COMMISSION, ["result is a float"], ["one float", "1 for buy"]),
    divides: (
        COMMISSION,
        [
            "result is a float",
            "same input gives the same result",
            "commission is never negative",
            "it compiles",
        ],
        ["ZeroDivisionError", "volume may be 0 or NaN"],
    ),
    helps: (SLIPPAGE, ["slippage never helps the trader"], ["never better than the price"]),
    leaves_the_bar: (SLIPPAGE, ["slippage stays within the bar"], ["never leaves the range"]),
    owes_units: (
        PARTICIPATION,
        ["participation is part of the volume", "result is a float"],
        ["at least 0 units", "-0.5 of 500.0"],
    ),
    more_than_traded: (
        PARTICIPATION,
        ["participation is part of the volume"],
        ["no more than its volume", "inf of"],
    ),
    counts: (
        COMMISSION,
        ["same input gives the same result", "it compiles"],
        ["pure function", "keep no state"],
    ),
    exact_money: (COMMISSION, ["it compiles"], ["numba compiles", "no objects"]),
}


def cost_model(function, role, parameters=lambda config: (0.001,)):
    return CostModelReg(
        name="made", role=role, factory=function, parameters=parameters, summary="Made by a test"
    )


@pytest.mark.parametrize(
    ("function", "role"), [(free, COMMISSION), (exact, SLIPPAGE), (none_at_all, PARTICIPATION)]
)
def test_a_sound_cost_model_breaks_nothing(function, role):
    assert failures("cost_model", cost_model(function, role)) == {}


@pytest.mark.parametrize("function", COSTS, ids=lambda function: function.__name__)
def test_a_broken_cost_model_is_caught(function):
    role, promises, words = COSTS[function]
    assert_caught("cost_model", cost_model(function, role), promises, words)


def test_parameters_that_are_no_numbers_are_caught():
    record = cost_model(exact, SLIPPAGE, lambda config: (math.nan,))
    assert_caught("cost_model", record, ["parameters are numbers"], ["(nan,)"], more=True)


class Check:
    """Refuses entries above 10,000."""

    def check(self, request, account):
        value = request.quantity * request.reference_price
        if not request.opens and request.quantity <= abs(account.position):
            return None
        return None if value <= 10_000 else self.refusal(value)

    def refusal(self, value):
        return f"order of {value:,.2f} is above 10,000.00"


class SaysTrue(Check):
    def refusal(self, value):
        return True


class SaysNoNumber(Check):
    def refusal(self, value):
        return "too large"


class Divides(Check):
    def check(self, request, account):
        share = request.quantity * request.reference_price / account.equity
        return f"{share:.0%} of equity" if request.opens and not share <= 0.1 else None


class Counts(Check):
    """Counts orders itself."""

    asked = 0

    def check(self, request, account):
        self.asked += request.opens
        return f"order {self.asked} of 20" if request.opens and self.asked > 20 else None


class CountsForAll(Check):
    """Counts the orders of every run."""

    asked = []  # noqa: RUF012 - the fault under test

    def check(self, request, account):
        self.asked.append(request)
        return f"order {len(self.asked)} of 20" if request.opens and self.asked[20:] else None


class LetsUnknownPass(Check):
    def check(self, request, account):
        value = request.quantity * request.reference_price
        return self.refusal(value) if request.opens and value > 10_000 else None


class LocksIn(Check):
    def check(self, request, account):
        value = request.quantity * request.reference_price
        return None if value <= 10_000 else self.refusal(value)


CHECKS = {
    SaysTrue: (["answer is none or a reason"], ["never True or False", "True for OrderRequest"]),
    SaysNoNumber: (["answer is none or a reason"], ["names the number", "'too large'"]),
    Divides: (
        [
            "extreme numbers are survived",
            "answer is none or a reason",
            "an unknown number lets no order pass",
            "answers do not depend on what was asked before",
            "runs know nothing of each other",
            "a position can always be reduced",
        ],
        ["ZeroDivisionError", "test for 0"],
    ),
    Counts: (
        ["answers do not depend on what was asked before"],
        ["keep nothing between calls", "None, later 'order ", "remembers = True"],
    ),
    CountsForAll: (
        ["runs know nothing of each other", "answers do not depend on what was asked before"],
        ["keep what you remember in self", "of the next instance 'order "],
    ),
    LocksIn: (["a position can always be reduced"], ["lock the risk in"]),
    LetsUnknownPass: (["an unknown number lets no order pass"], ["with quantity NaN"]),
}


def risk_check(cls):
    return RiskCheckReg(
        name="made", factory=lambda config, context: cls(), summary="Made by a test"
    )


def test_a_sound_risk_check_breaks_nothing():
    assert failures("risk_check", risk_check(Check)) == {}


@pytest.mark.parametrize("cls", CHECKS, ids=lambda cls: cls.__name__)
def test_a_broken_risk_check_is_caught(cls):
    assert_caught("risk_check", risk_check(cls), *CHECKS[cls])
