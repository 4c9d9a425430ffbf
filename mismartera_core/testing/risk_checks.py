"""Promises of a risk check."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, ClassVar

from mismartera_core.contracts.context import PluginContext
from mismartera_core.contracts.risk import AccountView, OrderRequest, RiskCheck, RiskFacts
from mismartera_core.registrations import RiskCheckReg
from mismartera_core.testing.suite import MadeConformance, build, expect, not_applicable, survives

REQUEST = OrderRequest(
    strategy="example", symbol="ABC", side=1, quantity=100.0, reference_price=50.0, opens=True
)
"""An order to open a position of 5,000."""

FACTS = RiskFacts(
    now_ns=1_750_000_000_000_000_000,
    last_close=50.0,
    bid=49.99,
    ask=50.01,
    quote_age=1.0,
    average_volume=1_000_000.0,
    opposite_units=0.0,
    working_exposure=0.0,
    buying_power=200_000.0,
    multiplier=2.0,
    excess=100_000.0,
    settled_cash=100_000.0,
    shortable=True,
    short_restricted=False,
    interval=60.0,
    symbol_age=0.0,
    feed_age=0.0,
    clock_skew=0.0,
    disk_free=1e12,
    orders_last_minute=0,
    strategy_orders_last_minute=0,
    rejects_last_minute=0,
    symbol_rejects_last_minute=0,
    same_intent_age=math.inf,
    peak_equity=100_000.0,
    day_trades=0,
)
"""Surroundings in which nothing speaks against an order."""

ACCOUNT = AccountView(
    facts=FACTS,
    equity=100_000.0,
    cash=100_000.0,
    day_start_equity=100_000.0,
    position=0.0,
    gross_exposure=0.0,
    open_positions=0,
    orders_today=0,
    minutes_since_open=60.0,
    minutes_to_close=330.0,
)
"""An account of 100,000 without positions, an hour after the open."""

_NUMBERS: dict[str, tuple[float, ...]] = {
    "quantity": (1e-6, 1.0, 1e12),
    "reference_price": (1e-6, 1.0, 1e12),
    "equity": (-1e12, 0.0, 1e12),
    "cash": (-1e12, 0.0, 1e12),
    "day_start_equity": (-1e12, 0.0, 1e12),
    "position": (-1e12, 0.0, 1e12),
    "gross_exposure": (0.0, 1e12),
    "open_positions": (0, 1_000_000),
    "orders_today": (0, 1_000_000),
    "minutes_since_open": (0.0, 1440.0),
    "minutes_to_close": (0.0, 1440.0),
}
_OF_ORDER = ("quantity", "reference_price")
_OF_FACTS: dict[str, tuple[float, ...]] = {
    "last_close": (1e-6, 1.0, 1e12),
    "quote_age": (0.0, math.inf),
    "average_volume": (0.0, 1e12),
    "opposite_units": (0.0, 1e12),
    "working_exposure": (0.0, 1e12),
    "buying_power": (-1e12, 0.0, math.inf),
    "multiplier": (0.0, 1.0, 4.0, math.inf),
    "excess": (-1e12, 0.0, 1e12),
    "settled_cash": (-1e12, 0.0, 1e12),
    "symbol_age": (0.0, 1e9),
    "feed_age": (0.0, 1e9),
    "clock_skew": (-1e9, 0.0, 1e9),
    "disk_free": (0.0, math.inf),
    "orders_last_minute": (0, 1_000_000),
    "strategy_orders_last_minute": (0, 1_000_000),
    "same_intent_age": (0.0, math.inf),
    "rejects_last_minute": (0, 1_000_000),
    "symbol_rejects_last_minute": (0, 1_000_000),
    "peak_equity": (0.0, 1e12),
    "day_trades": (0, 1_000),
}
_NUMBERS |= _OF_FACTS

Question = tuple[OrderRequest, AccountView]


def questions() -> Iterator[Question]:
    """Orders and accounts: ordinary ones, and each number at its extremes."""
    for side, opens in itertools.product((1, -1), (True, False)):
        base = replace(REQUEST, side=side, opens=opens)
        for position in (0.0, 200.0, -200.0):
            yield base, replace(ACCOUNT, position=position)
        for field, values in _NUMBERS.items():
            for value in values:
                yield changed((base, ACCOUNT), field, value)
    broke = replace(ACCOUNT, equity=0.0, cash=0.0, day_start_equity=0.0)
    yield REQUEST, broke
    yield replace(REQUEST, quantity=1e15, reference_price=1e15), ACCOUNT


def changed(question: Question, field: str, value: float) -> Question:
    """A question with one number replaced.

    Args:
        question: An order and an account.
        field: Name of a number of either.
        value: Its new value.
    """
    request, account = question
    number: dict[str, Any] = {field: value}
    if field in _OF_ORDER:
        return replace(request, **number), account
    if field in _OF_FACTS:
        return request, replace(account, facts=replace(account.facts, **number))
    return request, replace(account, **number)


class RiskCheckConformance(MadeConformance):
    """What a risk check promises.

    Attributes:
        remembers: Whether its answers may follow from earlier questions of the run, too.
    """

    kind = "risk_check"
    remembers: ClassVar[bool] = False

    def test_answer_is_none_or_a_reason(self, made: RiskCheck) -> None:
        """None lets an order leave; a refusal is a sentence with the number that decided it."""
        for question in questions():
            answer = _answer(made, question)
            if answer is None:
                continue
            expect(
                isinstance(answer, str) and answer.strip() and "\n" not in answer,
                "check() returns None, or the reason of the refusal as one line of text",
                f"{answer!r} for {_told(question)}",
                "return None where the order may leave, never True or False",
            )
            expect(
                any(letter.isdigit() for letter in answer),
                "a refusal names the number that decided it",
                f"{answer!r} for {_told(question)}",
                "say what was found and what the limit is",
            )

    def test_extreme_numbers_are_survived(self, made: RiskCheck) -> None:
        """Zero equity, huge orders, infinite and unknown numbers raise nothing."""
        for question in questions():
            _answer(made, question)
        for field, value in itertools.product(_NUMBERS, (math.nan, math.inf, -math.inf)):
            _answer(made, changed((REQUEST, ACCOUNT), field, value))

    def test_an_unknown_number_lets_no_order_pass(self, made: RiskCheck) -> None:
        """Where a number decides, an order is refused while it is not known (NaN)."""
        bases = [(replace(REQUEST, side=side), ACCOUNT) for side in (1, -1)]
        for base, (field, values) in itertools.product(bases, _NUMBERS.items()):
            answers = {_answer(made, changed(base, field, value)) is None for value in values}
            if len(answers) == 1:  # the number decides nothing here
                continue
            expect(
                _answer(made, changed(base, field, math.nan)) is not None,
                "a number that is not known (NaN) never lets an order pass that it decides on",
                f"with {field} NaN the order may leave: {_told(base)}",
                "refuse NaN first: every comparison with NaN is false",
            )

    def test_a_position_can_always_be_reduced(self, made: RiskCheck) -> None:
        """Whatever the account, an order that does no more than reduce a position may leave."""
        for side, (field, values) in itertools.product((1, -1), _NUMBERS.items()):
            held = replace(ACCOUNT, position=-2.0 * side * REQUEST.quantity)
            order = replace(REQUEST, side=side, opens=False)
            for value in values if field not in ("quantity", "position") else ():
                question = changed((order, held), field, value)
                answer = _answer(made, question)
                expect(
                    answer is None,
                    "no check keeps a position from being reduced: that would lock the risk in",
                    f"{answer!r} for {_told(question)}",
                    "return None first where request.opens is False and the position covers it",
                )

    def test_answers_do_not_depend_on_what_was_asked_before(self, made: RiskCheck) -> None:
        """The same question gives the same answer, in any order."""
        if self.remembers:
            not_applicable("it remembers what it was asked (remembers = True)")
        every = list(questions())
        forth = [_answer(made, question) for question in every]
        back = [_answer(made, question) for question in reversed(every)][::-1]
        for question, one, other in zip(every, forth, back, strict=True):
            expect(
                one == other,
                "an answer follows from the order and the account alone",
                f"{one!r}, later {other!r}, for {_told(question)}",
                "keep nothing between calls: the account says what happened today. A check that "
                "has to remember says so in its suite: remembers = True",
            )

    def test_runs_know_nothing_of_each_other(
        self, registration: RiskCheckReg, settings: Any, context: PluginContext
    ) -> None:
        """Two checks that are asked the same say the same: memory belongs to the instance."""
        asked = []
        for _ in range(2):
            fresh = build(registration, settings, context)
            asked.append([_answer(fresh, question) for question in questions()])
        for question, one, other in zip(questions(), *asked, strict=True):
            expect(
                one == other,
                "a new check knows nothing of the one before it",
                f"{one!r}, of the next instance {other!r}, for {_told(question)}",
                "keep what you remember in self, never in the class or the module",
            )


def _answer(made: RiskCheck, question: Question) -> Any:
    with survives(
        f"a risk check answers whatever the numbers: {_told(question)}",
        "test for 0, NaN and infinity before dividing",
    ):
        return made.check(*question)


def _told(question: Question) -> str:
    request, account = question
    return f"{request}, {account}"
