"""The lock on a stack: one command at a time changes it, from whichever machine.

Its holder renews it every minute; one that is not renewed is over after three.
"""

from __future__ import annotations

import getpass
import os
import re
import secrets
import socket
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import botocore.exceptions as sdk

from mlflow_ops import wait
from mlflow_ops.aws import code
from mlflow_ops.errors import Locked, NotOurs
from mlflow_ops.journal import UNSURE
from mlflow_ops.lease import local, lock
from mlflow_ops.lease.holder import Holder, text
from mlflow_ops.refusals import FAILURES, words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from mlflow_ops.stack import Stack

RENEWAL = 60.0
LAST_CALL = 1.0
LONGEST = 256  # characters of a tag's value


@dataclass
class Lease:
    """A lock that is held; `check` raises Locked once it is lost, so that no step follows.

    `unfreed` says, when it is over, why it could not be removed, if so.
    """

    stack: Stack
    held: Holder
    lost: bool = field(default=False, init=False)
    unfreed: str = field(default="", init=False)

    @property
    def id(self) -> str:
        """The lock's own id in the account."""
        return self.held.id

    @property
    def farewell(self) -> str:
        """What the user must hear when it is over: nothing, unless the lock stays."""
        if not self.unfreed:
            return ""
        until = f"{self.held.until:%H:%M} UTC"
        return f"The stack's lock stays until {until}, for other machines: {self.unfreed}"

    def check(self) -> None:
        """Raise Locked when another command may have taken over."""
        if self.lost or self.stack.aws.now() > self.held.until:
            raise Locked(
                f"This command lost its hold on the stack {self.stack.names.stack!r}, perhaps "
                "while this machine slept, and stopped: run it again."
            )

    def renew(self) -> None:
        """Tell the account that the holder is alive, or find out that the lock is lost."""
        if self.stack.aws.now() > self.held.until:  # somebody may be taking it this very moment
            self.lost = True
            return
        with suppress(*FAILURES):  # the next renewal may get through
            renewed = lock.extend(self.stack, self.held)
            self.lost = renewed is None
            self.held = renewed or self.held


def user(name: Callable[[], str] = getpass.getuser) -> str:
    """Return the user's name, or their number where they have none, as in some containers."""
    with suppress(KeyError, OSError):  # OSError from Python 3.13 on
        return name()
    return str(os.getuid())


@contextmanager
def held(stack: Stack, home: Path, command: str) -> Iterator[Lease]:
    """Hold the stack's lock while the context lasts; raise Locked, naming the holder, at once."""
    who = f"{user()}@{socket.gethostname()}: mlflow-ops {command}"
    who = re.sub(r"[^\w.@: +=/-]", "_", who)[:LONGEST]
    note = local.Note(who, text(stack.aws.now()), (secrets.token_hex(8),))
    with local.held(stack.folder.lock, note, home) as mine:
        try:
            lease = Lease(stack, lock.acquire(stack, who, mine.tokens))
        except (Locked, NotOurs):  # by somebody else's, so that none of our tokens means anything
            mine.clear()
            raise
        except sdk.ClientError as error:
            if len(mine.tokens) == 1 and _is_a_no(error):
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
        try:
            lock.free(stack, lease.id)
        except FAILURES as error:
            lease.unfreed = words(error)
        else:
            mine.clear()


def _is_a_no(error: sdk.ClientError) -> bool:
    """Whether AWS has said for sure that it made no lock."""
    return error.operation_name == "ImportKeyPair" and code(error) not in UNSURE
