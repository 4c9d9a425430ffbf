"""What all suites have in common: how they are found, run, and what they say."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from datetime import date
from types import ModuleType
from typing import get_type_hints

import pytest
from pydantic import BaseModel
from suite_runs import assert_caught, failures

import mismartera_core.testing as public
from mismartera_core import PluginError, ReportReg, RiskCheckReg
from mismartera_core.errors import UsageError
from mismartera_core.registry import KINDS
from mismartera_core.testing import (
    SUITES,
    Promise,
    RiskCheckConformance,
    breach,
    not_applicable,
    plugin_context,
    run_suite,
    running,
)
from mismartera_core.testing.discovery import libraries_loaded, plugin_module


class Check:
    def __init__(self, config, context):
        self.config = config

    def check(self, request, account):
        return None


def record(**changes):
    return RiskCheckReg(**{"name": "made", "factory": Check, "summary": "One line", **changes})


def test_there_is_a_suite_for_every_kind():
    assert set(SUITES) == set(KINDS)
    assert {suite.kind: suite for suite in SUITES.values()} == SUITES


def test_every_public_name_is_there():
    assert sorted(public.__all__[1:]) == public.__all__[1:]
    for name in public.__all__:
        assert getattr(public, name) is not None
        assert getattr(public, name).__doc__


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="NoConformance"):
        _ = public.NoConformance


def test_importing_the_suites_loads_neither_pytest_nor_pandas():
    code = (
        "import sys, mismartera_core.testing; "
        "assert not {'pytest', 'pandas', 'numpy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_without_pytest_the_message_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "pytest", None)
    for name in [name for name in sys.modules if name.startswith("mismartera_core.testing.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delitem(vars(public), "run_suite", raising=False)
    with pytest.raises(PluginError) as caught:
        _ = public.run_suite
    assert caught.value.hint == "install mismartera-core[testing]"


def test_every_promise_is_reported_once_and_in_order():
    found = run_suite("risk_check", record())
    assert all(isinstance(promise, Promise) for promise in found)
    assert [promise.name for promise in found[:2]] == [
        "registration is complete",
        "factory can be imported",
    ]
    assert len({promise.name for promise in found}) == len(found)
    assert {promise.outcome for promise in found} <= {"passed", "skipped"}
    assert all(promise.message for promise in found if promise.outcome == "skipped")


def test_options_of_the_caller_change_nothing(monkeypatch):
    monkeypatch.setenv("PYTEST_ADDOPTS", "--exitfirst --no-such-option")
    assert len(run_suite("risk_check", record(summary=""))) > 5
    assert os.environ["PYTEST_ADDOPTS"] == "--exitfirst --no-such-option"


def test_an_unknown_kind_is_refused():
    with pytest.raises(UsageError, match="no kind of plugin named 'risk'") as caught:
        run_suite("risk", record())
    assert "risk_check" in caught.value.hint


def test_a_config_can_be_given():
    class Config(BaseModel):
        limit: int

    fits = record(config_model=Config)
    words = ["config.limit", "example={...}"]
    assert_caught("risk_check", fits, ["config is valid"], words, more=True)
    assert failures("risk_check", fits, {"limit": 3}) == {}
    assert failures("risk_check", record(config_model=Config, example={"limit": 3})) == {}


@pytest.mark.parametrize(
    ("changes", "promise", "words"),
    [
        ({"summary": ""}, "registration is complete", ["says in one line", "summary ''"]),
        ({"name": "My Check"}, "registration is complete", ["'My Check'", "lower-case"]),
        ({"factory": "no_such_module:Check"}, "factory can be imported", ["no_such_module"]),
        ({"factory": "json:Check"}, "factory can be imported", ["'json' has no 'Check'"]),
        ({"factory": 3}, "factory can be imported", ["can be called"]),
        ({"config_model": "json:Config"}, "factory can be imported", ["'json' has no 'Config'"]),
        ({"factory": lambda: Check(1, 2)}, "extreme numbers are survived", ["config, context"]),
    ],
)
def test_a_wrong_record_is_caught(changes, promise, words):
    assert_caught("risk_check", record(**changes), [promise], words, more=True)


def test_a_record_of_another_kind_is_caught():
    other = ReportReg(name="made", factory=Check, summary="One line")
    words = ["a ReportReg", "return RiskCheckReg("]
    assert_caught("risk_check", other, ["registration is complete"], words)


def test_what_a_plugin_raises_names_its_line():
    class Raises(Check):
        def check(self, request, account):
            raise KeyError("limit")

    found = failures("risk_check", record(factory=Raises))
    assert "KeyError: 'limit'" in found["answer is none or a reason"]
    assert "test_suite_base.py" in found["answer is none or a reason"]


def test_a_plugin_that_hangs_is_left_behind(monkeypatch):
    class Hangs(Check):
        def check(self, request, account):
            threading.Event().wait()

    out = sys.stdout
    monkeypatch.setattr(running, "SECONDS_A_PROMISE", 1.0)
    found = run_suite("risk_check", record(factory=Hangs))
    last = Promise("answer is none or a reason", "failed", "did not end within 1 s")
    assert found[-1] == last
    assert sys.stdout is out


def test_a_suite_that_cannot_be_collected_is_a_broken_promise(monkeypatch):
    monkeypatch.setattr(running, "_FILE", "import a_library_nobody_has  # {kind}")
    (promise,) = run_suite("risk_check", record())
    assert (promise.name, promise.outcome) == ("suite can be collected", "failed")
    assert "No module named 'a_library_nobody_has'" in promise.message


def test_a_plugin_that_interrupts_is_not_taken_for_the_user():
    class Interrupts(Check):
        def check(self, request, account):
            raise KeyboardInterrupt

    *_, last = run_suite("risk_check", record(factory=Interrupts))
    assert (last.name, last.outcome) == ("answer is none or a reason", "failed")
    assert last.message.startswith("raised KeyboardInterrupt")
    assert "test_suite_base.py" in last.message


AUTHORS_FILE = """
import pytest
from mismartera_core import RiskCheckReg
from mismartera_core.testing import RiskCheckConformance

class Check:
    def __init__(self, config, context): ...
    def check(self, request, account):
        return {answer}

class TestCheck(RiskCheckConformance):
    {fixture}
"""
FIXTURE = """@pytest.fixture
    def registration(self):
        return RiskCheckReg(name="mine", factory=Check, summary="Mine")
"""


def pytest_says(tmp_path, **parts):
    """What an author sees who runs pytest on a file with a suite."""
    (tmp_path / "test_mine.py").write_text(AUTHORS_FILE.format(**parts))
    (tmp_path / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\n")
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_mine.py"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    return done.stdout


def test_an_author_subclasses_a_suite_with_one_fixture(tmp_path):
    said = pytest_says(tmp_path, answer="None", fixture=FIXTURE)
    assert re.search(r"^\d+ passed, 3 skipped in", said, re.MULTILINE), said


def test_an_author_reads_the_contract_where_it_is_broken(tmp_path):
    said = pytest_says(tmp_path, answer="True", fixture=FIXTURE)
    assert "Contract: check() returns None, or the reason of the refusal" in said
    assert "Cure: return None where the order may leave" in said


def test_an_author_who_forgets_the_fixture_is_told(tmp_path):
    said = pytest_says(tmp_path, answer="None", fixture="pass")
    assert "Found: TestCheck does not override it" in said


def test_a_library_that_hooks_import_is_named(tmp_path, monkeypatch):
    (tmp_path / "heavy_hooks.py").write_text("import pandas\n")
    (tmp_path / "light_hooks.py").write_text("import json, mismartera_core\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert "pandas" in libraries_loaded("heavy_hooks")
    assert libraries_loaded("light_hooks") == ()


def test_hooks_that_cannot_be_imported_are_named(tmp_path, monkeypatch):
    (tmp_path / "lame_hooks.py").write_text("import no_such_library\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(PluginError, match="lame_hooks cannot be imported: ModuleNotFoundError"):
        libraries_loaded("lame_hooks")


def test_the_module_with_the_hooks_is_found_by_the_package():
    assert plugin_module("strategies_example.sma_cross:SmaCross") == "strategies_example.plugin"
    assert plugin_module("no_such_package.x:y") is None
    assert plugin_module(Check) is None


def test_the_calendar_of_the_context_is_the_real_one(tmp_path):
    context = plugin_context(tmp_path)
    table = context.sessions(date(2024, 11, 27), date(2024, 11, 29))
    assert [str(day) for day in table.dates] == ["2024-11-27", "2024-11-29"]
    assert table.early_close == (False, True)
    assert context.timezone == "America/New_York"
    assert get_type_hints(plugin_context)["return"].__name__ == "PluginContext"


def test_the_context_equals_the_hosts(tmp_path):
    from mismartera_core.managers.time_manager import TimeManager
    from mismartera_core.repositories.database import open_database

    database = open_database(f"sqlite:///{tmp_path}/calendar.db")
    for market in (("US_EQUITY", "EQUITY"), ("JP_EQUITY", "EQUITY")):
        theirs = TimeManager(database, *market).session_table(date(2023, 1, 1), date(2024, 12, 31))
        ours = plugin_context(tmp_path, *market).sessions(date(2023, 1, 1), date(2024, 12, 31))
        assert ours.dates == theirs.dates
        assert ours.early_close == theirs.early_close
        for name in ("open_ns", "close_ns", "pre_open_ns", "post_close_ns", "break_start_ns"):
            assert (getattr(ours, name) == getattr(theirs, name)).all(), name
    database.close()


def test_the_context_hands_out_the_providers_it_was_given(tmp_path):
    mine = object()
    context = plugin_context(tmp_path, providers={"mine": mine})
    assert context.provider("mine", {}) is mine
    assert context.provider("sample", {"seed": 2}).symbols()[0] == "AAPL"


def test_a_registration_names_suites_of_its_own():
    home = "mismartera_core.testing:RiskCheckConformance"
    plain = run_suite("risk_check", record())
    assert run_suite("risk_check", record(suites=(home,))) == plain
    assert run_suite("risk_check", record(suites=(home, home))) == plain


def test_of_a_promise_that_two_suites_test_the_weightier_outcome_counts(monkeypatch):
    def suite(test):
        return type("Suite", (RiskCheckConformance,), {"test_registration_is_complete": test})

    made = ModuleType("made_suites")
    made.Asks, made.Skips = suite(lambda self: None), suite(lambda self: not_applicable("not here"))
    made.Fails = suite(lambda self: breach("it holds", "it does not", "look"))
    monkeypatch.setitem(sys.modules, "made_suites", made)
    for names, wanted in (("Skips Asks", "passed"), ("Asks Skips Fails", "failed")):
        named = tuple(f"made_suites:{name}" for name in names.split())
        found = {it.name: it.outcome for it in run_suite("risk_check", record(suites=named))}
        assert found["registration is complete"] == wanted


@pytest.mark.parametrize(
    ("suite", "words"),
    [
        ("mismartera_core.testing:ReportConformance", "conformance suites of that kind"),
        ("mismartera_core.testing:Conformance", "conformance suites of that kind"),
        ("mismartera_core.testing:Promise", "conformance suites of that kind"),
        ("mismartera_core.nowhere:Suite", "nowhere"),
    ],
)
def test_a_suite_of_another_kind_is_a_broken_promise(suite, words):
    (only,) = run_suite("risk_check", record(suites=(suite,)))
    assert (only.name, only.outcome) == ("suite can be collected", "failed")
    assert words in only.message
