"""Where the built-ins look for secrets: the environment, `.env`, the keyring of the machine."""

from __future__ import annotations

import os
from pathlib import Path

from mismartera_core import ConfigError, hookimpl

SERVICE = "mismartera"
"""Under which name the keyring holds our secrets."""
PLACES = f"the environment, .env, the keyring (service {SERVICE!r})"
_FILE = Path(".env")


@hookimpl
def mismartera_resolve_secret(name: str) -> str | None:
    """The environment goes before `.env`, and both before the keyring."""
    return os.environ.get(name) or _of_file(name) or _of_keyring(name)


def _of_file(name: str) -> str | None:
    """A value of `.env` in the working folder."""
    if not _FILE.is_file():
        return None
    from dotenv import dotenv_values

    try:
        return dotenv_values(_FILE, interpolate=False, encoding="utf-8-sig").get(name)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f".env cannot be read: {error}") from error


def _of_keyring(name: str) -> str | None:
    """A password of the machine's keyring."""
    elsewhere = f"put {name} into the environment or into .env"
    try:
        import keyring
        from keyring.errors import KeyringError, NoKeyringError
    except ModuleNotFoundError as error:
        raise ConfigError(
            "the keyring was not asked, for the library 'keyring' is not installed",
            hint=f"{elsewhere}, or install mismartera-core[keyring]",
        ) from error
    try:
        return keyring.get_password(SERVICE, name)
    except NoKeyringError as error:
        raise ConfigError("this machine has no keyring", hint=elsewhere) from error
    except KeyringError as error:
        raise ConfigError(f"the keyring cannot be read: {error}", hint=elsewhere) from error
