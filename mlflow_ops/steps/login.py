"""The admin's login: a generated password, here and on the host in private files alone."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from mlflow_ops import commands, files
from mlflow_ops.records import READY, Instance, Login, Readiness, Record
from mlflow_ops.server import serving, vault

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
    """Settle on one password, the host's before this machine's, and keep it in both places."""
    host, here = stack.host(), stack.folder.admin_password
    held = vault.get(host, vault.ADMIN_PASSWORD)
    password = held or files.text(here) or secrets.token_urlsafe(LENGTH)
    files.write_private(here, password)
    if not held:
        host.run(f"mkdir -p {commands.FOLDER}")
        vault.put(host, vault.ADMIN_PASSWORD, password)
    return Login(serving.ADMIN)


def ready(stack: Stack, record: Record) -> Readiness:  # noqa: ARG001 - the server's step tries it
    """Tell that the login is there."""
    return READY


def destroy(stack: Stack, record: Record) -> None:
    """Do nothing: it goes with the host."""
