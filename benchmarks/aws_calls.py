"""What the commands cost outside the host: their AWS calls, by name, and which are made twice.

    make bench

Needs the extra `sandbox`, whose cloud answers at once. Runs the commands in this process and hears
botocore's own log. Prints a table and the calls made twice; asserts nothing.
"""

from __future__ import annotations

import contextlib
import io
import logging
import os
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from mlflow_ops import target
from mlflow_ops.cli import main as mlflow_ops
from mlflow_ops.settings import Settings

COMMANDS = {
    "up": ("up", "--yes"),
    "up again": ("up", "--yes"),
    "status": ("status",),
    "down": ("down", "--yes"),
}
SENDING, ANSWERED = "botocore.endpoint", "urllib3.connectionpool"


@dataclass
class Heard(logging.Handler):
    """The calls of one command, with their parameters, and the seconds until their answers."""

    calls: Counter[tuple[str, str]] = field(default_factory=Counter)
    seconds: float = 0.0
    _asked: float = 0.0

    def __post_init__(self) -> None:
        super().__init__()

    def emit(self, record: logging.LogRecord) -> None:
        """Take note of a call that begins, or of the answer to the last one."""
        said = str(record.msg)
        if record.name == SENDING and said.startswith("Making request"):
            operation, request = record.args or ("", "")
            self.calls[_named(operation), _parameters(request)] += 1
            self._asked = record.created
        elif record.name == ANSWERED and '"%s %s %s" %s' in said and self._asked:
            self.seconds += record.created - self._asked
            self._asked = 0.0

    __hash__ = logging.Handler.__hash__

    @property
    def total(self) -> int:
        """How many calls there were."""
        return self.calls.total()

    @property
    def twice(self) -> dict[tuple[str, str], int]:
        """The calls that were made more than once with the same parameters."""
        return {call: times for call, times in self.calls.items() if times > 1}


def _named(operation: Any) -> str:  # noqa: ANN401 - botocore's own model
    return f"{operation.service_model.service_name}:{operation.name}"


def _parameters(request: Any) -> str:  # noqa: ANN401 - botocore's own mapping
    body = request["body"]
    held = body.getvalue() if isinstance(body, io.BytesIO) else body
    return f"{request['method']} {request['url']} {held!r}"


def heard(*words: str) -> tuple[Heard, float]:
    """Run one command; return the calls it made and its seconds; raise when it fails."""
    found, printed = Heard(), io.StringIO()
    loggers = [logging.getLogger(name) for name in (SENDING, ANSWERED)]
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
        logger.propagate = False
        logger.addHandler(found)
    began = time.monotonic()
    try:
        with contextlib.redirect_stdout(printed):
            mlflow_ops([*words, "--sandbox"])
    except SystemExit as end:
        if end.code:
            raise SystemExit(f"{words} failed:\n{printed.getvalue()}") from end
    finally:
        for logger in loggers:
            logger.removeHandler(found)
    return found, time.monotonic() - began


def main() -> None:
    """Measure and print."""
    print("| command  | AWS calls | made twice | waiting for AWS | whole command |")
    print("|----------|-----------|------------|-----------------|---------------|")
    all_heard = {}
    with tempfile.TemporaryDirectory() as home:
        os.environ["MLFLOW_OPS_HOME"] = home
        target.start_sandbox(Settings(sandbox=True))
        try:
            for name, words in COMMANDS.items():
                found, took = heard(*words)
                all_heard[name] = found
                spent = sum(times - 1 for times in found.twice.values())
                cells = (f"{name:<8}", f"{found.total:>9}", f"{spent:>10}")
                print(f"| {' | '.join(cells)} | {found.seconds:>13.2f} s | {took:>11.2f} s |")
        finally:
            target.stop_sandbox(Settings(sandbox=True))
    for name, found in all_heard.items():
        operations = Counter(operation for operation, _ in found.calls.elements())
        print(f"\n{name}: " + ", ".join(f"{o} {n}" for o, n in operations.most_common()))
        for (operation, parameters), times in found.twice.items():
            print(f"  {times} times {operation} {parameters[:300]}")


if __name__ == "__main__":
    main()
