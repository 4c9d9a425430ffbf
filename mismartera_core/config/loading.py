"""Reads a session config, lays `--set` over it, and says all that is wrong with it at once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from mismartera_core.config.json_text import parse_json
from mismartera_core.config.problems import sentences
from mismartera_core.config.session_config import SessionConfig
from mismartera_core.errors import ConfigError, UsageError, did_you_mean


def load_config(path: str | Path, overrides: Iterable[str] = ()) -> SessionConfig:
    """Read a session config.

    Args:
        path: A JSON file.
        overrides: "path=value" each, such as "strategies.0.params.fast=5".

    Raises:
        ConfigError: The file cannot be read or is wrong; the message names every problem.
        UsageError: An override is no "path=value", or its path leads nowhere.
    """
    return config_from(read_config(path, overrides), str(path))


def read_config(path: str | Path, overrides: Iterable[str] = ()) -> Any:
    """The JSON values of a session config, which may be wrong.

    Args:
        path: A JSON file.
        overrides: "path=value" each.

    Raises:
        ConfigError: The file cannot be read, or is no JSON.
        UsageError: An override is no "path=value", or its path leads nowhere.
    """
    file = Path(path)
    data = parse_json(_read(file), str(file))
    for override in overrides:
        _apply(data, override)
    return data


def config_from(data: Mapping[str, Any], source: str = "config") -> SessionConfig:
    """Validate a session config that was read or made elsewhere.

    Args:
        data: JSON values: dicts, lists, texts, numbers.
        source: What messages call it.

    Raises:
        ConfigError: It is wrong; the message names every problem.
    """
    config, problems = validated(data, source)
    if config is None:
        raise config_error(source, problems)
    return config


def validated(data: Any, source: str = "config") -> tuple[SessionConfig | None, list[str]]:
    """Validate a session config, as far as it can be without its plugins.

    Args:
        data: JSON values.
        source: What messages call it.

    Returns:
        The config, None where it is wrong; and what is wrong with it.

    Raises:
        ConfigError: They are no JSON values.
    """
    try:
        text = json.dumps(data, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise ConfigError(f"{source}: expected JSON values: {error}") from error
    try:
        return SessionConfig.model_validate_json(text), []
    except ValidationError as error:
        return None, sentences(error, SessionConfig)


def config_error(source: str, problems: list[str]) -> ConfigError:
    """One error for all problems of a config."""
    if len(problems) == 1:
        return ConfigError(f"{source}: {problems[0]}")
    return ConfigError(f"{source}: {len(problems)} problems\n  " + "\n  ".join(problems))


def config_hash(config: SessionConfig) -> str:
    """sha256 of the canonical JSON; what only editors read does not count."""
    data = config.model_dump(mode="json", by_alias=True, exclude={"schema_"})
    text = json.dumps(data, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _is_ours(file: Path) -> bool:
    """Whether a JSON file beside session configs is none."""
    ours = ("mismartera.settings.json", "plugins.lock.json")
    return file.name in ours or file.name.endswith(".schema.json")


def _read(file: Path) -> str:
    try:
        return file.read_bytes().decode("utf-8-sig")
    except FileNotFoundError as error:
        nearby = [str(other) for other in file.parent.glob("*.json") if not _is_ours(other)]
        hint = did_you_mean(str(file), nearby) if nearby else "`mismartera init` writes one"
        raise ConfigError(f"{file}: there is no such session config", hint=hint) from error
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"{file}: expected UTF-8 text, byte {error.start + 1} is something else",
            hint="save it as UTF-8",
        ) from error
    except (OSError, ValueError) as error:
        raise ConfigError(f"{file}: cannot be read: {error}") from error


def _apply(data: Any, override: str) -> None:
    """Lay one "path=value" over the data; parts that are not there yet are made."""
    path, equals, text = override.partition("=")
    steps = path.strip().split(".")
    if not equals or not all(steps):
        raise UsageError(
            f"expected path=value, was {override!r}", hint="--set strategies.0.params.fast=5"
        )
    here = data
    for step in steps[:-1]:
        here = here.setdefault(step, {}) if isinstance(here, dict) else _item(here, step, override)
    if isinstance(here, dict):
        here[steps[-1]] = _value(text)
    else:
        _item(here, steps[-1], override)
        here[int(steps[-1])] = _value(text)


def _item(here: Any, step: str, override: str) -> Any:
    if not isinstance(here, list):
        raise UsageError(f"{override!r}: there is nothing to set under the name {step!r}")
    if not (step.isdecimal() and step.isascii() and int(step) < len(here)):
        raise UsageError(f"{override!r}: expected a number from 0 to {len(here) - 1}, was {step!r}")
    return here[int(step)]


def _value(text: str) -> Any:
    """JSON where it is JSON, else the text itself."""
    try:
        return parse_json(text, "--set")
    except ConfigError:
        return text
