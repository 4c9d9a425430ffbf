"""Runs a suite on one registration and reports promise by promise."""

from __future__ import annotations

import contextlib
import inspect
import io
import os
import sys
import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mismartera_core.errors import PluginError, UsageError, did_you_mean
from mismartera_core.registrations import Registration
from mismartera_core.registry import resolve_attribute
from mismartera_core.registry.attributes import one_line
from mismartera_core.repositories.markets import find_market
from mismartera_core.testing.fakes import plugin_context
from mismartera_core.threads.replay.blame import where_it_raised

PASSED = "passed"
FAILED = "failed"
SKIPPED = "skipped"
_WEIGHTS = (SKIPPED, PASSED, FAILED)

_GIVEN: pytest.StashKey[Registration] = pytest.StashKey()
_CONFIG: pytest.StashKey[Mapping[str, Any] | None] = pytest.StashKey()

_MARKET: pytest.StashKey[tuple[str, str]] = pytest.StashKey()

US_EQUITY = ("US_EQUITY", "EQUITY")
"""Exchange group and asset class of the market that suites know."""

SECONDS_A_PROMISE = 120.0
"""How long one promise may take to be tested."""

_ENVIRONMENT = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": "", "PYTEST_PLUGINS": ""}

_LEFT_OUT = ("terminal", "cacheprovider", "faulthandler", "unraisableexception")
"""Plugins of pytest that write, that the caller has on already, or that only cost time."""

_HOME = "mismartera_core.testing"
_COLLECTED = "suite can be collected"
_MODULE = "test_promises"
_FILE = """
from mismartera_core.testing.running import suite_of
TestPromises{number} = suite_of({kind!r}, {suite!r})
"""


@dataclass(frozen=True, slots=True)
class Promise:
    """What came of one promise of a suite.

    Attributes:
        name: The promise, in words.
        outcome: "passed", "failed" or "skipped".
        message: Why it failed or does not apply; empty where it passed.
    """

    name: str
    outcome: str
    message: str


def run_suite(
    kind: str,
    registration: Registration,
    config: Mapping[str, Any] | None = None,
    *,
    market: tuple[str, str] = US_EQUITY,
) -> list[Promise]:
    """Run the suite of a kind of plugin, or those that the registration names.

    Args:
        kind: As `mismartera plugins list` names it.
        registration: What is tested.
        config: JSON values to test it with; the example of the registration where left out.
        market: Exchange group and asset class whose calendar holds, unless a suite of the
            registration has a `context` of its own.

    Returns:
        Every promise of the suite, in its order. Of one that several suites test a failure
        counts, then a success: what does not apply in one of them may be tested by another.

    Raises:
        UsageError: There is no such kind.
        ConfigError: There is no such market.
        PluginError: The suite could not be run.
    """
    if kind not in _suites().SUITE_NAMES:
        hint = did_you_mean(kind, _suites().SUITE_NAMES)
        raise UsageError(f"there is no kind of plugin named {kind!r}", hint=hint)
    find_market(*market)
    seen = _Promises(registration, config, market)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        path = Path(folder) / f"{_MODULE}.py"
        files = [
            _FILE.format(kind=kind, number=number, suite=suite)
            for number, suite in enumerate(
                registration.suites or (_suite_name(kind, registration),)
            )
        ]
        path.write_text("".join(files), encoding="utf-8")
        # Nothing is read from beside the folder: no settings, no conftest.py.
        words = ["-c", os.devnull, "--rootdir", folder, "--confcutdir", folder]
        words += ["--basetemp", f"{folder}/work", "--import-mode=importlib", "--capture=sys"]
        words += [f"-pno:{name}" for name in _LEFT_OUT]
        code = _run([*words, str(path)], seen)
    sys.modules.pop(_MODULE, None)  # the next run is of another suite
    if not seen.promises:
        raise PluginError(f"the suite of {kind} could not be run: pytest ended with {code}")
    return _joined(seen.promises.values())


def _run(words: Sequence[str], seen: _Promises) -> int | None:
    """Run pytest in a thread, so that a plugin that hangs is left behind; None where one was."""
    codes: list[int] = []
    # pytest speaks to people; here only the promises do.
    silent = contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO())
    with _plain_environment(), contextlib.chdir(Path.cwd()), silent[0], silent[1]:
        worker = threading.Thread(
            target=lambda: codes.append(pytest.main([*words], plugins=[seen])),
            name="conformance suite",
            daemon=True,
        )
        worker.start()
        done = -1
        while worker.is_alive() and seen.phases != done:
            done = seen.phases
            worker.join(SECONDS_A_PROMISE)
        if worker.is_alive():
            seen.breaks(f"did not end within {SECONDS_A_PROMISE:g} s")
    return codes[0] if codes else None


def _suites() -> Any:
    import mismartera_core.testing as suites

    return suites


@contextlib.contextmanager
def _plain_environment() -> Iterator[None]:
    """pytest without the options and plugins of whoever calls: they may reorder or stop tests."""
    kept = {name: os.environ.get(name) for name in _ENVIRONMENT}
    try:
        for name, value in _ENVIRONMENT.items():
            os.environ[name] = value
        yield
    finally:
        for name, before in kept.items():
            if before is None:
                del os.environ[name]
            else:
                os.environ[name] = before


def _suite_name(kind: str, registration: Registration) -> str:
    """Where the suite of a registration's kind is."""
    if kind == "broker" and not getattr(registration, "simulated", True):
        return f"{_HOME}.venue_unseen:UnseenVenueConformance"
    return f"{_HOME}:{_suites().SUITE_NAMES[kind]}"


def suite_of(kind: str, where: str) -> type[Any]:
    """A suite with the registration that `run_suite` was given.

    Args:
        kind: As `mismartera plugins list` names it.
        where: The suite, "module:class".

    Raises:
        PluginError: There is none, or it is one of another kind.
    """
    found: Any = resolve_attribute(where)
    known = isinstance(found, type) and issubclass(found, _suites().Conformance)
    if not known or getattr(found, "kind", "") != kind:
        raise PluginError(
            f"suites of a {kind.replace('_', ' ')} registration are conformance suites of that "
            f"kind, {where!r} is {found!r}",
            hint=f"derive it from mismartera_core.testing.{_suites().SUITE_NAMES[kind]}",
        )

    @pytest.fixture
    def registration(self: Any, request: pytest.FixtureRequest) -> Any:  # noqa: ARG001
        return request.config.stash[_GIVEN]

    @pytest.fixture(autouse=True)
    def _config(self: Any, request: pytest.FixtureRequest) -> None:
        given = request.config.stash[_CONFIG]
        if given is not None:
            self.config = given

    @pytest.fixture
    def context(self: Any, tmp_path: Path, request: pytest.FixtureRequest) -> Any:  # noqa: ARG001
        return plugin_context(tmp_path / "data", *request.config.stash[_MARKET])

    members = {"registration": registration, "_config": _config}
    mine = inspect.getattr_static(_suites().Conformance, "context")
    if inspect.getattr_static(found, "context") is mine:
        members["context"] = context
    return type("TestPromises", (found,), members)


class _Promises:
    """A pytest plugin that hands the registration in and takes the outcomes out."""

    def __init__(
        self,
        registration: Registration,
        config: Mapping[str, Any] | None,
        market: tuple[str, str],
    ) -> None:
        self._registration = registration
        self._config = config
        self._market = market
        self.promises: dict[tuple[str, str], Promise] = {}
        self.phases = 0
        self._running = "", _COLLECTED

    def breaks(self, message: str) -> None:
        """The promise that is being tested is broken, in a way that pytest does not report."""
        self._note(self._running, FAILED, message)

    def _note(self, test: tuple[str, str], outcome: str, message: str) -> None:
        """Of the phases of a test the first outcome that is no pass decides."""
        before = self.promises.get(test)
        if before is None or before.outcome == PASSED:
            self.promises[test] = Promise(test[1], outcome, message)

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Note what is being tested."""
        self._running = _test(item)

    def pytest_configure(self, config: pytest.Config) -> None:
        """Put what is tested where the suite finds it."""
        config.stash[_GIVEN] = self._registration
        config.stash[_CONFIG] = self._config
        config.stash[_MARKET] = self._market

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Iterator[None]:
        """Note how each phase of a test ended."""
        self.phases += 1
        self._note(_test(item), *_outcome(call))
        return (yield)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A suite that cannot be collected is a failure of its own."""
        if report.failed:
            self._note(("", _COLLECTED), FAILED, str(report.longrepr))

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Ctrl-C reaches the main thread; this one was raised by what is tested."""
        self.breaks(_raised(excinfo.value))


def _joined(promises: Iterable[Promise]) -> list[Promise]:
    """Each promise once, with the outcome of most weight."""
    found: dict[str, Promise] = {}
    for one in promises:
        before = found.setdefault(one.name, one)
        if _WEIGHTS.index(one.outcome) > _WEIGHTS.index(before.outcome):
            found[one.name] = one
    return list(found.values())


def _test(item: pytest.Item) -> tuple[str, str]:
    """The suite of a test, and the promise in words."""
    suite = item.nodeid.removesuffix(item.name)
    return suite, item.name.removeprefix("test_").replace("_", " ")


def _outcome(call: pytest.CallInfo[None]) -> tuple[str, str]:
    if call.excinfo is None:
        return PASSED, ""
    error = call.excinfo.value
    if isinstance(error, pytest.skip.Exception):
        return SKIPPED, str(error.msg)
    if isinstance(error, pytest.fail.Exception):
        return FAILED, str(error.msg)
    return FAILED, _raised(error)


def _raised(error: BaseException) -> str:
    return f"raised {one_line(error)}, at {where_it_raised(error)}"
