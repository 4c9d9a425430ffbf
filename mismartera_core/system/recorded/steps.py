"""Steps of a live session as JSON values, and back."""

from __future__ import annotations

from typing import Any

from mismartera_core.repositories.recording_values import decode, encode
from mismartera_core.store.frame import Feed
from mismartera_core.store.live_bars import LiveRow
from mismartera_core.store.live_step import Change, ChangeKind, LiveStep


def step_values(step: LiveStep) -> dict[str, Any]:
    """A step as JSON values; a bar is a short row, for there are hundreds in a step."""
    feed = step.feed
    return {
        "upto": step.upto_ns,
        "seen": step.seen_ns,
        "next": step.next_ns,
        "bars": [
            [c.kind.value, c.symbol, c.bar.ts, *c.bar.prices, c.known_ns, c.source]
            for c in step.changes
        ],
        "feed": [feed.live, feed.reason, feed.heard_ns, [list(span) for span in feed.lost]],
        "halts": [list(halt) for halt in feed.halts],
        "ticks": [[row, encode(columns)] for row, columns in step.ticks],
        "quotes": [[row, encode(columns)] for row, columns in step.quotes],
        "opens": step.opens,
        "ends": step.ends,
    }


def step_of(values: dict[str, Any]) -> LiveStep:
    """The step that `step_values` was given."""
    live, reason, heard_ns, lost = values["feed"]
    return LiveStep(
        values["upto"],
        values["seen"],
        values["next"],
        tuple(
            Change(ChangeKind(kind), symbol, LiveRow(ts, (o, h, low, c, v)), known_ns, source)
            for kind, symbol, ts, o, h, low, c, v, known_ns, source in values["bars"]
        ),
        Feed(
            live,
            reason,
            heard_ns,
            tuple((start, end) for start, end in lost),
            tuple((symbol, why) for symbol, why in values.get("halts", ())),
        ),
        tuple((row, decode(columns)) for row, columns in values["ticks"]),
        tuple((row, decode(columns)) for row, columns in values["quotes"]),
        opens=values["opens"],
        ends=values["ends"],
    )
