"""The lock on a stack: one command at a time changes it, from whichever machine.

Its holder renews it every minute; one that is not renewed is over after three.
"""

from __future__ import annotations

import getpass
import re
import secrets
import socket
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import botocore.exceptions as sdk

from mlflow_ops import wait
from mlflow_ops.errors import Locked
from mlflow_ops.lease import local, lock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mlflow_ops.stack import Stack

RENEWAL = 60.0
LAST_CALL = 1.0
LONGEST = 256  # characters of a tag's value


@dataclass
class Lease:
    """A lock that is held; `check` raises Locked once it is lost, so that no step follows."""

    stack: Stack
    held: lock.Holder
    lost: bool = field(default=False, init=False)

    @property
    def id(self) -> str:
        """The lock's own id in the account."""
        return self.held.id

    def check(self) -> None:
        """Raise Locked when another command may have taken over."""
        if self.lost or self.stack.aws.now() > self.held.until:
            raise Locked(
                f"This command lost its hold on the stack {self.stack.names.stack!r}, perhaps "
                "while this machine slept, and stopped: run it again."
            )

    def renew(self) -> None:
        """Tell the account that the holder is alive, or find out that the lock is lost."""
        with suppress(sdk.ClientError, sdk.BotoCoreError):  # the next renewal may get through
            renewed = lock.extend(self.stack, self.held)
            self.lost = renewed is None
            self.held = renewed or self.held


@contextmanager
def held(stack: Stack, home: Path, command: str) -> Iterator[Lease]:
    """Hold the stack's lock while the context lasts; raise Locked, naming the holder, at once."""
    who = f"{getpass.getuser()}@{socket.gethostname()}: mlflow-ops {command}"
    who = re.sub(r"[^\w.@: +=/-]", "_", who)[:LONGEST]
    note = local.Note(who, lock.text(stack.aws.now()), (secrets.token_hex(8),))
    with local.held(stack.folder.lock, note, home) as mine:
        try:
            lease = Lease(stack, lock.acquire(stack, who, mine.tokens))
        except (Locked, sdk.ClientError):  # a no; after no answer at all the lock may be there
            mine.clear()
            raise
        try:
            with wait.every(RENEWAL, lease.renew):
                yield lease
        except BaseException:
            # Who leaves in a hurry, by Ctrl-C perhaps, does not wait for AWS.
            if wait.at_most(LAST_CALL, lambda: lock.free(stack, lease.id)):
                mine.clear()
            raise
        lock.free(stack, lease.id)
        mine.clear()
