"""Hypothesis strategies: random bars on a coarse grid of prices, and random scripts of orders."""

from __future__ import annotations

import math

from hypothesis import strategies as st

PRICES = st.integers(95, 105).map(float)
VOLUMES = st.sampled_from([1000.0, 100.0, 1000.0, 30.0, 0.0, math.nan])
SIDES = st.sampled_from([1, -1])
QUANTITIES = st.integers(1, 40)
TIFS = st.sampled_from(["day", "day", "gtc"])

KINDS = {
    "market": (),
    "limit": ("limit",),
    "stop": ("stop",),
    "stop_limit": ("stop", "limit"),
    "trailing": ("trail",),
}


@st.composite
def rows(draw):
    """(open, high, low, close, volume); often equal prices, so that equalities are met."""
    prices = sorted(draw(st.lists(PRICES, min_size=4, max_size=4)))
    open_, close = draw(st.permutations(prices[1:3]))
    return (open_, prices[3], prices[0], close, draw(VOLUMES))


@st.composite
def words(draw, *, legs=True):
    """The keyword arguments of one order."""
    made = {}
    for name in KINDS[draw(st.sampled_from(sorted(KINDS)))]:
        made[name] = draw(st.integers(1, 4).map(float) if name == "trail" else PRICES)
    if legs and draw(st.integers(0, 2)) == 0:
        for name in draw(
            st.sampled_from([("stop_loss",), ("take_profit",), ("stop_loss", "take_profit")])
        ):
            made[name] = draw(PRICES)
    if draw(st.booleans()):
        made["tif"] = draw(TIFS)
    return made


@st.composite
def changes(draw, lot=1):
    """What is to be different of an order."""
    names = draw(st.sets(st.sampled_from(["quantity", "limit", "stop", "trail"]), min_size=1))
    made = {name: draw(PRICES) for name in sorted(names)}
    if "quantity" in made:
        made["quantity"] = draw(QUANTITIES) * lot
    if "trail" in made:
        made["trail"] = float(draw(st.integers(1, 4)))
    return made


@st.composite
def actions(draw, *, close=True, change=True, lot=1):
    """What a script does at one bar; quantities are lots, times what a lot has."""
    kinds = ["order", "order", "order", "pair", "oco", "cancel", "cancel_all"]
    kinds += ["replace"] * change + ["close"] * close
    kind = draw(st.sampled_from(kinds))
    if kind == "order":
        return [("order", draw(SIDES), draw(QUANTITIES) * lot, draw(words()))]
    if kind == "pair":
        first = ("order", draw(SIDES), draw(QUANTITIES) * lot, draw(words()))
        second = ("order", draw(SIDES), draw(QUANTITIES) * lot, {**draw(words()), "oco": -1})
        return [first, second]
    if kind == "oco":
        earlier = draw(st.integers(0, 3))
        return [("order", draw(SIDES), draw(QUANTITIES) * lot, {**draw(words()), "oco": earlier})]
    if kind == "cancel":
        return [("cancel", draw(st.integers(0, 5)))]
    if kind == "replace":
        return [("replace", draw(st.integers(0, 5)), draw(changes(lot)))]
    return [(kind,)]


@st.composite
def scripts(draw, bars, *, close=True, change=True, fill=True, lot=1):
    """{bar number: [actions]} for so many bars."""
    made = {}
    for number in range(bars):
        if draw(st.booleans()):
            made[number] = draw(actions(close=close, change=change, lot=lot))
    if fill and draw(st.integers(0, 3)) == 0:
        made["fill"] = draw(actions(close=close, change=change, lot=lot))
    return made
