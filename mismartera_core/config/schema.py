"""JSON Schema of the session config, so that editors complete and check it."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from mismartera_core.config.session_config import SessionConfig

_Schema = dict[str, Any]
_CHOICE = "#/$defs/PluginChoice"
_CHOICES = {
    "data_provider": ("SessionConfig", "data_provider"),
    "broker": ("SessionConfig", "broker"),
    "risk_check": ("SessionConfig", "risk"),
    "report": ("SessionConfig", "outputs"),
    "commission": ("CostsConfig", "commission"),
    "slippage": ("CostsConfig", "slippage"),
    "participation": ("CostsConfig", "participation"),
}
"""Slot of a plugin chosen by name and config: the part that holds it, and its key there."""
_PARTS = {"strategy": ("StrategyConfig", "params"), "gap_filler": ("GapFillerConfig", "config")}
"""Slot of a plugin chosen with more than that: the part itself, and the key of its config."""

SLOTS = (*_CHOICES, *_PARTS)
"""Places of a session config that name a plugin; cost models by their role."""


@dataclass(frozen=True, slots=True)
class Option:
    """A plugin that a slot can name.

    Attributes:
        name: How a config chooses it.
        summary: One line.
        model: Model of its config; None where it takes none or cannot be imported.
    """

    name: str
    summary: str
    model: type[BaseModel] | None


def json_schema(options: Mapping[str, Iterable[Option]] | None = None) -> _Schema:
    """JSON Schema (2020-12) of the session config.

    Args:
        options: Plugins by slot; with them names become choices and configs are checked by name.
    """
    schema = SessionConfig.model_json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    parts = {**schema["$defs"], "SessionConfig": schema}
    for slot, choices in (options or {}).items():
        found = list(choices)
        if slot in _PARTS:
            part, key = _PARTS[slot]
            _offer(schema["$defs"], parts[part], slot, key, found)
            continue
        part, key = _CHOICES[slot]
        own = f"{slot}_choice"
        schema["$defs"][own] = copy.deepcopy(schema["$defs"]["PluginChoice"])
        text = json.dumps(parts[part]["properties"][key])
        parts[part]["properties"][key] = json.loads(text.replace(_CHOICE, f"#/$defs/{own}"))
        _offer(schema["$defs"], schema["$defs"][own], slot, "config", found)
    return schema


def _offer(defs: _Schema, part: _Schema, slot: str, key: str, options: list[Option]) -> None:
    """Let a part name the options only, and check the config of each by its model."""
    if not options:
        return
    names = [{"const": option.name, "description": option.summary} for option in options]
    if slot == "gap_filler":
        names.append({"type": "null", "description": "only measures"})
    part["properties"]["name"] = {**part["properties"]["name"], "oneOf": names}
    part["properties"]["name"].pop("anyOf", None)
    part["allOf"] = [
        {
            "if": {"properties": {"name": {"const": option.name}}, "required": ["name"]},
            "then": _checked(defs, f"{slot}.{option.name}", key, option.model),
        }
        for option in options
    ]


def _checked(defs: _Schema, prefix: str, key: str, model: type[BaseModel] | None) -> _Schema:
    if model is None:
        return {}
    own = model.model_json_schema(ref_template=f"#/$defs/{prefix}.{{model}}")
    defs.update({f"{prefix}.{name}": part for name, part in own.pop("$defs", {}).items()})
    own.setdefault("additionalProperties", False)
    defs[prefix] = own
    required = {"required": [key]} if own.get("required") else {}
    return {"properties": {key: {"$ref": f"#/$defs/{prefix}"}}, **required}
