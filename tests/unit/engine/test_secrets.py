"""Secrets: where they are looked for, and that nothing shows them."""

import logging
from types import SimpleNamespace

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends.fail import Keyring as NoKeyring

from mismartera_core import ConfigError, hookimpl
from mismartera_core.monitoring import redaction
from mismartera_core.registry import Registry
from mismartera_core.system.secrets import Secrets

NAME = "MISMARTERA_TEST_SECRET"


class Held(KeyringBackend):
    """A keyring in memory."""

    priority = 1

    def __init__(self, held):
        super().__init__()
        self.held, self.asked = held, []

    def get_password(self, service, username):
        self.asked.append((service, username))
        return self.held.get((service, username))

    def set_password(self, service, username, password):
        self.held[service, username] = password


@pytest.fixture(autouse=True)
def _nothing_held(monkeypatch, tmp_path):
    before, factory = keyring.get_keyring(), logging.getLogRecordFactory()
    monkeypatch.setattr(redaction, "_parts", {})
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(NAME, raising=False)
    keyring.set_keyring(NoKeyring())
    yield
    keyring.set_keyring(before)
    logging.setLogRecordFactory(factory)


def secrets(**plugins):
    """Secrets of the built-ins and of functions by the name of a plugin."""
    modules = {}
    for name, function in plugins.items():
        function.__name__ = "mismartera_resolve_secret"
        modules[name] = SimpleNamespace(mismartera_resolve_secret=hookimpl(function))
    registry = Registry.from_modules(modules)
    assert registry.problems == ()
    return Secrets(registry)


def test_the_environment_goes_before_the_file_and_the_keyring(monkeypatch, tmp_path):
    ring = Held({("mismartera", NAME): "of the keyring"})
    keyring.set_keyring(ring)
    assert secrets()(NAME) == "of the keyring"
    (tmp_path / ".env").write_text(f'{NAME}="of the $file"\n', encoding="utf-8-sig")
    assert secrets()(NAME) == "of the $file"
    monkeypatch.setenv(NAME, "of the environment")
    assert secrets()(NAME) == "of the environment"
    assert ring.asked == [("mismartera", NAME)]


def test_hook_resolve_secret():
    found = secrets(vault=lambda name: {NAME: "of the vault"}.get(name))
    assert found(NAME) == "of the vault"


def test_a_secret_is_asked_for_once():
    asked = []
    found = secrets(vault=lambda name: asked.append(name) or "of the vault")
    assert [found(NAME), found(NAME)] == ["of the vault"] * 2
    assert asked == [NAME]


def test_the_first_plugin_that_has_it_is_listened_to():
    def fails(name):
        raise OSError("the vault is sealed")

    found = secrets(a=fails, b=lambda name: None, c=lambda name: "of c", d=lambda name: "of d")
    assert found(NAME) == "of c"


def test_a_missing_secret_says_where_it_was_looked_for():
    def fails(name):
        raise OSError("the vault is sealed")

    with pytest.raises(ConfigError) as caught:
        secrets(vault=fails, other=lambda name: None)(NAME)
    said = f"{caught.value} {caught.value.hint}"
    for part in (NAME, "the environment, .env, the keyring", "this machine has no keyring"):
        assert part in said
    assert "plugin 'vault', which failed: OSError: the vault is sealed" in said
    assert "plugin 'other'" in said
    assert f"keyring set mismartera {NAME}" in said


def test_an_empty_value_is_no_secret(monkeypatch):
    monkeypatch.setenv(NAME, "")
    with pytest.raises(ConfigError, match="there is no secret"):
        secrets(vault=lambda name: "")(NAME)


def test_what_was_resolved_is_struck_out_and_shown_by_no_repr(monkeypatch):
    monkeypatch.setenv(NAME, "very-secret-words")
    found = secrets()
    found(NAME)
    assert redaction.redacted("log very-secret-words") == "log ***"
    assert repr(found) == f"Secrets({NAME})"
    assert "very" not in repr(vars(found))
