"""What one look of the doctor's came to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import botocore.exceptions as sdk

from mlflow_ops.aws import code
from mlflow_ops.errors import MlflowOpsError
from mlflow_ops.refusals import FAILURES, denials, words

if TYPE_CHECKING:
    from collections.abc import Callable

OK, WARN, FAIL, UNKNOWN = "ok", "warn", "fail", "unknown"
# Where one of our sentences goes on from what is wrong to what to do about it.
TURN = re.compile(r": (?=[a-z`])|\. (?=[A-Z])")


class Finding(NamedTuple):
    """How it stands: ok, warn, fail or unknown; what was found, and the cure where one is due.

    `denied` says that a policy of AWS's does not allow the question.
    """

    state: str
    what: str
    cure: str = ""
    denied: bool = False


@dataclass(frozen=True)
class Check:
    """A finding with the name of what was looked at."""

    name: str
    state: str
    what: str
    cure: str = ""
    denied: bool = False

    @property
    def document(self) -> dict[str, str]:
        """The check as it is in the JSON document."""
        return {"name": self.name, "state": self.state, "what": self.what, "cure": self.cure}


def told(name: str, look: Callable[[], Finding], failing: str = FAIL) -> Check:
    """Return what a look came to; one that raises is `failing`, in the error's words."""
    try:
        return Check(name, *look())
    except (MlflowOpsError, *FAILURES, OSError, ValueError) as error:
        return Check(name, *of(failing, error))


def of(state: str, error: Exception) -> Finding:
    """Return an error as a finding: its sentence, parted into what it is and what to do."""
    said = words(error)
    # What AWS has said stands in brackets, with turns of its own.
    turns = (turn for turn in TURN.finditer(said) if _is_outside(said[: turn.start()]))
    turn = next(turns, None)
    what, cure = (said[: turn.start()], said[turn.end() :]) if turn else (said, "")
    denied = isinstance(error, sdk.ClientError) and code(error) in denials.DENIED
    return Finding(state, f"{what.rstrip('.')}.", cure, denied)


def _is_outside(before: str) -> bool:
    return before.count("(") <= before.count(")")
