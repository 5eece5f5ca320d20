"""The server's first user: made at its first start, with a password that it forgets at once."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from mlflow_ops import transcript
from mlflow_ops.errors import CommandFailed
from mlflow_ops.server import asking, keeping_up, serving, vault

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mlflow_ops.host import Host
    from mlflow_ops.stack import Stack

DEADLINE = 90.0


@contextmanager
def made_by(stack: Stack, facts: Mapping[str, str]) -> Iterator[None]:
    """Let a server that has no user yet make the admin, and take the password away again.

    `facts` are those of the host before the server is (re)started in the context.
    """
    host, has_users = stack.host(), facts["admins"] not in {"", "0"}
    host.run(asking.MAKE_SESSION_KEY)
    if not has_users:
        password = vault.get(host, vault.ADMIN_PASSWORD)
        host.put(serving.AUTH_INI, serving.auth_ini(password))
    try:
        yield
        if not has_users:
            _wait(host)
    finally:
        host.put(serving.AUTH_INI, serving.auth_ini())


def _wait(host: Host) -> None:
    try:
        host.run(asking.WAIT_FOR_ADMIN, deadline=DEADLINE)
    except CommandFailed as error:
        words = transcript.tail([host.ask(keeping_up.log())])
        raise CommandFailed(
            f"The server has not made its first user, so that nobody could log in: run the same "
            f"command again. Its last words:{words}"
        ) from error
