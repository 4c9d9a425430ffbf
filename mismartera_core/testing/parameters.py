"""Sets of parameters to test with, made of a config model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from mismartera_core.testing.suite import breach

_UNKNOWN = "no_such_parameter"


def refuses_unknown(model: type[BaseModel], settings: BaseModel) -> None:
    """A misspelt parameter is an error, never ignored.

    Args:
        model: The config model.
        settings: A valid instance of it.
    """
    try:
        model(**{**dict(settings), _UNKNOWN: 1})
    except ValidationError:
        return
    breach(
        "unknown parameters are refused: a misspelt one must never be ignored",
        f"{model.__name__}(..., {_UNKNOWN}=1) is accepted",
        'give the model model_config = ConfigDict(extra="forbid"), or derive it from '
        "StrategyParams",
    )


def variations(model: type[BaseModel], settings: BaseModel) -> Iterator[dict[str, Any]]:
    """Valid parameter sets that differ in one field: the smallest number, each choice.

    Args:
        model: The config model.
        settings: The set they differ from.

    Yields:
        Validated parameters by name.
    """
    schema = model.model_json_schema(by_alias=False)
    for name, field in schema.get("properties", {}).items():
        for value in _values(_plain(field, schema.get("$defs", {}))):
            try:
                yield dict(model(**{**dict(settings), name: value}))
            except ValidationError:
                continue


def _plain(field: Mapping[str, Any], definitions: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a field takes, without the detours of JSON Schema: optional fields, named enums."""
    if "anyOf" in field:
        field = next((part for part in field["anyOf"] if part.get("type") != "null"), field)
    if "$ref" in field:
        found: Mapping[str, Any] = definitions[field["$ref"].rpartition("/")[2]]
        return found
    return field


def _values(field: Mapping[str, Any]) -> list[Any]:
    if "enum" in field:
        return list(field["enum"])
    if field.get("type") == "boolean":
        return [False, True]
    if field.get("type") == "integer":
        least = field.get("minimum", field.get("exclusiveMinimum", 1))
        return [least, least + 1, least + 2]
    return [field["minimum"]] if "minimum" in field else []
