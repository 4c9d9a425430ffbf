"""The example of every hook runs as it stands."""

import inspect
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import pytest

import mismartera_core
from mismartera_core.config.loading import load_config
from mismartera_core.hookspecs import PROJECT, Hooks
from mismartera_core.model.quality import QualityReport
from mismartera_core.model.sessions import SessionPhase
from mismartera_core.registry import KINDS, Registry

CONFIG = Path(__file__).parents[2] / "session_configs/quickstart.json"
HOOKS = [name for name in vars(Hooks) if name.startswith(PROJECT)]
KIND_OF = {hook: kind for kind, (hook, _) in KINDS.items()}
DAY = date(2024, 7, 3)
FACTS = {
    "mismartera_session_started": ({"session": DAY}, "Wednesday begins"),
    "mismartera_session_phase_changed": (
        {"session": DAY, "phase": SessionPhase.STREAMING},
        "2024-07-03 is streaming",
    ),
    "mismartera_session_ended": (
        {"session": DAY, "equity": 100250.5, "fills": 2},
        "2024-07-03 ended with 100,250.50",
    ),
    "mismartera_quality_changed": (
        {
            "report": QualityReport(
                session=DAY,
                symbol="AAPL",
                interval="1m",
                expected=210,
                traded=200,
                silent=0,
                missing=10,
            )
        },
        "AAPL lacks 10 of 210 bars",
    ),
    "mismartera_error_raised": (
        {"error": ValueError("no more"), "where": "AnalysisEngine"},
        "AnalysisEngine stopped: no more",
    ),
}
"""What the host tells each observer, and what its example then prints."""


def registry_of(hook: str) -> Registry:
    """A registry with a plugin made of the example; it may use all that authors import."""
    text = inspect.getdoc(getattr(Hooks, hook)).partition("\nExample:\n")[2]
    assert text, f"{hook} has no example"
    scope = {name: getattr(mismartera_core, name) for name in mismartera_core.__all__}
    exec(compile(inspect.cleandoc(text), hook, "exec", dont_inherit=True), scope)  # noqa: S102
    registry = Registry.from_modules({"example": SimpleNamespace(**{hook: scope[hook]})})
    assert registry.problems == ()
    assert registry.plugins()[-1].hooks == (hook,)
    return registry


@pytest.mark.parametrize("hook", KIND_OF)
def test_the_example_registers_what_a_config_can_name(hook):
    offers = [it for it in registry_of(hook).offers() if it.plugin.name == "example"]
    assert [(it.kind, it.status) for it in offers] == [(KIND_OF[hook], "ok")]
    module, colon, attribute = offers[0].record.factory.partition(":")
    assert (module.partition(".")[0], colon, attribute.isidentifier()) == ("my_plugin", ":", True)


def test_the_example_of_check_config_finds_a_problem():
    config = load_config(CONFIG)
    problem = "data_provider: the sample provider has no live data"
    registry = registry_of("mismartera_check_config")
    assert problem not in registry.check_config(config)
    assert problem in registry.check_config(config.model_copy(update={"mode": "live"}))


def test_the_example_of_resolve_secret_has_one():
    registry = registry_of("mismartera_resolve_secret")
    assert registry.resolve_secret("ALPACA_API_KEY")[0] == "from my vault"
    assert registry.resolve_secret("NOBODY_HAS_THIS")[0] is None


@pytest.mark.parametrize("hook", FACTS)
def test_the_example_of_an_observer_hears_what_happened(hook, capsys):
    facts, said = FACTS[hook]
    registry = registry_of(hook)
    registry.observe(hook.removeprefix(f"{PROJECT}_"), **facts)
    assert registry.observer_errors["example"] == 0
    assert capsys.readouterr().out == said + "\n"


def test_no_hook_is_left_out():
    asked = {"mismartera_check_config", "mismartera_resolve_secret"}
    assert set(HOOKS) == {*KIND_OF, *FACTS, *asked}
