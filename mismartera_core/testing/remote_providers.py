"""Promises of a data provider that asks a service on the network."""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Mapping
from typing import Any, ClassVar

import pytest

from mismartera_core.contracts.context import PluginContext
from mismartera_core.contracts.provider import DataProvider
from mismartera_core.errors import DataError
from mismartera_core.registrations import DataProviderReg
from mismartera_core.registry.attributes import one_line
from mismartera_core.testing import rows
from mismartera_core.testing.data_providers import DataProviderConformance
from mismartera_core.testing.listening import STOP_SECONDS
from mismartera_core.testing.loopback import Fault, LoopbackServer, Reply
from mismartera_core.testing.provider_bars import described
from mismartera_core.testing.remote_calls import Call, Trial, fastest, together, unpaged
from mismartera_core.testing.shown import all_said, secrets_or_skip, shows_none
from mismartera_core.testing.suite import breach, build, expect, not_applicable, survives

_SLOW = 0.4
"""Seconds that a page takes while the provider is closed."""
_STEP = 0.01
_LATE = 0.1
"""Seconds that a busy machine may hold up a request."""
_RATE_SECONDS = 30.0

_ERROR_BODIES = {
    "400": Fault.status(400),
    "200_json": Fault.status(200, "internal error"),
    "200_html": Fault(
        reply=Reply(body=b"<html>Bad gateway</html>", headers={"Content-Type": "text/html"})
    ),
}


class RemoteProviderConformance(DataProviderConformance):
    """What a data provider promises that asks a service on the network.

    Override the fixtures `venue` and `plugin_config`, and `symbol` and `window` where the
    provider cannot tell what it has. The window should take at least four pages.

    Attributes:
        deadline: Seconds within which a request ends, whatever the service does.
        retry_seconds: How long the fault `throttled` asks to wait.
        rate: Requests a second that the config under test allows; None where it limits none.
        burst: Requests that may leave at once before the rate counts.
    """

    deadline: ClassVar[float] = 5.0
    retry_seconds: ClassVar[float] = 1.0
    rate: ClassVar[float | None] = None
    burst: ClassVar[int] = 1

    @pytest.fixture
    def venue(self) -> Any:
        """The running server in place of the service."""
        breach(
            "a remote provider is tested against a server of its author",
            f"{type(self).__name__} does not override the fixture `venue`",
            "with LoopbackServer({'/bars': ...}) as venue: yield venue",
        )

    @pytest.fixture
    def plugin_config(self, registration: Any, venue: LoopbackServer) -> Mapping[str, Any]:  # noqa: ARG002
        """The config that points to the venue."""
        breach(
            "the suites open no connection but to the venue",
            f"{type(self).__name__} does not override the fixture `plugin_config`",
            "def plugin_config(self, venue): return {'url': venue.url, ...}",
        )

    @pytest.fixture
    def throttled(self) -> Fault:
        """The answer to too many requests; override it where the service names a reset."""
        return Fault.too_many(math.ceil(self.retry_seconds))

    @pytest.fixture
    def trial(
        self,
        registration: DataProviderReg,
        settings: Any,
        context: PluginContext,
        venue: LoopbackServer,
        made: DataProvider,
        symbol: str,
        interval: str,
        window: tuple[int, int],
    ) -> Trial:
        """The provider, and what another instance was answered while the venue was well."""
        other = build(registration, settings, context)
        before = len(venue.requests)
        with survives("get_bars delivers the window while the venue is well", "look at get_bars"):
            expected = other.get_bars(symbol, interval, *window)
        count = len(venue.requests) - before
        other.close()
        expect(
            count and len(expected),
            "bars come from the venue, which has some in the window",
            f"{len(expected)} {described(symbol, interval)} by {count} requests",
            "let `plugin_config` point to venue.url, and `window` to where there are bars",
        )
        return Trial(
            made=made,
            venue=venue,
            source=registration.name,
            symbol=symbol,
            interval=interval,
            window=window,
            expected=expected,
            count=count,
        )

    def test_pages_are_joined(self, trial: Trial) -> None:
        """A window of more than three pages has the bars of its parts."""
        parts = unpaged(trial.made, trial.venue, trial.symbol, trial.interval, trial.window)
        rows.same_rows(
            trial.expected,
            parts,
            "pages are joined: the whole has the rows of its parts",
            trial.whose,
            "ask until there is no next page; begin it where the last one ended",
        )
        trial.pages_or_skip("joining pages")

    def test_page_boundary_inside_a_symbol_loses_nothing(self, trial: Trial) -> None:
        """Symbols loaded at once have all of their bars, wherever a page ends."""
        known = [name for name in trial.made.symbols() if name != trial.symbol]
        if not known:
            not_applicable("symbols() names no second symbol to load at once")
        asked = [trial.symbol, known[0]]
        many = trial.made.load_bars(asked, trial.interval, *trial.window)
        for name in asked:
            rows.same_rows(
                many[name],
                unpaged(trial.made, trial.venue, name, trial.interval, trial.window),
                "a page may end inside a symbol: the next one goes on with it",
                described(name, trial.interval),
                "join the pages of each symbol, also of one that two pages share",
            )
        trial.pages_or_skip("a page that ends inside a symbol")

    def test_429_is_waited_for_and_retried(self, trial: Trial, throttled: Fault) -> None:
        """Too many requests: it waits as long as it is told, then asks again."""
        contract = "an answer of 429"
        cure = "wait as Retry-After or the reset header says, then ask again"
        asked = trial.recovers(throttled, contract, self.deadline + self.retry_seconds, cure)
        waited = asked[1].at - asked[0].at
        expect(
            waited > self.retry_seconds - _LATE,
            f"{contract} is waited for as long as it says ({self.retry_seconds:g} s)",
            f"{trial.whose}: asked again after {waited:.3f} s",
            cure,
        )

    @pytest.mark.parametrize("which", ["for_ever", "for_an_hour"])
    def test_429_is_not_waited_for_without_limit(
        self, trial: Trial, throttled: Fault, which: str
    ) -> None:
        """Too many requests for ever, or for an hour: an error within the deadline."""
        fault = throttled if which == "for_ever" else Fault.too_many(3600)
        what = f"429 {which.replace('_', ' ')}"
        trial.refuses(fault, what, self.deadline, "limit how often and how long it is waited for")

    @pytest.mark.parametrize("status", [500, 503])
    def test_5xx_that_goes_away_is_retried(self, trial: Trial, status: int) -> None:
        """An error of the server that passes is not seen."""
        cure = "ask again after a short wait"
        trial.recovers(Fault.status(status), f"an answer of {status}", self.deadline, cure)

    def test_5xx_that_stays_is_an_error(self, trial: Trial) -> None:
        """An error of the server that stays is a DataError within the deadline."""
        cure = "limit the retries, and raise DataError after the last"
        trial.refuses(Fault.status(503), "a 503 that stays", self.deadline, cure)

    def test_silent_server_is_an_error(self, trial: Trial) -> None:
        """A server that never answers is a DataError within the deadline."""
        cure = "give every request a time limit, and all of its retries together the deadline"
        trial.refuses(Fault.silence(), "a server that is silent", self.deadline, cure)

    def test_truncated_answer_is_an_error(self, trial: Trial) -> None:
        """An answer that ends early is a DataError within the deadline, never fewer bars."""
        cure = "compare with Content-Length, parse strictly, and raise DataError"
        trial.refuses(Fault.truncated(), "a truncated answer", self.deadline, cure)

    def test_dropped_connection_is_an_error(self, trial: Trial) -> None:
        """A connection that is reset is a DataError within the deadline."""
        cure = "turn the errors of the connection into DataError"
        trial.refuses(Fault.dropped(), "a dropped connection", self.deadline, cure)

    @pytest.mark.parametrize("which", _ERROR_BODIES)
    def test_error_body_is_never_taken_for_data(self, trial: Trial, which: str) -> None:
        """An error of the service, whatever its status, is a DataError and no quiet market."""
        what = f"an error body ({which.replace('_', ', ')})"
        cure = "look at the status first, then that the body has what bars are made of"
        trial.refuses(_ERROR_BODIES[which], what, self.deadline, cure)

    def test_limiter_is_shared_by_threads(self, trial: Trial) -> None:
        """Two threads together stay below the rate that the class states."""
        if self.rate is None:
            not_applicable("the class states no `rate`: it limits none")
        needed = math.ceil(2 * self.burst + 4 * self.rate * _LATE) + 4
        before = len(trial.venue.requests)
        calls = together(trial.ask, math.ceil(needed / trial.count), _RATE_SECONDS)
        found = next((one_line(call.error) for call in calls if call.error is not None), None)
        contract = f"two threads together send at most {self.rate:g} requests a second"
        cure = "let all requests of a provider pass one limiter, behind a lock"
        expect(found is None, contract, f"{found}", cure)
        asked = trial.venue.requests[before:]
        if len(asked) < needed:
            not_applicable(f"{len(asked)} requests in {_RATE_SECONDS:g} s tell nothing of a rate")
        rate, many = fastest(asked, self.burst, _LATE)
        expect(rate <= self.rate, contract, f"{rate:.1f} a second, over {many} requests", cure)

    def test_close_ends_paging(self, trial: Trial) -> None:
        """Closed while it reads pages, it ends within a second and leaves no thread."""
        trial.pages_or_skip("closing between pages")
        before = set(threading.enumerate())
        trial.venue.script([], then=Fault.slow(_SLOW))
        first = len(trial.venue.requests)
        call = Call(trial.ask)
        for _ in range(math.ceil(self.deadline / _STEP)):
            if call.ends_within(_STEP) or len(trial.venue.requests) > first:
                break
        trial.made.close()
        contract = f"close() ends a request that is under way within {STOP_SECONDS:g} s"
        cure = "look between pages, and instead of sleeping, at an Event that close() sets"
        over = f"{trial.whose}: still reading pages"
        expect(call.ends_within(STOP_SECONDS), contract, over, cure)
        if call.error is None:
            rows.same_rows(
                call.answer,
                trial.expected,
                "a request that close() ended is a DataError, never a part of the bars",
                trial.whose,
                "raise DataError",
            )
        elif not isinstance(call.error, DataError):
            breach("a request that close() ended is a DataError", one_line(call.error), cure)
        left = [thread for thread in threading.enumerate() if thread not in before]
        for thread in left:
            thread.join(STOP_SECONDS)
        names = ", ".join(thread.name for thread in left if thread.is_alive())
        expect(not names, "close() leaves no thread behind", f"still running: {names}", cure)

    def test_secret_is_in_no_url_log_or_error(
        self,
        secrets: list[str],
        trial: Trial,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        """Neither request URLs nor logs, repr or errors show a key, also when requests fail."""
        secrets_or_skip(secrets)
        said: dict[str, str] = {}
        with caplog.at_level(logging.DEBUG):
            trial.ask()
            for fault in (Fault.status(401), Fault.status(503), Fault.dropped()):
                call, _ = trial.meets([], then=fault)
                call.ends_within(self.deadline)
                said["an error"] = said.get("an error", "") + all_said(call.error)
        said["a request's URL"] = "\n".join(one.target for one in trial.venue.requests)
        said["the log"] = caplog.text
        said["its repr"] = f"{trial.made!r} {trial.made!s}"
        shows_none(said, secrets)
