"""Strategies written as data: at the k-th bar of a symbol do this, do that.

An action is a tuple, its names those of the engine's own methods:
    ("order", side, quantity, {limit, stop, trail, stop_loss, take_profit, tif, oco})
    ("cancel", n)       the n-th order that this script placed in the symbol, from 0
    ("cancel_all",)
    ("replace", n, {quantity, limit, stop, trail})
    ("close",)
`oco` is likewise the number of an earlier order of the script (-1 the last). The actions of key
"fill" are done at the first three fills, where there are any; those of "start" at each open.
"""

from __future__ import annotations


class Scripted:
    """Runs {symbol: {bar number or "fill" or "start": [actions]}} on a desk of the reference."""

    def __init__(self, script):
        self.script = script
        self.fills = dict.fromkeys(script, 0)
        self.seen = dict.fromkeys(script, 0)
        self.placed = {symbol: [] for symbol in script}
        self.paired = set()

    def on_bar(self, desk, symbol, bar):
        number = self.seen.get(symbol, 0)
        self.seen[symbol] = number + 1
        self.act(desk, symbol, number)

    def on_session_start(self, desk, symbol):
        self.act(desk, symbol, "start")

    def on_fill(self, desk, fill):
        symbol = fill["symbol"]
        self.fills[symbol] += 1
        if self.fills[symbol] <= 3:
            self.act(desk, symbol, "fill")

    def act(self, desk, symbol, when):
        for action, *words in self.script.get(symbol, {}).get(when, ()):
            getattr(self, action)(desk, symbol, *words)

    def order(self, desk, symbol, side, quantity, words):
        words, placed = dict(words), self.placed[symbol]
        other = words.pop("oco", None)
        if other is not None and other < len(placed) and placed:
            pair = {(symbol, other % len(placed)), (symbol, len(placed))}
            if not pair & self.paired:  # an order has one sibling at most
                self.paired |= pair
                words["oco"] = placed[other]
        placed.append(desk.place(symbol, side, quantity, **words))

    def cancel(self, desk, symbol, number):
        if number < len(self.placed[symbol]):
            desk.cancel(self.placed[symbol][number])

    def replace(self, desk, symbol, number, words):
        if number < len(self.placed[symbol]):
            desk.replace(self.placed[symbol][number], **words)

    def cancel_all(self, desk, symbol):
        desk.cancel_all(symbol)

    def close(self, desk, symbol):
        desk.close(symbol)
