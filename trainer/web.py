"""The HTTP requests the trainer makes by itself: each has a deadline, each error is one line."""

from __future__ import annotations

import errno
from concurrent import futures
from threading import Thread
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit, urlunsplit

import requests

from trainer.errors import brief

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")
# Bytes; a thousand times the published data set.
LARGEST = 100_000_000


def is_web(uri: str) -> bool:
    """Whether this is an http or https address."""
    return uri.lower().startswith(("http://", "https://"))


def shown(url: str) -> str:
    """Return the URL without what may be secret: user, password, query and fragment."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url.partition("?")[0].rpartition("@")[2]
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def within(seconds: float, work: Callable[[], T]) -> T:
    """Do the work, or raise TimeoutError after so many seconds.

    The timeouts of an HTTP client start anew with each packet and leave the name look-up out, so
    the work gets a thread of its own, which is left behind when time is up.
    """
    answer: futures.Future[T] = futures.Future()

    def body() -> None:
        try:
            answer.set_result(work())
        except Exception as error:  # noqa: BLE001 - handed on to whoever waits
            answer.set_exception(error)

    Thread(target=body, daemon=True).start()
    try:
        return answer.result(timeout=seconds)
    except futures.TimeoutError:
        # Before Python 3.11 this was a class of its own.
        raise TimeoutError(f"no answer within {seconds:g} seconds") from None


def fetch(url: str, seconds: float) -> bytes:
    """GET the whole body, within so many seconds; raises OSError (`cause` says why)."""

    def work() -> bytes:
        with requests.get(url, timeout=seconds, stream=True) as response:
            response.raise_for_status()
            return _body(response)

    return within(seconds, work)


def _body(response: requests.Response) -> bytes:
    """Return the body, or raise OSError for one that is too long to be a data set."""
    found = bytearray()
    for piece in response.iter_content(65_536):
        found += piece
        if len(found) > LARGEST:
            raise OSError(errno.EFBIG, f"it is longer than {LARGEST // 1_000_000} MB")
    return bytes(found)


def cause(error: OSError) -> str:
    """Say why a request failed in a few words, without the URL, which may hold secrets."""
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"the server answers {error.response.status_code} {error.response.reason}".strip()
    if isinstance(error, (requests.Timeout, TimeoutError)):
        return "no answer in time"
    if isinstance(error, requests.RequestException):
        return _reason(error)
    return error.strerror or brief(error)


def _reason(error: BaseException) -> str:
    """Dig out the innermost reason: requests wraps urllib3, which wraps the socket's own error."""
    inner = error
    while (below := _below(inner)) is not None:
        inner = below
    if isinstance(inner, OSError) and inner.strerror:
        return inner.strerror
    return type(inner).__name__


def _below(error: BaseException) -> BaseException | None:
    reason = getattr(error, "reason", None)
    if isinstance(reason, BaseException):
        return reason
    wrapped = (arg for arg in error.args if isinstance(arg, BaseException))
    return next(wrapped, None) or error.__cause__
