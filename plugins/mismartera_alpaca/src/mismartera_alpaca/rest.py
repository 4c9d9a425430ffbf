"""Requests to Alpaca: reads again within a deadline, orders once."""

from __future__ import annotations

import json
import threading
import time
from email.utils import parsedate_to_datetime
from typing import Any

from requests.exceptions import ConnectionError as RequestsConnectionError
from requests.exceptions import ConnectTimeout, RequestException, Timeout
from urllib3.exceptions import MaxRetryError, NewConnectionError

from mismartera_alpaca.config import Reach
from mismartera_alpaca.limiter import Limiter
from mismartera_alpaca.sdk import APIError, RESTClient, tame

_FIRST_PAUSE = 0.25
_LONGEST_PAUSE = 4.0
_TOO_MANY = 429
_SERVER = 500


class Refused(Exception):  # noqa: N818 - says what is the case
    """Alpaca has answered with an error.

    Attributes:
        status: HTTP status.
        code: Alpaca's number; 0 where it says none.
        message: Alpaca's words; "" where the body is not Alpaca's.
        wait: Seconds that it asks to wait; None where it says none.
    """

    def __init__(self, error: APIError) -> None:
        response = error.response
        self.status: int = error.status_code or 0
        self.code, self.message = _words(str(error))
        self.wait = None if response is None else _wait(response.headers)
        words = self.message or "an answer that is not Alpaca's"
        number = f", code {self.code}" if self.code else ""
        super().__init__(f"{words} (HTTP {self.status}{number})")

    @property
    def passes(self) -> bool:
        """Whether asking again may help."""
        return self.status == _TOO_MANY or self.status >= _SERVER


class Unheard(Exception):  # noqa: N818 - says what is the case
    """There was no answer, or none that can be read.

    Attributes:
        sent: Whether the request may have arrived.
    """

    def __init__(self, error: Exception) -> None:
        self.sent = not _never_left(error)
        super().__init__(_sentence(error))


class Closed(Exception):  # noqa: N818 - says what is the case
    """The plugin was closed meanwhile."""

    def __init__(self) -> None:
        super().__init__("closed while asking")


Failure = (Refused, Unheard, Closed)


class Rest:
    """One REST client of alpaca-py, tamed.

    Args:
        client: The client; its own retries and endless waits are taken out.
        reach: Time limits.
        limiter: Whose turn it is.
        closed: Set when nothing more is to be asked.
    """

    def __init__(
        self, client: RESTClient, reach: Reach, limiter: Limiter, closed: threading.Event
    ) -> None:
        self._client = client
        self._limits = tame(client, reach.connect_seconds, reach.read_seconds)
        self._deadline = reach.deadline_seconds
        self._limiter = limiter
        self._closed = closed

    def read(self, path: str, query: dict[str, Any] | None = None) -> Any:
        """What a GET answers; asked again after 429, 5xx and lost connections.

        Args:
            path: Below the version, with a slash.
            query: Parameters.

        Raises:
            Refused: The answer is an error that stays.
            Unheard: There is no answer within the deadline.
            Closed: `closed` was set.
        """
        self._pause(self._limiter.seconds())
        deadline = time.monotonic() + self._deadline
        pause = _FIRST_PAUSE
        while True:
            try:
                with self._limits.until(deadline):
                    return self._ask("get", path, query)
            except Refused as error:
                if not error.passes:
                    raise
                wait = pause if error.wait is None else max(error.wait, pause)
                if time.monotonic() + wait >= deadline:
                    raise
            except Unheard:
                wait = pause
                if time.monotonic() + wait >= deadline:
                    raise
            self._pause(max(wait, self._limiter.seconds()))
            pause = min(2 * pause, _LONGEST_PAUSE)

    def send(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """What a POST, PATCH or DELETE answers; sent exactly once, before all reads.

        Args:
            method: "post", "patch" or "delete".
            path: Below the version, with a slash.
            body: As JSON.

        Raises:
            Refused: The answer is an error.
            Unheard: There is no answer; it may have arrived or not.
        """
        self._limiter.seconds()  # reads wait the longer
        return self._ask(method, path, body)

    def close(self) -> None:
        """Release connections."""
        self._client._session.close()  # noqa: SLF001 - there is no public way

    def _ask(self, method: str, path: str, data: dict[str, Any] | None) -> Any:
        if self._closed.is_set():
            raise Closed
        try:
            return getattr(self._client, method)(path, data)
        except APIError as error:
            raise Refused(error) from error
        except (RequestException, OSError, ValueError) as error:
            raise Unheard(error) from error

    def _pause(self, seconds: float) -> None:
        if self._closed.wait(seconds) if seconds > 0 else self._closed.is_set():
            raise Closed


def _words(body: str) -> tuple[int, str]:
    """Alpaca's code and message of a body; 0 and "" where it is not Alpaca's."""
    try:
        found = json.loads(body)
        message = str(found["message"])
    except (ValueError, KeyError, TypeError):
        return 0, ""
    code = found.get("code", 0)
    return (code if isinstance(code, int) else 0), message


def _wait(headers: Any) -> float | None:
    """Seconds that an answer asks to wait, by Retry-After or by the reset of its rate limit."""
    try:
        if "Retry-After" in headers:
            return max(0.0, float(headers["Retry-After"]))
        # The venue's own clock tells how far its reset is: ours may be wrong.
        now = parsedate_to_datetime(headers["Date"]).timestamp()
        return max(0.0, float(headers["X-RateLimit-Reset"]) - now)
    except (KeyError, ValueError, TypeError):
        return None


def _never_left(error: Exception) -> bool:
    """Whether a request has provably not been sent: there was no connection."""
    if isinstance(error, ConnectTimeout):
        return True
    cause = error.args[0] if error.args else None
    return (
        isinstance(error, RequestsConnectionError)
        and isinstance(cause, MaxRetryError)
        and isinstance(cause.reason, NewConnectionError)
    )


def _sentence(error: Exception) -> str:
    if _never_left(error):
        return "no connection could be made"
    if isinstance(error, Timeout):
        return "no answer in time"
    if isinstance(error, RequestsConnectionError):
        return "the connection was lost before the answer"
    return "an answer that cannot be read"
