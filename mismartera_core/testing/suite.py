"""What every conformance suite stands on: the fixtures, and how a breach is worded."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar, NoReturn

import pytest

from mismartera_core.contracts.context import PluginContext
from mismartera_core.errors import PluginError
from mismartera_core.registrations import Registration
from mismartera_core.registry import KINDS, config_model, resolve_attribute
from mismartera_core.registry.attributes import one_line
from mismartera_core.services.config_resolution import validate_plugin_config
from mismartera_core.testing.discovery import libraries_loaded, plugin_module
from mismartera_core.testing.fakes import plugin_context
from mismartera_core.testing.secrets import CANARY, open_secrets, planted, secret_fields
from mismartera_core.threads.replay.blame import where_it_raised

_NAME = re.compile(r"[a-z][a-z0-9_]*")


def breach(contract: str, found: str, cure: str) -> NoReturn:
    """End a test because the plugin breaks its contract.

    Args:
        contract: What every plugin of the kind promises, as a sentence.
        found: What this one did.
        cure: What its author can do about it.
    """
    pytest.fail(f"Contract: {contract}\nFound: {found}\nCure: {cure}", pytrace=False)


def expect(kept: object, contract: str, found: str, cure: str) -> None:
    """End a test unless the plugin keeps its contract; arguments as `breach`.

    Args:
        kept: Whether it does.
        contract: What every plugin of the kind promises.
        found: What this one did.
        cure: What its author can do about it.
    """
    if not kept:
        breach(contract, found, cure)


def not_applicable(why: str) -> NoReturn:
    """Skip a test that says nothing about this plugin.

    Args:
        why: What the plugin does not claim, or what the suite was not told.
    """
    pytest.skip(why)


@contextmanager
def survives(contract: str, cure: str) -> Iterator[None]:
    """Turn whatever the block raises into a breach that names the error and its line.

    Args:
        contract: What should have worked.
        cure: What its author can do about it.
    """
    try:
        yield
    except Exception as error:  # noqa: BLE001 - whatever a plugin raises is the finding
        breach(contract, f"{one_line(error)}, at {where_it_raised(error)}", cure)


class Conformance:
    """The base of all suites. Subclass the suite of your kind and override `registration`.

    Attributes:
        kind: Kind of plugin, as `mismartera plugins list` names it.
        config: A config to test with; the example of the registration where it is None.
    """

    kind: ClassVar[str]
    config: ClassVar[Mapping[str, Any] | None] = None

    @pytest.fixture
    def registration(self) -> Any:
        """The record under test."""
        breach(
            "a suite is told what it tests by the fixture `registration`",
            f"{type(self).__name__} does not override it",
            "add `@pytest.fixture` and `def registration(self): return MyReg(...)` to the class",
        )

    @pytest.fixture
    def plugin_config(self, registration: Registration) -> Mapping[str, Any]:
        """The config under test as JSON has it; override it where it names files."""
        return registration.example if self.config is None else self.config

    @pytest.fixture
    def settings(self, registration: Registration, plugin_config: Mapping[str, Any]) -> Any:
        """The validated config; None where the plugin takes none."""
        return validated(registration, plugin_config)

    @pytest.fixture
    def context(self, tmp_path: Path) -> PluginContext:
        """What the host tells the factory: US equities, real calendar, an empty data folder."""
        return plugin_context(tmp_path / "data")

    @pytest.fixture
    def made(
        self, registration: Registration, settings: Any, context: PluginContext
    ) -> Iterator[Any]:
        """What the factory makes of the config; closed after the test."""
        thing = build(registration, settings, context)
        yield thing
        if callable(close := getattr(thing, "close", None)):
            close()

    def test_registration_is_complete(self, registration: Registration) -> None:
        """The record is of its kind, has a name a config can write, and says what it is."""
        hook, record = KINDS[self.kind]
        expect(
            isinstance(registration, record),
            f"{hook} returns {record.__name__} records",
            f"a {type(registration).__name__}",
            f"return {record.__name__}(name=..., factory=..., summary=...)",
        )
        expect(
            _NAME.fullmatch(registration.name),
            "a name has lower-case letters, digits and underscores, a letter first",
            repr(registration.name),
            "rename it; session configs choose it by this name",
        )
        summary = registration.summary
        expect(
            summary.strip() and "\n" not in summary,
            "a record says in one line what it offers",
            f"summary {summary!r}",
            "give the registration summary='...': `mismartera plugins list` shows it",
        )

    def test_factory_can_be_imported(self, registration: Registration) -> None:
        """The factory, and the config model where there is one, are where the record says."""
        with survives(
            "a record names things that can be imported",
            "correct 'module:attribute', or install what the module imports",
        ):
            factory = resolve_attribute(registration.factory)
            config_model(registration)
        expect(
            callable(factory),
            "the factory of a record can be called",
            f"{registration.factory!r} is {factory!r}",
            "name a class or a function",
        )

    def test_config_is_valid(
        self, registration: Registration, plugin_config: Mapping[str, Any]
    ) -> None:
        """The example config of the record, or the suite's own, passes validation."""
        validated(registration, plugin_config)

    def test_config_keeps_its_secrets(self, registration: Registration, settings: Any) -> None:
        """Keys, tokens and passwords of a config appear in no repr, log or dump of it."""
        model = config_model(registration)
        fields = {} if model is None else secret_fields(model)
        if not fields:
            not_applicable("no field of its config is a secret")
        exposed = open_secrets(fields)
        contract = "secrets of a config are never shown"
        cure = "declare the field as pydantic.SecretStr and call get_secret_value() where it leaves"
        expect(not exposed, contract, f"{', '.join(exposed)}: shown in clear text", cure)
        config = planted(settings, fields)
        for how, text in (
            ("repr", repr(config)),
            ("str", str(config)),
            ("a JSON dump", config.model_dump_json()),
        ):
            expect(CANARY not in text, contract, f"{how} of the config shows it: {text}", cure)

    def test_discovery_imports_no_library(self, registration: Registration) -> None:
        """Listing plugins imports the module with the hooks only: no SDK, no library."""
        module = plugin_module(registration.factory)
        if module is None:
            not_applicable("no installed entry point belongs to its factory")
        with survives("the module with the hooks can be imported", "correct what it imports"):
            loaded = libraries_loaded(module)
        expect(
            not loaded,
            "a module with hooks is quick to import: libraries wait until the plugin is used",
            f"importing {module} also imports {', '.join(loaded)}",
            "name factory and config_model as 'module:attribute' texts, and import the library in "
            "that other module",
        )


class MadeConformance(Conformance):
    """The base of the kinds whose factory is called with a config and a context."""

    def test_secrets_stay_out_of_sight(
        self,
        registration: Registration,
        settings: Any,
        context: PluginContext,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        """What the factory makes shows no secret of its config, nor logs one."""
        fields = {} if settings is None else secret_fields(config_model(registration))
        if not fields:
            not_applicable("no field of its config is a secret")
        with caplog.at_level(logging.DEBUG):
            made = build(registration, planted(settings, fields), context)
            text = f"{made!r} {made!s}"
        expect(
            CANARY not in text + caplog.text,
            "secrets of a config are never shown",
            f"{text}, log {caplog.text!r}",
            "leave the secret out of __repr__ and __str__, and do not log it",
        )


def validated(registration: Registration, config: Mapping[str, Any]) -> Any:
    """The config of a plugin, checked as the host checks it.

    Args:
        registration: Its record.
        config: JSON values.

    Returns:
        An instance of its model; None where it takes no config.
    """
    try:
        model = config_model(registration)
    except PluginError as error:
        breach("the config model of a record can be imported", str(error), error.hint)
    found, problems = validate_plugin_config(model, config, "config")
    expect(
        not problems,
        "a plugin can be tested with the example config of its registration",
        "; ".join(problems),
        "give the registration example={...}, or the suite class config = {...}",
    )
    return found


def build(registration: Registration, settings: Any, context: PluginContext) -> Any:
    """What a factory makes of a config.

    Args:
        registration: The record.
        settings: Its validated config.
        context: The surroundings.
    """
    with survives(
        "the host calls factory(config, context)",
        "take both arguments and do nothing that can fail on a valid config; connect on first use",
    ):
        return resolve_attribute(registration.factory)(settings, context)
