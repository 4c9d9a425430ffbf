"""Promises of a cost model."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from functools import cache
from importlib.util import find_spec
from types import FunctionType
from typing import Any

import pytest

from mismartera_core.contracts.costs import CostFunction, CostRole
from mismartera_core.registrations import CostModelReg
from mismartera_core.registry import resolve_attribute
from mismartera_core.testing.suite import Conformance, expect, not_applicable, survives

Case = tuple[float, float, float, float, float, float, float, float]
"""side, quantity, price, open, high, low, close, volume."""

_BARS = (
    (100.0, 101.5, 99.0, 100.5, 10_000.0),
    (100.0, 100.0, 100.0, 100.0, 500.0),
    (0.01, 0.02, 0.01, 0.015, 1e7),
    (612_345.678901, 620_000.0, 600_000.0, 601_234.5, 3.0),
    (50.0, 50.5, 49.5, 50.25, 0.0),
    (50.0, 50.5, 49.5, 50.25, math.nan),
)
_SIDES = (1.0, -1.0)
_QUANTITIES = (1.0, 0.5, 100.0, 123_456.0)

TICK = 1e-6
"""Prices are rounded to it, in either direction."""


def cases() -> Iterator[Case]:
    """Fills of all sizes in ordinary and odd bars, at the open, the high, the low and the close."""
    for bar, side, quantity in itertools.product(_BARS, _SIDES, _QUANTITIES):
        for price in dict.fromkeys(bar[:4]):
            yield (side, quantity, price, *bar)


class CostModelConformance(Conformance):
    """What a cost model promises, by its role."""

    kind = "cost_model"

    @pytest.fixture
    def made(self, registration: CostModelReg) -> CostFunction:
        """The scalar function."""
        function: CostFunction = resolve_attribute(registration.factory)
        return function

    @pytest.fixture
    def numbers(self, registration: CostModelReg, settings: Any) -> tuple[float, ...]:
        """Its plain numbers."""
        with survives(
            "parameters(config) makes plain numbers of a valid config", "look at `parameters`"
        ):
            return tuple(resolve_attribute(registration.parameters)(settings))

    def test_parameters_are_numbers(self, numbers: tuple[float, ...]) -> None:
        """What the registration makes of a config are plain numbers."""
        for value in numbers:
            expect(
                isinstance(value, int | float) and not isinstance(value, bool) and value == value,
                "parameters(config) returns a tuple of numbers, none of them NaN",
                f"{numbers!r}",
                "convert what the config holds to float",
            )

    def test_result_is_a_float(self, made: CostFunction, numbers: tuple[float, ...]) -> None:
        """Floats in, one float out, for every fill."""
        for case in cases():
            with survives(
                f"a cost model answers for every fill, also for {_told(case)}",
                "volume may be 0 or NaN (unknown): test before dividing",
            ):
                found = made(*case, *numbers)
            expect(
                isinstance(found, float) and not math.isnan(found),
                "a cost model returns one float, never NaN",
                f"{found!r} for {_told(case)}",
                "return a float on every way through the function",
            )

    def test_same_input_gives_the_same_result(
        self, made: CostFunction, numbers: tuple[float, ...]
    ) -> None:
        """It is pure: the order of calls changes nothing."""
        every = list(cases())
        forth = [made(*case, *numbers) for case in every]
        back = [made(*case, *numbers) for case in reversed(every)]
        for case, one, other in zip(every, forth, reversed(back), strict=True):
            expect(
                one == other or (one != one and other != other),
                "a cost model is a pure function: same input, same result",
                f"{one!r} and then {other!r} for {_told(case)}",
                "keep no state, draw no random numbers, ask no clock",
            )

    def test_commission_is_never_negative(
        self, registration: CostModelReg, made: CostFunction, numbers: tuple[float, ...]
    ) -> None:
        """A fee is finite and at least 0."""
        _of_role(registration, CostRole.COMMISSION)
        for case in cases():
            fee = made(*case, *numbers)
            expect(
                0.0 <= fee < math.inf,
                "a commission is finite and at least 0",
                f"{fee!r} for {_told(case)}",
                "return max(0.0, fee); quantity and price are positive for sells, too",
            )

    def test_slippage_never_helps_the_trader(
        self, registration: CostModelReg, made: CostFunction, numbers: tuple[float, ...]
    ) -> None:
        """The price paid is the price before slippage or a worse one."""
        _of_role(registration, CostRole.SLIPPAGE)
        for case in cases():
            side, price, paid = case[0], case[2], made(*case, *numbers)
            expect(
                side * (paid - price) >= -TICK,
                "slippage is never better than the price: buys pay as much or more, sells get as "
                "much or less",
                f"{paid!r} instead of {price!r} for {_told(case)}",
                "return price + side * something that is not negative",
            )

    def test_slippage_stays_within_the_bar(
        self, registration: CostModelReg, made: CostFunction, numbers: tuple[float, ...]
    ) -> None:
        """Nobody pays a price at which nothing traded."""
        _of_role(registration, CostRole.SLIPPAGE)
        for case in cases():
            high, low, paid = case[4], case[5], made(*case, *numbers)
            expect(
                low - TICK <= paid <= high + TICK,
                "slippage never leaves the range of the bar",
                f"{paid!r}, the bar went from {low!r} to {high!r}, for {_told(case)}",
                "return min(max(paid, low), high)",
            )

    def test_participation_is_part_of_the_volume(
        self, registration: CostModelReg, made: CostFunction, numbers: tuple[float, ...]
    ) -> None:
        """A bar fills at least 0 units and no more than traded; unknown volume may limit none."""
        _of_role(registration, CostRole.PARTICIPATION)
        for case in cases():
            volume, units = case[7], made(*case, *numbers)
            expect(
                units >= 0.0 and (math.isnan(volume) or units <= volume),
                "a bar fills at least 0 units, and no more than its volume",
                f"{units!r} of {volume!r} for {_told(case)}",
                "return a share of the volume; math.inf where volume is NaN and limits nothing",
            )

    def test_it_compiles(self, made: Callable[..., float], numbers: tuple[float, ...]) -> None:
        """The function compiles with numba and gives the same values."""
        if find_spec("numba") is None:
            not_applicable("numba is not installed: install mismartera-core[fast]")
        contract = "a cost model is arithmetic on floats that numba compiles"
        cure = "use floats, math, if and functions made of them: no objects, no lookups"
        with survives(contract, cure):
            fast = _compiled(made)
            found = [fast(*case, *map(float, numbers)) for case in cases()]
        for case, quick in zip(cases(), found, strict=True):
            slow = made(*case, *numbers)
            expect(
                math.isclose(quick, slow, rel_tol=1e-12) or (quick != quick and slow != slow),
                contract,
                f"compiled {quick!r}, as Python {slow!r}, for {_told(case)}",
                cure,
            )


@cache
def _compiled(function: Callable[..., float]) -> Any:
    """The function and the functions of its module that it calls, compiled."""
    from numba import njit

    if not isinstance(function, FunctionType):
        return njit(function)
    named = {name: function.__globals__.get(name) for name in function.__code__.co_names}
    helpers = {n: _compiled(f) for n, f in named.items() if isinstance(f, FunctionType)}
    scope = {**function.__globals__, **helpers}
    return njit(FunctionType(function.__code__, scope, function.__name__, function.__defaults__))


def _of_role(registration: CostModelReg, role: CostRole) -> None:
    if registration.role is not role:
        not_applicable(f"it is a {registration.role.value} model")


def _told(case: Case) -> str:
    side, quantity, price, *bar = case
    return f"{'buy' if side > 0 else 'sell'} {quantity:g} at {price!r}, bar {tuple(bar)}"
