"""`mlflow-ops down`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import click

from mlflow_ops import plan, sandbox, scan, walk
from mlflow_ops.cli import report
from mlflow_ops.cli.command import Call, stack_command
from mlflow_ops.cli.show import Screen
from mlflow_ops.errors import NotReady
from mlflow_ops.records import Instance
from mlflow_ops.stack import Stack
from mlflow_ops.steps import STEPS, server
from mlflow_ops.target import reach, stop_sandbox

if TYPE_CHECKING:
    from pathlib import Path


@stack_command(example="mlflow-ops down --yes")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Show what would go, and remove nothing.")
@click.option("--keep-bucket", is_flag=True, help="Leave the bucket and its artifacts.")
def command(call: Call, *, yes: bool, dry_run: bool, keep_bucket: bool) -> int:
    """Remove the stack and every trace of it, then prove it by looking again.

    Shows what goes, with the number of runs, models and bytes that would be lost; asks, unless
    --yes is given. Works from any machine: AWS's tags say what belongs to the stack.
    """
    screen = Screen(call.json)
    settings = call.settings
    try:
        stack = Stack.of(settings, reach(settings))
    except NotReady:
        return _remains(call, screen, ask=not yes, dry_run=dry_run)
    exit_code, done = _down(screen, stack, settings.home, Choice(not yes, dry_run, keep_bucket))
    if settings.sandbox and done and not keep_bucket:
        stop_sandbox(settings)
    return exit_code


@dataclass(frozen=True)
class Choice:
    """What the user wants of `down`."""

    ask: bool
    dry_run: bool
    keep: bool


def _down(screen: Screen, stack: Stack, home: Path, choice: Choice) -> tuple[int, bool]:
    """Show, ask, destroy and look again; return the exit code, and whether nothing is left."""
    found, failures = walk.found_for_down(stack, STEPS, screen)
    kept = found.pop("bucket").id if choice.keep and "bucket" in found else None
    if found:
        report.what_goes(screen, stack, found, None if choice.keep else _contents(stack, found))
    if choice.dry_run:
        screen.result({"would_destroy": [record.id for record in found.values()]})
        return 0, False
    if found and choice.ask:
        screen.confirm("Remove it?")
    result = walk.down(stack, STEPS, found, screen)
    left, unseen = scan.leftovers(stack)
    left = [each for each in left if each.id != kept]
    failures = (*failures, *result.failures, *unseen)
    result = replace(result, failures=failures, kept=(kept,) if kept else ())
    done = not left and not failures
    if done:
        stack.folder.forget(home)
    return report.ended(screen, result, left), done


def _contents(stack: Stack, found: walk.Found) -> plan.Contents:
    """Count what the user would lose."""
    for record in found.values():
        stack = stack.knows(record)
    instance = stack.get(Instance)
    uri = server.uri(stack) if instance and instance.address else None
    return plan.contents(stack, stack.records, uri)


def _remains(call: Call, screen: Screen, *, ask: bool, dry_run: bool) -> int:
    """Remove what a sandbox has left whose process is gone."""
    nothing: dict[str, list[str]] = {"destroyed": [], "left": [], "kept": []}
    folder = call.settings.sandbox_folder
    if not sandbox.remains(folder):
        screen.say("There is no such sandbox: nothing to remove.")
        screen.result({"would_destroy": []} if dry_run else nothing)
        return 0
    screen.say(
        f"The sandbox's process is gone. What it has left in {folder} goes: its host's files, "
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
