"""Strict JSON: what other readers let pass in silence is refused with its line and column."""

from __future__ import annotations

import json
import math
import re
from typing import Any

from mismartera_core.errors import ConfigError

MAX_DEPTH = 50
"""Levels of nesting; no config needs ten."""

_TOKEN = re.compile(r'"(?:\\.|[^"\\])*"|[{}\[\]:,]|[^\s{}\[\]:,"]+|"')
_MISTAKES = (
    (re.compile(r"-?(NaN|Infinity)$"), "expected a number, was {}"),
    (re.compile(r"//|/\*|#"), "JSON has no comments; found one that starts with {}"),
    (re.compile(r"'"), "JSON needs double quotes around text, found {}"),
    (re.compile(r"(None|True|False)$"), "JSON writes null, true and false; found {}"),
    (re.compile(r".{41}"), "expected a number or a word, found one of more than 40 characters: {}"),
)


def parse_json(text: str, source: str) -> Any:
    """Read one JSON value.

    Args:
        text: The JSON.
        source: What messages call it.

    Raises:
        ConfigError: It is no JSON, names a key twice, or holds a number that is none.
    """
    _check_tokens(text, source)
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        problem = error.msg[0].lower() + error.msg[1:]
        raise _at(text, source, error.pos, f"expected JSON: {problem}") from error


def _check_tokens(text: str, source: str) -> None:
    """Find what `json.loads` accepts, dies of, or explains badly."""
    keys: list[set[str]] = []
    before = ""
    last_string = (0, "")
    for match in _TOKEN.finditer(text):
        piece, position = match[0], match.start()
        if piece in "{[":
            keys.append(set())
            if len(keys) > MAX_DEPTH:
                raise _at(text, source, position, f"nested more than {MAX_DEPTH} levels deep")
        elif piece in "}]":
            if before == ",":
                raise _at(text, source, position, f"a comma stands before the closing {piece!r}")
            if keys:
                keys.pop()
        elif piece == ":" and keys:
            if last_string[1] in keys[-1]:
                raise _at(text, source, last_string[0], f"key {last_string[1]} is given twice")
            keys[-1].add(last_string[1])
        elif piece[0] == '"':
            last_string = (position, piece)
        elif piece not in ",:":
            _check_word(piece, text, source, position)
        before = piece


def _check_word(piece: str, text: str, source: str, position: int) -> None:
    for pattern, problem in _MISTAKES:
        if pattern.match(piece):
            raise _at(text, source, position, problem.format(repr(piece[:20])))
    try:
        too_large = math.isinf(float(piece))
    except ValueError:
        return  # json.loads says what is wrong with it
    if too_large:
        raise _at(text, source, position, f"number {piece} is too large")


def _at(text: str, source: str, position: int, problem: str) -> ConfigError:
    line = text.count("\n", 0, position) + 1
    column = position - text.rfind("\n", 0, position)
    return ConfigError(f"{source}, line {line}, column {column}: {problem}")
