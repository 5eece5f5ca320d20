"""`mlflow-ops down`."""

from __future__ import annotations

from dataclasses import replace

import click

from mlflow_ops import plan, scan, walk
from mlflow_ops.cli import report
from mlflow_ops.cli.command import Call, stack_command
from mlflow_ops.cli.show import Screen
from mlflow_ops.errors import NotReady
from mlflow_ops.records import Instance
from mlflow_ops.stack import Stack
from mlflow_ops.steps import STEPS, server
from mlflow_ops.target import reach, stop_sandbox


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
    try:
        stack = Stack.of(call.settings, reach(call.settings))
    except NotReady:
        return _nothing_there(call, screen)
    exit_code = _down(screen, stack, ask=not yes, dry_run=dry_run, keep=keep_bucket)
    if call.settings.sandbox and not keep_bucket and not stack.folder.path.exists():
        stop_sandbox(call.settings)
    return exit_code


def _down(screen: Screen, stack: Stack, *, ask: bool, dry_run: bool, keep: bool) -> int:

    found, failures = walk.found_for_down(stack, STEPS)
    kept = found.pop("bucket").id if keep and "bucket" in found else None
    if found:
        report.what_goes(screen, stack, found, None if keep else _contents(stack, found))
    if dry_run:
        screen.result({"would_destroy": [record.id for record in found.values()]})
        return 0
    if found and ask and not screen.confirmed("Remove it?"):
        return 1
    result = walk.down(stack, STEPS, found, screen)
    result = replace(result, failures=failures + result.failures, kept=(kept,) if kept else ())
    left = [each for each in scan.leftovers(stack) if each.id != kept]
    if not left and not result.failures:
        stack.folder.forget()
    return report.ended(screen, result, left)


def _contents(stack: Stack, found: walk.Found) -> plan.Contents:
    """Count what the user would lose."""
    for record in found.values():
        stack = stack.knows(record)
    instance = stack.get(Instance)
    uri = server.uri(stack) if instance and instance.address else None
    return plan.contents(stack, stack.records, uri)


def _nothing_there(call: Call, screen: Screen) -> int:

    stop_sandbox(call.settings)
    screen.say("There is no such sandbox: nothing to remove.")
    screen.result({"destroyed": [], "left": [], "kept": []})
    return 0
