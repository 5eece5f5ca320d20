"""`mlflow-ops down`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import click

from mlflow_ops import elsewhere, inventory, lease, places, plan, sandbox, walk
from mlflow_ops.cli import removal
from mlflow_ops.cli.command import Call, stack_command
from mlflow_ops.errors import NotReady
from mlflow_ops.reach import tunnel
from mlflow_ops.steps import STEPS, bucket
from mlflow_ops.target import stop_sandbox

if TYPE_CHECKING:
    from mlflow_ops.cli.show import Screen
    from mlflow_ops.stack import Stack


@stack_command(example="mlflow-ops down --yes")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Show what would go, and remove nothing.")
@click.option("--keep-bucket", is_flag=True, help="Leave the bucket and its artifacts.")
def command(call: Call, *, yes: bool, dry_run: bool, keep_bucket: bool) -> int:
    """Remove the stack and every trace of it, then prove it by looking again.

    Shows what goes, with the number of runs, models and bytes that would be lost; asks, unless
    --yes is given. Works from any machine: AWS's tags say what belongs to the stack.
    """
    screen, settings = call.screen(), call.settings
    try:
        stack = call.stack()
    except NotReady:
        return _remains(call, screen, ask=not yes, dry_run=dry_run)
    if dry_run or not yes:
        look = _look(call, screen, stack, keep=keep_bucket, show=True)
        if dry_run:
            for failure in look.failures:
                screen.row(f"Not seen: {failure}")
            screen.result({"would_destroy": [record.id for record in look.found.values()]})
            return int(bool(look.failures))
        if look.found:
            screen.confirm("Remove it?")
    result, left = _removed(call, screen, stack, keep=keep_bucket, show=yes)
    done = not left and not result.failures
    if settings.sandbox and done and not keep_bucket and not places.known(settings):
        stop_sandbox(settings)
    return removal.ended(screen, result, left)


def _removed(
    call: Call, screen: Screen, stack: Stack, *, keep: bool, show: bool
) -> tuple[walk.Ended, list[inventory.Holding]]:
    """Under its lock, destroy the stack and look again; return what came of it and what is left."""
    home = call.settings.home
    with lease.held(stack, home, "down") as hold:
        stack = replace(stack, check_hold=hold.check)
        look = _look(call, screen, stack, keep=keep, show=show)
        try:
            result, left = _destroyed(screen, stack, look, hold.id)
        except BaseException:
            removal.what_is_left(call, screen, look.found)
            raise
        if not left and not result.failures:
            tunnel.end(stack.folder)
            stack.folder.forget(home)
    if hold.unfreed:
        result = replace(result, failures=(*result.failures, f"lock ({hold.id}): {hold.unfreed}"))
    return result, left


@dataclass(frozen=True)
class Look:
    """What `down` would take, the bucket it would leave, and what could not be asked."""

    found: walk.Found
    kept: tuple[str, ...]
    failures: tuple[str, ...]


def _look(call: Call, screen: Screen, stack: Stack, *, keep: bool, show: bool) -> Look:
    """Find what goes, and show it; raise WrongPlace when the stack stands in another region."""
    found, failures = walk.found_for_down(stack, STEPS, screen)
    if not found and not failures:
        elsewhere.check(stack, call.settings)
    kept = (found.pop("bucket").id,) if keep and "bucket" in found else ()
    if found and show:
        removal.what_goes(screen, stack, found, None if keep else _contents(stack, found))
    return Look(found, kept, failures)


def _destroyed(
    screen: Screen, stack: Stack, look: Look, lock: str
) -> tuple[walk.Ended, list[inventory.Holding]]:
    """Destroy what was found, and look again; return what came of it and what is left."""
    if look.kept:
        bucket.keep(stack)
    result = walk.down(stack, STEPS, look.found, screen)
    left, unseen = inventory.leftovers(stack)
    left = [each for each in left if each.id not in {*look.kept, lock}]
    failures = (*look.failures, *result.failures, *unseen)
    return replace(result, failures=failures, kept=look.kept), left


def _contents(stack: Stack, found: walk.Found) -> plan.Contents:
    """Count what the user would lose."""
    for record in found.values():
        stack = stack.knows(record)
    return plan.contents(stack)


def _remains(call: Call, screen: Screen, *, ask: bool, dry_run: bool) -> int:
    """Remove what is left of a sandbox that does not answer, and its process if it has one yet."""
    nothing: dict[str, list[str]] = {"destroyed": [], "left": [], "kept": [], "failures": []}
    folder = call.settings.sandbox_folder
    if not sandbox.remains(folder):
        if not dry_run:
            stop_sandbox(call.settings)  # of a start that was killed, an empty folder may be left
        screen.say("There is no such sandbox: nothing to remove.")
        screen.result({"would_destroy": []} if dry_run else nothing)
        return 0
    screen.say(
        f"The sandbox does not answer. What it has left in {folder} goes: its host's files, "
        "with the database of the runs; the bucket is gone already."
    )
    if dry_run:
        screen.result({"would_destroy": [str(folder)]})
        return 0
    if ask:
        screen.confirm("Remove it?")
    stop_sandbox(call.settings)
    screen.result({**nothing, "destroyed": [str(folder)]})
    return 0
