"""Proving through the public URL that a server works with the database it was given."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mlflow_ops import transcript
from mlflow_ops.errors import HostFailed, MlflowOpsError, NotReady, Refused, TimedOut
from mlflow_ops.reach import reaching
from mlflow_ops.server import keeping_up, serving, vault
from mlflow_ops.wait import until

if TYPE_CHECKING:
    from mlflow_ops.reach.tracking import Tracking
    from mlflow_ops.stack import Stack

DEADLINE = 90.0
ENOUGH = 100
# No answers of a server that is about to start, nor of a proxy in front of one: 503 is what
# MLflow says when its database fails.
FINAL = (401, 403, 500, 503)
# One restart is anybody's; where systemd does not keep the server up, there is no number.
RESTARTS = f"systemctl show -p NRestarts --value {serving.UNIT} 2>/dev/null || true"
CRASHING = 2


def prove(stack: Stack, deadline: float = DEADLINE) -> None:
    """Wait until the admin gets experiments, runs and models from it, as a client does.

    Raises MlflowOpsError, with the server's last words, when it answers with an error or does not
    within `deadline` seconds.
    """
    login = vault.get(stack.host(), vault.ADMIN_PASSWORD) if stack.shape.login else ""
    why = "it has not answered"

    def answers() -> bool:
        nonlocal why
        try:
            with reaching.tracking(stack) as server:
                _look(replace(server, username=serving.ADMIN, password=login) if login else server)
        except Refused as error:
            if error.status in FINAL:
                raise
            why = str(error)
        except NotReady as error:
            why = str(error)
            _check_crashes(stack)
        else:
            return True
        return False

    try:
        until("the server", answers, deadline=deadline, longest=1.0, clock=stack.clock)
    except TimedOut as error:
        raise MlflowOpsError(f"{why} ({deadline:.0f} s){_last_words(stack)}") from error
    except Refused as error:
        raise MlflowOpsError(f"{error}{_last_words(stack)}") from error


def _check_crashes(stack: Stack) -> None:
    printed = stack.host().ask(RESTARTS).strip()
    if printed.isdigit() and int(printed) >= CRASHING:
        raise MlflowOpsError(f"The server ends again and again{_last_words(stack)}")


def _look(server: Tracking) -> None:
    if server.unproven:  # shown no login, it can only be asked whether it wants one
        return _asks_for_a_login(server)
    found = server.ask("/experiments/search", {"max_results": ENOUGH}).get("experiments", [])
    if ids := [each["experiment_id"] for each in found]:
        server.ask("/runs/search", {"experiment_ids": ids, "max_results": 1})
    server.get("/registered-models/search?max_results=1")
    return None


def _asks_for_a_login(server: Tracking) -> None:
    try:
        server.look()
    except Refused as error:
        if error.status != reaching.UNAUTHORIZED:
            raise


def _last_words(stack: Stack) -> str:
    try:
        return transcript.tail([stack.host().ask(keeping_up.log())])
    except HostFailed as error:
        return f" {error}"
