"""`mlflow-ops check`."""

from __future__ import annotations

import contextlib
import sys
from dataclasses import asdict

from mlflow_ops.check import write_and_read_back
from mlflow_ops.cli.command import Call, stack_command


@stack_command(
    example="$ mlflow-ops check\n"
    "(a run with two metrics and an artifact is written, read back, and its page is named)"
)
def command(call: Call) -> None:
    """Write two metrics and an artifact to the server through its public URL, and read them back.

    They stand in the experiment "Check Connection".
    """
    screen = call.screen()
    with call.server() as found:
        found.take_over()
        with contextlib.redirect_stdout(sys.stderr):  # where MLflow's own words are no result
            result = write_and_read_back(found.uri)
    screen.say(f"Wrote 2 metrics and an artifact to {found.uri} in {result.write_seconds:.2f} s,")
    page = result.run_url if found.lasting else "`mlflow-ops open` shows the run"
    screen.say(f"read them back in {result.read_seconds:.2f} s: {page}")
    shown = {} if found.lasting else {"run_url": None}
    screen.result({**asdict(result), **shown})
