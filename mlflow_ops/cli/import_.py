"""`mlflow-ops import`."""

from __future__ import annotations

import contextlib
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mlflow_ops import contents, elsewhere, lease
from mlflow_ops.backup import exported, restoring, unpacking
from mlflow_ops.backup.importing import Import
from mlflow_ops.backup.manifest import Manifest
from mlflow_ops.cli.command import Call, stack_command
from mlflow_ops.ec2 import instances
from mlflow_ops.errors import NotReady
from mlflow_ops.refusals import FAILURES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlflow_ops.backup.archive import Archive
    from mlflow_ops.backup.restoring import Restored
    from mlflow_ops.backup.sources import Source as Backup
    from mlflow_ops.backup.unpacking import Source
    from mlflow_ops.cli.show import Screen
    from mlflow_ops.stack import Stack


@stack_command(
    example="$ mlflow-ops import everything.tar.gz --yes\n"
    "(what the server held is backed up, and what the file holds is in its place)"
)
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--yes", is_flag=True, help="Do not ask.")
def command(call: Call, *, path: Path, yes: bool) -> int:
    """Put the export at PATH into the running stack, in the place of what its server holds.

    Every file is checked against the export's SHA-256 first. What the server holds now is backed
    up before it is replaced, and comes back when the server does not work with the import.
    """
    screen, source = call.screen(), unpacking.opened(path.expanduser().absolute())
    with screen.step("check", "read"):
        said = source.checked()
        held = Manifest.of(dict(said.backup))
    screen.done(f"{held}, and {contents.counted(len(said.artifacts), 'artifact')}")
    stack = _standing(call, call.stack())
    try:
        if not yes:
            _ask(screen, stack, held)
        with lease.held(stack, call.settings.home, "import") as hold:
            stack = replace(stack, check_hold=hold.check)
            imported, restored = _imported(screen, stack, source, said)
    finally:
        stack.hang_up()
    screen.say(f"The server has what {path.name} holds, and logs on from there.")
    screen.say(f"What it held before: `mlflow-ops restore {restored.before}`")
    screen.result(
        {"imported": imported, "before": restored.before, "counts": vars(restored.staged.counts)}
    )
    return 0


def _standing(call: Call, stack: Stack) -> Stack:
    """Return the stack with its instance; raise NotReady for one that does not run."""
    found = instances.alive(stack)
    if found is None:
        elsewhere.check(stack, call.settings)
        raise NotReady("There is no stack to import into: `mlflow-ops up` makes one.")
    if found.state == "stopped":
        raise NotReady("The stack is stopped: `mlflow-ops start`, then import.")
    return stack.knows(found)


def _ask(screen: Screen, stack: Stack, held: Manifest) -> None:
    now = contents.served(stack)
    screen.say(f"It takes the place of what the server holds: {now}.")
    screen.confirm(f"Import {held.counts}?")


def _imported(screen: Screen, stack: Stack, source: Source, said: Archive) -> tuple[str, Restored]:
    """Send the export to the bucket, and restore it; return its name there, and what came of it."""
    with (
        screen.step("import", "send") as voice,
        tempfile.TemporaryDirectory(prefix="mlflow-ops-", ignore_cleanup_errors=True) as folder,
    ):
        sending = Import(replace(stack, voice=voice), source, said, Path(folder))
        backup = sending.send()
    screen.done(f"{contents.sized(said.size)} to {stack.names.bucket}")
    with screen.step("restore", "put in place") as voice, _forgotten_if_it_fails(stack, backup):
        restored = restoring.restore(replace(stack, voice=voice), backup)
    screen.done(f"{restored.staged.counts}")
    return backup.name, restored


@contextlib.contextmanager
def _forgotten_if_it_fails(stack: Stack, backup: Backup) -> Iterator[None]:
    """Leave no backup of what the server has never held: the export is still where it was."""
    try:
        yield
    except BaseException:
        with contextlib.suppress(*FAILURES):  # the first error counts
            if backup.manifest:
                exported.forget(stack, backup.manifest)
        raise
