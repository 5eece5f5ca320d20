"""The server's first user: made at its first start, with a password that it forgets at once."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from mlflow_ops.server import serving, vault

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mlflow_ops.stack import Stack

DEADLINE = 90.0


@contextmanager
def made_by(stack: Stack, facts: Mapping[str, str]) -> Iterator[None]:
    """Let a server that has no user yet make the admin, and take the password away again.

    `facts` are those of the host before the server is (re)started in the context.
    """
    host, has_users = stack.host(), facts["admins"] not in {"", "0"}
    host.run(serving.MAKE_SESSION_KEY)
    if not has_users:
        password = vault.get(host, vault.ADMIN_PASSWORD)
        host.put(serving.AUTH_INI, serving.auth_ini(password))
    try:
        yield
        if not has_users:
            host.run(serving.WAIT_FOR_ADMIN, deadline=DEADLINE)
    finally:
        host.put(serving.AUTH_INI, serving.auth_ini())
