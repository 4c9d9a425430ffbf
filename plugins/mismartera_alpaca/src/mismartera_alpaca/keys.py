"""The pair of keys of an account; shown nowhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pydantic import SecretStr

from mismartera_core import ConfigError


@dataclass(frozen=True, slots=True)
class Keys:
    """Key and secret.

    Attributes:
        key: Alpaca's key id.
        secret: Its secret.
    """

    key: SecretStr
    secret: SecretStr

    def pair(self) -> tuple[str, str]:
        """Both in clear, for the SDK."""
        return self.key.get_secret_value(), self.secret.get_secret_value()


def find_keys(secret: Callable[[str], str], prefix: str) -> Keys:
    """The keys by their names, or by the names that Alpaca's own tools use.

    Args:
        secret: Finds a secret by its name.
        prefix: First part of the names; only "ALPACA" also stands for APCA_API_KEY_ID and
            APCA_API_SECRET_KEY. A key of one pair never goes with a secret of the other.

    Raises:
        ConfigError: There is no complete pair.
    """
    pairs = [(f"{prefix}_API_KEY", f"{prefix}_SECRET_KEY")]
    if prefix == "ALPACA":
        pairs.append(("APCA_API_KEY_ID", "APCA_API_SECRET_KEY"))
    missing: list[str] = []
    for names in pairs:
        try:
            return Keys(*(SecretStr(secret(name)) for name in names))
        except ConfigError as error:
            missing.append(f"{error}" + (f" ({error.hint})" if error.hint else ""))
    raise ConfigError(
        f"Alpaca's keys are not there: {missing[0]}",
        hint=f"set {' and '.join(pairs[0])} in the environment or in .env; paper and live accounts "
        "have keys of their own, from the dashboard of app.alpaca.markets",
    )
