"""Kinds of values in a session config, and rules of its JSON Schema."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from mismartera_core.errors import ConfigError
from mismartera_core.model.intervals import interval_ns

BARS_PREFIX = "bars_"

Problem = tuple[tuple[str | int, ...], str]
"""Where in a part of the config, and what is wrong there."""


def refuse(problems: Iterable[Problem]) -> None:
    """Raise all problems at once, each under its own path."""
    details: list[InitErrorDetails] = [
        {"type": PydanticCustomError("config", "{text}", {"text": text}), "loc": loc, "input": None}
        for loc, text in problems
    ]
    if details:
        raise ValidationError.from_exception_data("SessionConfig", details)


def _interval(value: str) -> str:
    try:
        interval_ns(value)
    except ConfigError as error:
        raise PydanticCustomError("config", "{text}", {"text": str(error)}) from error
    return value


def _stream(value: str) -> str:
    if value.startswith(BARS_PREFIX):
        _interval(value.removeprefix(BARS_PREFIX))
    elif value not in ("ticks", "quotes"):
        text = f"expected a stream such as 'bars_1m', 'ticks' or 'quotes', was {value!r}"
        raise PydanticCustomError("config", "{text}", {"text": text})
    return value


def _symbol(value: str) -> str:
    if ".." in value:
        text = f"expected a symbol without '..', was {value!r}"
        raise PydanticCustomError("config", "{text}", {"text": text})
    return value


def unique(values: tuple[str, ...]) -> tuple[str, ...]:
    """Refuse what is named twice."""
    refuse(
        ((row,), f"{value!r} is named twice")
        for row, value in enumerate(values)
        if value in values[:row]
    )
    return values


def _day(value: Any) -> Any:
    """Dates in one spelling; pydantic would read a text of digits as seconds since 1970."""
    if isinstance(value, date):
        return value
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value, re.ASCII):
        with contextlib.suppress(ValueError):
            return date.fromisoformat(value)
    text = f"expected a date such as '2024-01-31', was {value!r}"
    raise PydanticCustomError("config", "{text}", {"text": text})


def one_sentence(expected: str) -> WrapValidator:
    """Says what a union accepts in one sentence, where pydantic would say it once per member."""

    def validate(value: Any, handler: ValidatorFunctionWrapHandler) -> Any:
        try:
            return handler(value)
        except ValidationError as error:
            text = f"expected {expected}, was {value!r}"
            raise PydanticCustomError("config", "{text}", {"text": text}) from error

    return WrapValidator(validate)


# What validators refuse is said in the JSON Schema too, as far as it can be said there.

_INTERVAL = "([1-9][0-9]*[smh]|1d)"
UNIQUE: dict[str, Any] = {"uniqueItems": True}
"""A rule of a JSON Schema: nothing is named twice."""

Text = Annotated[str, Field(min_length=1, max_length=100)]
Symbol = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z0-9^$][A-Za-z0-9 ._/=:-]{0,31}$",
        json_schema_extra={"not": {"pattern": r"\.\."}},
    ),
    AfterValidator(_symbol),
]
Symbols = Annotated[
    tuple[Symbol, ...],
    # Not strict: a list, where a validator has seen it as Python value.
    Field(min_length=1, strict=False, json_schema_extra=UNIQUE),
    AfterValidator(unique),
]
Interval = Annotated[
    str,
    AfterValidator(_interval),
    Field(examples=["1m", "5m", "1h", "1d"], json_schema_extra={"pattern": f"^{_INTERVAL}$"}),
]
Stream = Annotated[
    str,
    AfterValidator(_stream),
    Field(
        examples=["bars_1m", "ticks", "quotes"],
        json_schema_extra={"pattern": f"^(bars_{_INTERVAL}|ticks|quotes)$"},
    ),
]
ApplyTo = Annotated[Literal["all"] | Symbols, one_sentence("'all' or a list of symbols")]
Day = Annotated[date, BeforeValidator(_day)]
Days = Annotated[int, Field(gt=0, le=36_525)]
PluginConfig = dict[str, Any]

_NULL = {"type": "null"}


def given(*names: str) -> dict[str, Any]:
    """A rule of a JSON Schema: these keys are there, and none is null."""
    return {"required": list(names), "properties": {name: {"not": _NULL} for name in names}}


def absent(*names: str) -> dict[str, Any]:
    """A rule of a JSON Schema: these keys are not there, or null."""
    return {"properties": dict.fromkeys(names, _NULL)}


def where(mode: str, then: dict[str, Any]) -> dict[str, Any]:
    """A rule of a JSON Schema that holds in one mode."""
    return {"if": {"properties": {"mode": {"const": mode}}, "required": ["mode"]}, "then": then}
