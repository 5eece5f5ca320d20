"""Being told to stop: by an exception, so that a run does not stay RUNNING for ever."""

from __future__ import annotations

import signal
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import FrameType


def leave_by_exception() -> None:
    """Turn SIGTERM and SIGHUP into SystemExit with 128 and the signal's number."""
    for each in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(each) != signal.SIG_IGN:  # as under nohup
            signal.signal(each, _leave)


def _leave(signum: int, _frame: FrameType | None) -> None:
    sys.exit(128 + signum)
