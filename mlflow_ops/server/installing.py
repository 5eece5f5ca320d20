"""Putting an environment onto the host."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from mlflow_ops import commands, environments, lock
from mlflow_ops.errors import CommandFailed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlflow_ops.host import Host
    from mlflow_ops.stack import Stack

DEADLINE = 1200.0
# What `sync` may take on a slow disk with much to write.
SYNC_DEADLINE = 300.0


def install(host: Host, text: str) -> environments.Environment:
    """Make the environment that comes from this lock, beside those that are there.

    One that is there, and whole, is taken as it is.
    """
    made = environments.from_lock(text)
    if made in complete(host, made.version):
        return made
    host.run(environments.make(made), deadline=DEADLINE)
    host.put(f"{made.folder}/uv.txt", lock.text(lock.UV))
    host.run(environments.install_uv(made), deadline=DEADLINE)
    host.put(f"{made.folder}/requirements.new", text)
    host.run(environments.install_lock(made), deadline=DEADLINE)
    return made


def remove_all_but(host: Host, *kept: environments.Environment) -> None:
    """Remove the other environments; one that stays only takes room, and goes the next time."""
    with suppress(CommandFailed):
        host.run(environments.remove_all_but(*kept), deadline=DEADLINE)


def use(host: Host, environment: environments.Environment) -> None:
    """Make this environment the one in use."""
    host.run(environments.use(environment), deadline=SYNC_DEADLINE)


def complete(host: Host, version: str) -> list[environments.Environment]:
    """Return the environments with this MLflow that are there, and whole, newest first."""
    printed = host.ask(f"{environments.complete(version)} || true").split()
    return [environments.Environment(each) for each in printed if environments.ID.fullmatch(each)]


@contextmanager
def saying(what: str, stack: Stack) -> Iterator[None]:
    """Put one sentence before the lines of a failed command: what failed, why, what next."""
    try:
        yield
    except CommandFailed as error:
        why = commands.meaning(str(error)) or "see its last lines"
        raise CommandFailed(
            f"The host could not {what}: {why}. Mend it and run the same command again; "
            f"all output is in {stack.folder.host_log}.\n{error}"
        ) from error
