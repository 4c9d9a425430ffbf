"""Imports what a registration names, on first use."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

from mismartera_core.errors import PluginError
from mismartera_core.registrations import Registration, StrategyReg


def resolve_attribute(target: Any) -> Any:
    """Import what a registration names on first use.

    Args:
        target: "module:attribute", "module:attribute.key" where the attribute is a dict or a
            namespace, or the thing itself.

    Raises:
        PluginError: The module cannot be imported or lacks the attribute.
    """
    if not isinstance(target, str):
        return target
    module, _, path = target.partition(":")
    try:
        found: Any = importlib.import_module(module)
    except ImportError as error:
        raise PluginError(
            f"{target!r} cannot be imported: {error}", hint=cure(error, module)
        ) from error
    except Exception as error:
        raise PluginError(f"{target!r} cannot be imported: {one_line(error)}") from error
    for name in path.split("."):
        try:
            found = found[name] if isinstance(found, Mapping) else getattr(found, name)
        except (KeyError, AttributeError) as error:
            raise PluginError(f"{target!r}: {module!r} has no {path!r}") from error
    return found


def config_model(record: Registration) -> Any:
    """The pydantic model of a record's config; of a strategy its `Params` unless it says otherwise.

    Returns:
        The model, or None where the record takes no config.

    Raises:
        PluginError: What the record names cannot be imported, or is no model.
    """
    if record.config_model is not None:
        model = resolve_attribute(record.config_model)
    elif isinstance(record, StrategyReg):
        model = getattr(resolve_attribute(record.factory), "Params", None)
    else:
        return None
    if model is not None and (wrong := no_model(model)):
        raise PluginError(f"{record.name!r}: {wrong}", hint="report it to its author")
    return model


def no_model(found: Any) -> str:
    """Why something cannot be the model of a config; empty where it can.

    Args:
        found: What a record names as its config model.
    """
    if not isinstance(found, type) or not hasattr(found, "model_validate_json"):
        return f"expected a pydantic model as config model, was {found!r}"
    try:
        if not found.__pydantic_complete__:  # type: ignore[attr-defined]
            found.model_rebuild()  # type: ignore[attr-defined]
    except Exception as error:  # noqa: BLE001 - whatever its types raise is what is wrong
        return f"config model {found.__qualname__} has a type that is unknown: {one_line(error)}"
    return ""


def one_line(error: BaseException) -> str:
    """An exception as one line of text."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def cure(error: BaseException, target: str) -> str:
    """What to do about a module that cannot be imported.

    Args:
        error: What importing it raised.
        target: The module, or "module:attribute".
    """
    if isinstance(error, ModuleNotFoundError) and error.name:
        missing = error.name.partition(".")[0]
        if missing != target.partition(".")[0]:
            return f"install the package that brings {missing!r}"
    return "reinstall the plugin, or ask its author"
