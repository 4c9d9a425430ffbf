"""A provider over HTTP keeps the promises of remote providers; broken ones are caught."""

from __future__ import annotations

import http.client
import threading
from urllib.parse import quote

import pytest
from http_bars import KEY, WINDOW, HttpBars, HttpConfig, Limiter, bars_route, registered

from mismartera_core import DataError
from mismartera_core.testing import Fault, LoopbackServer, RemoteProviderConformance
from mismartera_core.testing.remote_calls import Trial


class TestHttpBars(RemoteProviderConformance):
    deadline = 4.0
    rate = 100.0

    @pytest.fixture
    def registration(self):
        return registered(HttpBars)

    @pytest.fixture
    def venue(self):
        with LoopbackServer({"/bars": bars_route}) as server:
            yield server

    @pytest.fixture
    def plugin_config(self, venue):
        return {"url": venue.url, "api_key": KEY}

    @pytest.fixture
    def window(self):
        return WINDOW


class NoDeadline(HttpBars):
    def read(self, request, until):
        with self._opener.open(request) as answer:
            return answer.read()


class TakesWhatCame(HttpBars):
    """Thinks that a page that ends early is the last one."""

    def answer(self, asked, until):
        try:
            return super().answer(asked, until)
        except http.client.IncompleteRead:
            return {"bars": [], "next": None}


class TriesForEver(HttpBars):
    deadline = 1e9
    tries = 10**9


class TriesOnce(HttpBars):
    tries = 1


class ResetsEscape(HttpBars):
    """Turns everything into a DataError but a connection that is reset."""

    def read(self, request, until):
        try:
            return super().read(request, until)
        except ConnectionError as error:
            raise RuntimeError("connection lost") from error


class NeverWaits(HttpBars):
    """Asks again at once whatever Retry-After says."""

    def wait(self, seconds, until):
        super().wait(min(seconds, 0.05), until)


class WaitsAsToldAlways(HttpBars):
    deadline = 1e9
    longest_wait = 1e9


class SaysNothing(HttpBars):
    """Does not say what could not be read, and from where."""

    def load_bars(self, symbols, interval, start_ns, end_ns):
        try:
            return super().load_bars(symbols, interval, start_ns, end_ns)
        except DataError as error:
            raise DataError("request failed") from error.__cause__


class ShowsItsRequest(HttpBars):
    """Tells its headers with every error."""

    def said(self, error):
        return f"{error} with {self.request({}).headers}"


class KeyInUrl(HttpBars):
    def request(self, asked):
        key = self._key.get_secret_value()
        return super().request({**asked, "token": key})


class LosesTheEdge(HttpBars):
    """Takes the first row of a page for the last of the page before."""

    def joined(self, rows, page):
        return rows + page["bars"][1 if rows else 0 :]


class FirstPageOnly(HttpBars):
    def pages(self, asked, until):
        return self.page({**asked, "from": 0}, until)["bars"]


class OnePageASymbol(HttpBars):
    """Lets the page on which a symbol ends replace those before, where it asks for several."""

    def joined(self, rows, page):
        names = {row[0] for row in page["bars"]}
        return [row for row in rows if len(names) == 1 or row[0] not in names] + page["bars"]


class BelievesErrors(HttpBars):
    """Reads whatever it gets, and finds no bars in it."""

    def answer(self, asked, until):
        return {"bars": [], "next": None} | super().answer(asked, until)


class LimiterEach(HttpBars):
    """A limiter for every thread."""

    def __init__(self, config, context):
        super().__init__(config, context)
        self._limiters = threading.local()

    def answer(self, asked, until):
        if not hasattr(self._limiters, "own"):
            self._limiters.own = Limiter(Suite.rate)
        self._limiter = Free()
        self.wait(max(self._limiters.own.wait_seconds(), 0.0), until)
        return super().answer(asked, until)


class Free:
    def wait_seconds(self):
        return 0.0


class DeafToClose(HttpBars):
    def close(self):
        """Does nothing."""


class HandsOutParts(HttpBars):
    """Closed, it returns what it has."""

    def pages(self, asked, until):
        rows, first = [], 0
        while first is not None and not self._closed.is_set():
            page = self.page({**asked, "from": first}, until)
            rows, first = rows + page["bars"], page["next"]
        return rows


BROKEN = [
    (NoDeadline, "silent_server_is_an_error", "still at it"),
    (TakesWhatCame, "truncated_answer_is_an_error", "no error, 25 rows"),
    (TriesForEver, "5xx_that_stays_is_an_error", "requests so far"),
    (TriesOnce, "5xx_that_goes_away_is_retried", "HTTPError"),
    (TriesOnce, "429_is_waited_for_and_retried", "Too Many"),
    (NeverWaits, "429_is_waited_for_and_retried", "asked again after 0."),
    (WaitsAsToldAlways, "429_is_not_waited_for_without_limit", "still at it, 2 requests"),
    (ResetsEscape, "dropped_connection_is_an_error", "RuntimeError"),
    (SaysNothing, "5xx_that_stays_is_an_error", "names the symbol and the source"),
    (BelievesErrors, "error_body_is_never_taken_for_data", "no error, 25 rows"),
    (LosesTheEdge, "pages_are_joined", "116 rows and 120 rows"),
    (FirstPageOnly, "pages_are_joined", "25 rows and 120 rows"),
    (OnePageASymbol, "page_boundary_inside_a_symbol_loses_nothing", "also of one that"),
    (LimiterEach, "limiter_is_shared_by_threads", "at most 20 requests a second"),
    (DeafToClose, "close_ends_paging", "still reading pages"),
    (HandsOutParts, "close_ends_paging", "never a part of the bars"),
    (ShowsItsRequest, "secret_is_in_no_url_log_or_error", "an error has one"),
    (KeyInUrl, "secret_is_in_no_url_log_or_error", "a request's URL has one"),
]
MORE = {
    "429_is_waited_for_and_retried": lambda: {"throttled": Fault.too_many(1)},
    "429_is_not_waited_for_without_limit": lambda: {
        "throttled": Fault.too_many(1),
        "which": "for_an_hour",
    },
    "5xx_that_goes_away_is_retried": lambda: {"status": 503},
    "error_body_is_never_taken_for_data": lambda: {"which": "200_json"},
}


class Suite(TestHttpBars):
    """A shorter deadline for those that miss it, a rate that double of it is soon seen."""

    deadline = 1.5
    rate = 20.0
    __test__ = False


@pytest.mark.parametrize(("cls", "promise", "words"), BROKEN)
def test_a_broken_provider_is_caught(cls, promise, words, caplog):
    with LoopbackServer({"/bars": bars_route}) as venue:
        config = HttpConfig(url=venue.url, api_key=KEY)
        made = cls(config, None)
        expected = cls(config, None).get_bars("AAA", "1m", *WINDOW)
        trial = Trial(
            made=made,
            venue=venue,
            source="http_bars",
            symbol="AAA",
            interval="1m",
            window=WINDOW,
            expected=expected,
            count=len(venue.requests),
        )
        given = MORE.get(promise, dict)()
        if promise.startswith("secret"):
            given = {"secrets": [KEY, quote(KEY, safe="")], "caplog": caplog}
        with pytest.raises(pytest.fail.Exception) as caught:
            getattr(Suite(), f"test_{promise}")(trial=trial, **given)
        HttpBars.close(made)
    text = str(caught.value)
    assert words in text, text
    assert KEY not in text
    assert all(part in text for part in ("Contract: ", "\nFound: ", "\nCure: "))


def test_an_author_is_told_what_is_missing():
    fixtures = RemoteProviderConformance
    for name, given in (("venue", {}), ("plugin_config", {"registration": None, "venue": None})):
        with pytest.raises(pytest.fail.Exception, match=f"fixture `{name}`"):
            getattr(fixtures, name).__wrapped__(fixtures(), **given)
