"""`mismartera plugins check`: does a plugin keep the promises of its kind?"""

from __future__ import annotations

import importlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mismartera_core.cli.output import emit, load_settings, manner
from mismartera_core.cli.plugins_text import BROKEN_CODE, Kind, kinds, say
from mismartera_core.errors import PluginError, UsageError, did_you_mean

if TYPE_CHECKING:
    from mismartera_core.cli.plugins_project import Project
    from mismartera_core.registry import Offer, PluginProblem, Registry

_MARKS = {"passed": "kept", "skipped": "n/a", "failed": "BROKEN"}
_FEW = 5
"""Of so many offers every promise is told, of more only those that are broken; JSON has all."""

_TWICE = """Contract: a name of a kind is offered by one plugin
Found: another plugin offers it too, so neither is used
Cure: choose another name; `mismartera plugins list` shows who has it"""

Checked = dict[str, Any]


def check(
    what: Annotated[
        str,
        typer.Argument(
            metavar="PATH|NAME", help="Folder of a plugin, name of a plugin or of what it offers."
        ),
    ],
    kind: Kind = None,
    config: Annotated[
        str | None,
        typer.Option("--config", metavar="JSON", help="To test with, in place of its example."),
    ] = None,
    exchange_group: Annotated[
        str, typer.Option("--exchange-group", metavar="GROUP", help="Whose calendar holds.")
    ] = "US_EQUITY",
    asset_class: Annotated[
        str, typer.Option("--asset-class", metavar="CLASS", help="Of that exchange group.")
    ] = "EQUITY",
) -> None:
    """Say promise by promise which are kept. Runs the conformance suites."""
    settings = load_settings()
    given = None if config is None else _object(config)
    run_suite = partial(_suites(), market=(exchange_group, asset_class))
    from mismartera_core.cli.plugins_own_tests import own_tests
    from mismartera_core.cli.plugins_project import as_if_installed, is_project
    from mismartera_core.registry import Registry, policy_of

    chosen = kinds(kind)
    project: AbstractContextManager[Project | None] = nullcontext()
    if is_project(what):
        project = as_if_installed(Path(what))
    with project as found:
        written = frozenset(found.plugins if found else ())
        registry = Registry.discover(policy=replace(policy_of(settings), trusted=written))
        names = found.plugins if found else _plugins(registry, what)
        problems = [it for it in registry.problems if it.plugin in names]
        offers = [
            it
            for it in registry.offers()
            if it.kind in chosen and (it.plugin.name in names if names else it.record.name == what)
        ]
        if not offers and not problems:
            raise _nothing(registry, what, names)
        rows = _tell_each(_checks(offers, run_suite, given), few=len(offers) <= _FEW)
        tests = own_tests(found) if found else []
    _finish(rows, problems, tests)


def _suites() -> Callable[..., Any]:
    """What runs a suite; imported by name, as an installation may be without pytest."""
    testing = importlib.import_module("mismartera_core.testing")
    run_suite: Callable[..., Any] = testing.run_suite
    return run_suite


def _object(text: str) -> dict[str, Any]:
    """A config as it was typed."""
    from mismartera_core.config.json_text import parse_json

    found = parse_json(text, "--config")
    if not isinstance(found, dict):
        raise UsageError("--config: expected a JSON object", hint='such as \'{"path": "bars"}\'')
    return found


def _plugins(registry: Registry, what: str) -> tuple[str, ...]:
    return (what,) if what in {plugin.name for plugin in registry.plugins()} else ()


def _nothing(registry: Registry, what: str, names: Iterable[str]) -> PluginError:
    """Why there is nothing to check."""
    for plugin in registry.plugins():
        if plugin.name in names:
            reason = "disabled" if plugin.status == "disabled" else "in order, but offers nothing"
            return PluginError(
                f"plugin {plugin.name!r} is {reason} that a suite could check",
                hint="suites check what a plugin registers; `mismartera plugins list` says what",
            )
    known = {it.name for it in registry.plugins()} | {it.record.name for it in registry.offers()}
    return PluginError(
        f"there is no plugin, no offer of one and no folder named {what!r}",
        hint=did_you_mean(what, known),
    )


def _checks(
    offers: Iterable[Offer], run_suite: Callable[..., Any], config: dict[str, Any] | None
) -> Iterator[Checked]:
    """The suite of each offer, one after the other."""
    for offer in offers:
        promises = [asdict(it) for it in run_suite(offer.kind, offer.record, config)]
        if offer.status == "conflict":
            promises.append({"name": "its name is its own", "outcome": "failed", "message": _TWICE})
        yield {
            "kind": offer.kind,
            "name": offer.record.name,
            "plugin": offer.plugin.name,
            "version": offer.plugin.version,
            "ok": all(it["outcome"] != "failed" for it in promises),
            "promises": promises,
        }


def _tell_each(checks: Iterable[Checked], *, few: bool) -> list[Checked]:
    """Show what comes of each offer as soon as it is known."""
    done = []
    for row in checks:
        done.append(row)
        if not manner().json:
            title = f"{row['kind'].replace('_', ' ')} {row['name']}"
            _tell(f"{title} of plugin {row['plugin']} {row['version']}", row["promises"], few=few)
    return done


def _tell(title: str, promises: list[dict[str, str]], *, few: bool) -> None:
    counts = Counter(_MARKS[it["outcome"]] for it in promises)
    say(f"{title}: {', '.join(f'{counts[mark]} {mark}' for mark in counts)}", bold=True)
    told = ""
    for it in promises:
        failed = it["outcome"] == "failed"
        if few or failed:
            lines = it["message"].splitlines()
            reason = f" ({lines[0]})" if lines and not failed else ""
            say(f"  {_MARKS[it['outcome']]:<7} {it['name']}{reason}", red=failed)
            for line in ["For the same reason."] if told == it["message"] else lines:
                if failed:
                    say(f"          {line}")
            told = it["message"] if failed else told


def _verdict(broken: int, outcomes: list[str]) -> str:
    """How it ended; a promise that does not apply is not kept."""
    if broken:
        return f"{broken} broken"
    kept, every = outcomes.count("passed"), len(outcomes)
    applies = "" if kept == every else f" that applies is kept: {kept} of {every}"
    return f"every promise{applies or ' is kept'}"


def _finish(
    rows: list[Checked], problems: list[PluginProblem], tests: list[dict[str, str]]
) -> None:
    """Tell the rest and the verdict; ends with exit code 4 where a promise is broken."""
    outcomes = [it["outcome"] for it in (*(p for row in rows for p in row["promises"]), *tests)]
    count = outcomes.count("failed") + len(problems)
    if manner().json:
        told = [asdict(problem) for problem in problems]
        emit(
            "plugins_check",
            {"ok": not count, "checked": rows, "tests": tests, "problems": told},
        )
    else:
        if tests:
            _tell("its own tests", tests, few=False)
        for problem in problems:
            say(f"plugin {problem.plugin} {problem.version}: {problem.reason}", red=True)
            say(f"  Try: {problem.hint}")
        say(f"\n{_verdict(count, outcomes)}", bold=True)
    if count:
        raise typer.Exit(BROKEN_CODE)
