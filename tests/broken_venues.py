"""Brokers of the small venue, each of which breaks a promise."""

from __future__ import annotations

import contextlib
import itertools
import threading
from dataclasses import replace

from venue_adapter import GONE, AdaptedVenue

from mismartera_core import (
    BrokerError,
    OrderNotSent,
    OrderRejected,
    OrderUnclear,
    VenueAccount,
)


class Retries(AdaptedVenue):
    """As SDKs do: a failed request is sent again."""

    def sends(self, method, path, body=None):
        try:
            return super().sends(method, path, body)
        except OrderUnclear:
            return super().sends(method, path, body)


class RejectsWhatIsUnclear(AdaptedVenue):
    def unclear(self, error):
        return OrderRejected(f"no answer: {error!r}")


class NeverLeft(AdaptedVenue):
    """Takes a connection that broke for one that was never made."""

    def unclear(self, error):
        return OrderNotSent(f"no answer: {error!r}")


class AllUnclear(AdaptedVenue):
    def sends(self, method, path, body=None):
        try:
            return super().sends(method, path, body)
        except BrokerError as error:
            raise OrderUnclear(str(error)) from error


class ExistsIsRejected(AdaptedVenue):
    def sends(self, method, path, body=None):
        try:
            return super().sends(method, path, body)
        except BrokerError as error:
            raise OrderRejected(str(error)) from error


class NoWords(AdaptedVenue):
    def sends(self, method, path, body=None):
        try:
            return super().sends(method, path, body)
        except OrderRejected as error:
            raise OrderRejected("403") from error


class Floats(AdaptedVenue):
    """Truncates, as one library does."""

    def number(self, value):
        return None if value is None else f"{int(float(value) * 100) / 100:.2f}"


class NoDeadline(AdaptedVenue):
    read_seconds = 30.0


class NothingIsNone(AdaptedVenue):
    """Takes what cannot be read for what is not there."""

    def reads(self, path, **query):
        try:
            return super().reads(path, **query)
        except BrokerError:
            return None if "client_id" in query else []


class OwnErrors(AdaptedVenue):
    def reads(self, path, **query):
        status, answer = self.ask("GET", f"{path}?client_id={query.get('client_id', '')}")
        return answer if status == 200 else None


class InternalId(AdaptedVenue):
    def account(self):
        return replace(super().account(), account_id="4711")


class FloatMoney(AdaptedVenue):
    def account(self):
        found = super().account()
        return VenueAccount(
            account_id=found.account_id,
            paper=True,
            currency="USD",
            cash=float(found.cash),
            equity=found.equity,
            buying_power=found.buying_power,
        )


class LocalClock(AdaptedVenue):
    def now_ns(self):
        return super().now_ns() - 4 * 3_600_000_000_000


class ForgetsLegs(AdaptedVenue):
    def open_orders(self):
        return [replace(it, legs=()) for it in super().open_orders()]


class HidesOthers(AdaptedVenue):
    def open_orders(self):
        return [it for it in super().open_orders() if it.client_id.startswith("suite")]


class FirstPage(AdaptedVenue):
    def reads(self, path, **query):
        found = super().reads(path, **query)
        return {**found, "next": None} if path == "/executions" else found


class AllExecutions(AdaptedVenue):
    def executions(self, since_ns):
        return super().executions(0)


class CumulativeFills(AdaptedVenue):
    """Takes what has filled so far for what has filled now."""

    def take(self, message):
        if message["type"] == "fill":
            message["execution"]["quantity"] = message["order"]["filled"]
        super().take(message)


class OwnIds(AdaptedVenue):
    numbers = itertools.count()

    def take(self, message):
        if message["type"] == "fill":
            message["execution"]["id"] = f"mine-{next(self.numbers)}"
        super().take(message)


class ForgetsWhatFilled(AdaptedVenue):
    def take(self, message):
        if message["type"] == "order":
            message["order"]["filled"] = "0"
        super().take(message)


class NoReasons(AdaptedVenue):
    def reads(self, path, **query):
        found = super().reads(path, **query)
        return {**found, "reason": ""} if isinstance(found, dict) and "reason" in found else found

    def take(self, message):
        message["order"]["reason"] = ""
        super().take(message)


class HearsFillsOnly(AdaptedVenue):
    def take(self, message):
        if message["type"] == "fill":
            super().take(message)


class ReturnsTooSoon(AdaptedVenue):
    """Does not wait for the confirmation."""

    def confirmed(self):
        pass


class GivesUp(AdaptedVenue):
    """Its events end with the first connection."""

    def run(self):
        with contextlib.suppress(*GONE):
            self.read()


class SaysNothing(AdaptedVenue):
    def lost(self, error):
        self.line.close()


class DiesOfNoise(AdaptedVenue):
    def noise(self, message):
        raise ConnectionError("what?")


class SwallowsNoise(AdaptedVenue):
    def noise(self, message):
        pass


class LeaksThreads(AdaptedVenue):
    over = threading.Event()

    def live(self):
        super().live()
        threading.Thread(target=self.over.wait, args=[30], name="heartbeat").start()


class ClosesSlowly(AdaptedVenue):
    def close(self):
        threading.Event().wait(1.5)
        super().close()


class StaysConnected(AdaptedVenue):
    def close(self):
        """Nothing."""


class TellsItsKey(AdaptedVenue):
    def unclear(self, error):
        return OrderUnclear(f"no answer with {self.config.key.get_secret_value()}")


class ClaimsTooMuch(AdaptedVenue):
    """Claims order types and amounts that it does not translate."""

    def written(self, terms):
        return {**super().written(terms), "trail_amount": None, "notional": None}


class LosesTheEntry(AdaptedVenue):
    def replace(self, venue_id, terms):
        return replace(super().replace(venue_id, terms), replaces="")


class KeepsTheId(AdaptedVenue):
    def replace(self, venue_id, terms):
        return replace(super().replace(venue_id, terms), venue_id=venue_id)


class NoPositions(AdaptedVenue):
    def positions(self):
        return [replace(it, quantity=abs(it.quantity) * 2) for it in super().positions()]
