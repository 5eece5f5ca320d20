"""AWS needs a moment to know everywhere what it has just made: ask again, on named errors alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import botocore.exceptions as sdk

from mlflow_ops.aws import code
from mlflow_ops.wait import CLOCK, Clock, until

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")
DEADLINE = 120.0


def while_unknown(
    ask: Callable[[], T], *codes: str, clock: Clock = CLOCK, said: tuple[str, ...] = ()
) -> T:
    """Return what `ask` answers, asking again for two minutes while AWS says one of `codes`.

    Where a code says too little, `said` are words of the message to know such an error by. Raises
    TimedOut when AWS still says it then, and any other error at once.
    """

    def answer() -> list[T] | None:
        try:
            return [ask()]
        except sdk.ClientError as error:
            message = error.response.get("Error", {}).get("Message", "")
            if code(error) in codes or any(words in message for words in said):
                return None
            raise

    what = f"AWS to know what was just made ({', '.join((*codes, *said))})"
    return until(what, answer, deadline=DEADLINE, pause=0.5, clock=clock)[0]
