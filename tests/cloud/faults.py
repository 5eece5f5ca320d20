"""Rules that let calls of ours fail: throttled, broken, unanswered, cut off, denied, expired.

with cloud.also(faults.nth(3, faults.LOST)): ...
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from . import denials
from .wire import Dropped, refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from .wire import Answer, Ask, Call

THROTTLE = "throttle"
BROKEN = "broken"  # a 500 before anything happened
LOST = "lost"  # it happened, and no answer comes
RESET = "reset"  # the connection ends before anything happened
KINDS = (THROTTLE, BROKEN, LOST, RESET)

RATE = "Rate exceeded"
# https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html and each service's own
THROTTLED = {
    "ec2": ("RequestLimitExceeded", "Request limit exceeded.", 503),
    "s3": ("SlowDown", "Please reduce your request rate.", 503),
    "iam": ("Throttling", RATE, 400),
    "sts": ("Throttling", RATE, 400),
}
OTHERS = ("ThrottlingException", RATE, 400)
FAILED = {
    "ec2": ("InternalError", "An internal error has occurred", 500),
    "s3": ("InternalError", "We encountered an internal error. Please try again.", 500),
    "iam": ("ServiceFailure", "Service failed to fulfil the request.", 500),
}
FAILS = ("InternalFailure", "The request processing has failed.", 500)


def fail(kind: str, call: Call, ask: Ask) -> Answer:
    """Let one call fail in this way."""
    if kind == THROTTLE:
        return refusal(call, *THROTTLED.get(call.service, OTHERS))
    if kind == BROKEN:
        return refusal(call, *FAILED.get(call.service, FAILS))
    if kind == LOST:
        ask()
    raise Dropped


@dataclass
class Fault:
    """Deals with the calls of ours that it is about; `met` are those it has dealt with."""

    about: Callable[[Call, int], bool]
    deal: Callable[[Call, Ask], Answer]
    met: list[Call] = field(default_factory=list)
    _count: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, call: Call, ask: Ask) -> Answer:
        """Count a call of ours, and deal with it if it is one of those."""
        if not call.ours:
            return ask()
        with self._lock:
            self._count += 1
            mine = self.about(call, self._count)
            if mine:
                self.met.append(call)
        return self.deal(call, ask) if mine else ask()


def nth(number: int, kind: str) -> Fault:
    """Let the call of ours with this number, counted from 1, fail once."""
    return Fault(lambda _, count: count == number, lambda call, ask: fail(kind, call, ask))


def on(operation: str, kind: str, times: int = 1) -> Fault:
    """Let the first calls of an operation (`RunInstances`) fail."""
    fault = Fault(lambda *_: False, lambda call, ask: fail(kind, call, ask))
    fault.about = lambda call, _: call.operation == operation and len(fault.met) < times
    return fault


def denying(*operations: str) -> Fault:
    """Deny these operations, as for want of a permission."""
    return Fault(lambda call, _: call.operation in operations, lambda call, _: denials.denied(call))


def expired(number: int) -> Fault:
    """Let the caller's session be over from the call of ours with this number on."""
    return Fault(lambda _, count: count >= number, lambda call, _: denials.expired(call))


def refusing(operation: str, code: str, message: str = "", status: int = 400) -> Fault:
    """Refuse an operation with an error code of its own."""
    return Fault(
        lambda call, _: call.operation == operation,
        lambda call, _: refusal(call, code, message or code, status),
    )
