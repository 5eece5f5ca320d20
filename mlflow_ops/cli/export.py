"""`mlflow-ops export`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mlflow_ops import contents, lease
from mlflow_ops.backup import exported, exporting, layout, packing
from mlflow_ops.cli.command import Call, stack_command
from mlflow_ops.errors import NotReady
from mlflow_ops.steps import bucket, instance

if TYPE_CHECKING:
    from mlflow_ops.backup.archive import Archive
    from mlflow_ops.cli.show import Screen
    from mlflow_ops.stack import Stack

SERVE = (
    f"mlflow server --backend-store-uri sqlite:///{layout.MLFLOW_DB} "
    f"--artifacts-destination ./{layout.ARTIFACTS}"
)


@stack_command(
    example="$ mlflow-ops export everything.tar.gz\n"
    "(database, users and artifacts are in one file, which a plain `mlflow server` can serve)"
)
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--backup", metavar="NAME", help="Export this backup  [default: one taken now].")
def command(call: Call, *, path: Path, backup: str | None) -> int:
    """Write everything the stack holds to PATH: a new folder, or a .tar or .tar.gz file.

    That is the database, the users and all artifacts, with the SHA-256 of each, so that any
    MLflow server can go on with the folder, and `import` any stack. A stack that does not run,
    and a kept bucket, are exported as their newest backup has them. The stack stays as it is.
    """
    path = path.expanduser().absolute()
    packing.check_free(path)
    screen, stack = call.screen(), _found(call.stack())
    try:
        # A `down` or a `restore` of somebody's would take away what is being read.
        with lease.held(stack, call.settings.home, "export") as hold:
            made = _written(screen, replace(stack, check_hold=hold.check), path, backup)
    finally:
        stack.hang_up()
    _say(screen, path, made)
    screen.result(
        {
            "path": str(path),
            "backup": made.backup["name"],
            "taken": made.backup["taken"],
            "counts": made.backup["counts"],
            "artifacts": len(made.artifacts),
            "bytes": made.size,
        }
    )
    return 0


def _found(stack: Stack) -> Stack:
    """Return the stack with its bucket, and its instance if it has one."""
    there = bucket.find(stack)
    if there is None:
        raise NotReady("There is nothing to export: the stack has no bucket.")
    stack = stack.knows(there)
    machine = instance.find(stack)
    return stack.knows(machine) if machine else stack


def _written(screen: Screen, stack: Stack, path: Path, which: str | None) -> Archive:
    with screen.step("export", "write") as voice:
        stack = replace(stack, voice=voice)
        with exported.backup(stack, which) as manifest:
            made = exporting.Export(stack, manifest, path).write()
    screen.done(f"{manifest}, and {contents.counted(len(made.artifacts), 'artifact')}")
    return made


def _say(screen: Screen, path: Path, made: Archive) -> None:
    screen.row(f"{path} has all of it: {contents.sized(made.size)} before compression.")
    if packing.suffix(path):
        screen.say("Unpacked, its folder is all that a plain MLflow server needs; in it:")
    else:
        screen.row(f"A plain MLflow server needs no more; to go on in a copy, in {path.name}:")
    screen.say(f"  {SERVE}")
    screen.row(f"Into another stack of ours: mlflow-ops import {path}")
