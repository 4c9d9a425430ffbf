"""What is wrong with a config, in sentences that begin with the path."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from mismartera_core.errors import did_you_mean

_DERIVED = (
    "derived bars are decided from what strategies and historical.data ask for; "
    "list intervals under session_data_config.historical.data"
)
REPLACED = {
    "data_streams": "was replaced by session_data_config.streams",
    "derived_intervals": f"was replaced: {_DERIVED}",
    "auto_compute_derived": f"was replaced: {_DERIVED}",
    "historical_bars": "was replaced by session_data_config.historical.data",
}
"""Fields of old, and what to write instead."""

_EXPECTED = "Input should be "
_WORDS = {
    "tuple_type": "expected a list",
    "dict_type": "expected an object",
    "too_short": "expected at least one item",
    "string_too_short": "expected some text",
    "string_type": "expected text",
    "int_type": "expected a whole number",
    "int_from_float": "expected a whole number",
    "float_type": "expected a number",
    "bool_type": "expected true or false",
}
"""Pydantic's kinds of problem, in words of JSON."""


def sentences(error: ValidationError, model: type[BaseModel], prefix: str = "") -> list[str]:
    """One sentence for each problem.

    Args:
        error: What pydantic found.
        model: The model it validated.
        prefix: Path of the model within the config, with a dot at its end.
    """
    found = error.errors(include_url=False)
    paths = {item["loc"] for item in found}
    return [
        f"{(prefix + join(item['loc'])).removesuffix('.')}: {_problem(item, model)}".lstrip(": ")
        for item in found
        if item["type"] != "too_short" or not _has_deeper(item["loc"], paths)
    ]


def join(loc: Iterable[int | str]) -> str:
    """A path as `--set` takes it: "strategies.0.params.fast"."""
    return ".".join(str(step) for step in loc)


def field_names(model: type[BaseModel]) -> list[str]:
    """Names of a model's fields as JSON writes them."""
    return [info.alias or name for name, info in model.model_fields.items()]


def unknown(name: str, choices: Iterable[str]) -> str:
    """What to say of a key that does not exist."""
    return REPLACED.get(name) or f"unknown; {did_you_mean(name, choices)}"


def shown(value: Any) -> str:
    """A value as JSON writes it, shortened."""
    text = json.dumps(value, default=str)
    return text if len(text) <= 60 else text[:57] + "..."


def _problem(item: ErrorDetails, model: type[BaseModel]) -> str:
    kind, text = item["type"], item["msg"]
    if kind == "missing":
        return "is missing"
    if kind == "extra_forbidden":
        names = {name for part in _models_at(model, item["loc"][:-1]) for name in field_names(part)}
        return unknown(str(item["loc"][-1]), names)
    if kind == "config":
        return text
    if kind == "value_error" and ", was " in text:
        return text.removeprefix("Value error, ")
    if kind == "model_type":
        fields = [name for part in _models_at(model, item["loc"]) for name in field_names(part)]
        return f"expected an object of {', '.join(fields)}, was {shown(item['input'])}"
    if text.startswith(_EXPECTED):
        text = f"expected {text.removeprefix(_EXPECTED)}"
    return f"{_WORDS.get(kind, text.removeprefix('Value error, '))}, was {shown(item['input'])}"


def _has_deeper(loc: tuple[int | str, ...], paths: set[tuple[int | str, ...]]) -> bool:
    """Whether an item of this list is wrong: then pydantic counts it as absent."""
    return any(len(path) > len(loc) and path[: len(loc)] == loc for path in paths)


def _models_at(model: type[BaseModel], loc: Iterable[int | str]) -> list[type[BaseModel]]:
    """Models that can stand at a path; steps that name no field are items of lists and dicts."""
    models = [model]
    for step in loc:
        fields = [_field(part, step) for part in models]
        inner = [found for info in fields if info for found in _models_in(info.annotation)]
        models = inner or models
    return models


def _field(model: type[BaseModel], step: int | str) -> FieldInfo | None:
    named = {info.alias or name: info for name, info in model.model_fields.items()}
    return named.get(step) if isinstance(step, str) else None


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [found for part in get_args(annotation) for found in _models_in(part)]
