"""Finds the secrets of a config, and plants one that must never be seen again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, SecretBytes, SecretStr
from pydantic.fields import FieldInfo

CANARY = "canary-4f1d8a"
"""The value every secret has while it is looked for."""

_SECRET = re.compile(
    r"(^|_)((api|access|private)_?key|secret|token|password|passphrase|credentials?)($|_)"
)
_TYPES = ("SecretStr", "SecretBytes")


def secret_fields(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """Fields of a config that are secrets, by their type or by their name.

    Args:
        model: The config model.
    """
    return {
        name: field
        for name, field in model.model_fields.items()
        if _is_typed(field) or (_SECRET.search(name) and _is_text(field))
    }


def open_secrets(fields: Mapping[str, FieldInfo]) -> list[str]:
    """Secret fields that are plain text.

    Args:
        fields: Found by `secret_fields`.
    """
    return [name for name, field in fields.items() if not _is_typed(field)]


def planted(settings: Any, fields: Mapping[str, FieldInfo]) -> Any:
    """A copy of a config whose secrets are all the canary.

    Args:
        settings: The config.
        fields: Found by `secret_fields`.
    """
    secrets = {
        name: SecretBytes(CANARY.encode())
        if "SecretBytes" in str(field.annotation)
        else SecretStr(CANARY)
        for name, field in fields.items()
    }
    return settings.model_copy(update=secrets)


def _is_typed(field: FieldInfo) -> bool:
    return any(name in str(field.annotation) for name in _TYPES)


def _is_text(field: FieldInfo) -> bool:
    return "str" in str(field.annotation)
