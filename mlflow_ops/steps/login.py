"""The admin's login: a generated password, here and on the host in private files alone."""

from __future__ import annotations

import contextlib
import secrets
from dataclasses import replace
from typing import TYPE_CHECKING

from mlflow_ops import commands, files
from mlflow_ops.errors import NotReady
from mlflow_ops.reach import reaching
from mlflow_ops.records import READY, Instance, Login, Readiness, Record
from mlflow_ops.server import accounts, serving, vault
from mlflow_ops.server.accounts import Accounts

if TYPE_CHECKING:
    from mlflow_ops.iam.scopes import Allows
    from mlflow_ops.stack import Stack

PURPOSE = "login of the server's first user, who may add others"
PLACE = "host"
DEADLINE = 30.0
ALLOWS: Allows = {}
# Bytes from the system's source of randomness; 32 characters of text.
LENGTH = 24


def find(stack: Stack) -> Login | None:
    """Return the login that the host holds; None when it holds none."""
    if stack.get(Instance) is None:
        return None
    held = vault.get(stack.host(), vault.ADMIN_PASSWORD)
    if not held:
        return None
    same = stack.wanted is None or held == files.text(stack.folder.admin_password)
    return Login(serving.ADMIN, missing=() if same else ("its password on this machine",))


def plan(stack: Stack) -> str:
    """Say what would be made."""
    return f"user {serving.ADMIN}, password in {stack.folder.admin_password}"


def create(stack: Stack) -> Login:
    """Settle on one password, and keep it on the host and here."""
    host, here = stack.host(), stack.folder.admin_password
    held = vault.get(host, vault.ADMIN_PASSWORD)
    password = _right(stack, held, files.text(here)) or secrets.token_urlsafe(LENGTH)
    files.write_private(here, password)
    if held != password:
        host.run(f"mkdir -p {commands.FOLDER}")
        vault.put(host, vault.ADMIN_PASSWORD, password)
    return Login(serving.ADMIN)


def ready(stack: Stack, record: Record) -> Readiness:  # noqa: ARG001 - the server's step tries it
    """Tell that the login is there."""
    return READY


def destroy(stack: Stack, record: Record) -> None:
    """Do nothing: it goes with the host."""


def _right(stack: Stack, held: str, here: str) -> str:
    """Return the host's password, or this machine's where the server takes that one alone."""
    known = [each for each in dict.fromkeys((held, here)) if accounts.is_good(each)]
    for password in known if len(known) > 1 else ():
        with contextlib.suppress(NotReady), reaching.tracking(stack) as server:
            mine = replace(server, username=serving.ADMIN, password=password)
            if Accounts(mine).is_let_in():
                return password
    return next(iter(known), "")
