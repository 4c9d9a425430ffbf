"""Fields of a plugin's config, and the block of a session config or strategy that uses it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from mismartera_core.errors import PluginError
from mismartera_core.registrations import Registration

_LIMITS = {
    "minimum": ">=",
    "exclusiveMinimum": ">",
    "maximum": "<=",
    "exclusiveMaximum": "<",
}


def fields_of(record: Registration) -> list[dict[str, Any]]:
    """Name, type, default and meaning of every field of a config.

    Args:
        record: A registration.

    Returns:
        "default" is left out where the plugin works it out itself.

    Raises:
        PluginError: The config model cannot be imported or told.
    """
    from mismartera_core.registry import config_model

    model = config_model(record)
    if model is None:
        return []
    try:
        schema = model.model_json_schema()
    except Exception as error:
        raise PluginError(f"the config of {record.name!r} cannot be told: {error}") from error
    defs, required = schema.get("$defs", {}), schema.get("required", ())
    return [
        {
            "name": name,
            "type": _type(part, defs),
            "required": name in required,
            **({"default": part["default"]} if "default" in part else {}),
            "meaning": part.get("description", ""),
        }
        for name, part in schema.get("properties", {}).items()
    ]


def paste(kind: str, record: Registration, fields: list[dict[str, Any]]) -> str:
    """How a strategy or a session config uses a plugin, ready to paste.

    Args:
        kind: Kind of plugin.
        record: Its registration; its example goes before the defaults.
        fields: See `fields_of`.
    """
    values: dict[str, Any] = {
        it["name"]: it.get("default", f"<{it['type']}>")
        for it in fields
        if "default" in it or it["required"] or it["name"] in record.example
    }
    values |= record.example
    if kind == "indicator":
        words = "".join(f", {name}={value!r}" for name, value in values.items())
        return f'self.indicator("{record.name}"{words})'
    if kind == "template":
        return f"mismartera new {record.name} my_{getattr(record, 'kind', 'plugin')}"
    chosen: dict[str, Any] = {"name": record.name}
    if values:
        chosen["params" if kind == "strategy" else "config"] = values
    places: dict[str, dict[str, Any]] = {
        "strategy": {"strategies": [chosen]},
        "risk_check": {"risk": [chosen]},
        "report": {"outputs": [chosen]},
        "gap_filler": {"session_data_config": {"gap_filler": chosen}},
        "cost_model": {"costs": {str(getattr(record, "role", "")): chosen}},
    }
    block = places.get(kind, {kind: chosen})
    return json.dumps(block, indent=2, default=str, ensure_ascii=False)[2:-2]


def _type(part: Mapping[str, Any], defs: Mapping[str, Any]) -> str:
    """A JSON Schema type in a few words."""
    if "$ref" in part:
        return _type(defs.get(part["$ref"].rpartition("/")[2], {}), defs)
    if [it.get("type") for it in part.get("anyOf", ())] == ["number", "string"]:
        return f"{_type(part['anyOf'][0], defs)}, also as text"  # as money is
    if "anyOf" in part:
        return " | ".join(dict.fromkeys(_type(option, defs) for option in part["anyOf"]))
    if "enum" in part:
        return " | ".join(json.dumps(value) for value in part["enum"])
    if "const" in part:
        return json.dumps(part["const"])
    if part.get("type") == "array":
        return f"list of {_type(part.get('items', {}), defs)}"
    if part.get("format") == "password":
        return "secret"
    limits = "".join(f" {sign} {part[key]}" for key, sign in _LIMITS.items() if key in part)
    return f"{part.get('type', 'any')}{limits}"
