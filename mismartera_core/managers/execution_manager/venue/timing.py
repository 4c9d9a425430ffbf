"""How long the desk waits for what."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Seconds, measured by a monotonic timer.

    Attributes:
        first_look: From a send without a clear answer to the first look-up.
        in_flight: From the send to the look-up after which checks are counted.
        every: Between the checks.
        checks: Answers "there is none" that make an order absent.
        fresh: Age up to which an order may be sent again, under the same id.
        orders_every: Between two comparisons of orders and executions.
        positions_every: Between two comparisons of positions.
        retry: Before something that failed is tried again; twice as long each time in a row.
        longest_retry: That wait at most.
        strikes: Comparisons with the same difference that halt.
        overlap: How far before what is known executions are asked for.
    """

    first_look: float = 0.5
    in_flight: float = 5.0
    every: float = 2.0
    checks: int = 5
    fresh: float = 5.0
    orders_every: float = 30.0
    positions_every: float = 60.0
    retry: float = 2.0
    longest_retry: float = 15.0
    strikes: int = 3
    overlap: float = 3600.0
