"""A new password for the stack's own admin: on the server, in the host's vault and here.

The new one is on this machine's disk before anything knows it, so that a kill at any point leaves
at least one password in hand that works, or the way through SSH, which needs none.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mlflow_ops import files
from mlflow_ops.backup import keeping
from mlflow_ops.errors import HostFailed, MlflowOpsError
from mlflow_ops.server import accounts, serving, vault
from mlflow_ops.server.accounts import Accounts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mlflow_ops.folder import Folder
    from mlflow_ops.host import Host
    from mlflow_ops.reach.tracking import Tracking


@dataclass(frozen=True)
class Admin:
    """The admin of one stack: where the server answers, our files, and the way to the host."""

    tracking: Tracking
    folder: Folder
    host: Callable[[], Host]

    def set_password(self, password: str) -> None:
        """Change it everywhere; raises HostFailed when the host cannot be reached.

        Where the server takes none of the passwords that we have, it is given one over SSH first.
        """
        with files.alone_in(self.folder.path):
            host = self.host()  # before anything is changed
            current = self._working() or self._reset(host)
            files.write_private(self.folder.pending_password, password)
            # Through the API in any case: only so does the server forget what it let in before.
            if current != password:  # which a run that was killed has set already
                self._with(current).set_password(serving.ADMIN, password)
            vault.put(host, vault.ADMIN_PASSWORD, password)
            self.folder.pending_password.replace(self.folder.admin_password)

    def _working(self) -> str:
        """Return a password that the server takes, or nothing."""
        known = dict.fromkeys(filter(None, self._known()))
        return next((each for each in known if self._with(each).is_let_in()), "")

    def _known(self) -> Iterator[str]:
        yield files.text(self.folder.admin_password)
        yield files.text(self.folder.pending_password)
        yield vault.get(self.host(), vault.ADMIN_PASSWORD)

    def _reset(self, host: Host) -> str:
        """Write a password into the login app's database, and return it."""
        password = accounts.generated()
        files.write_private(self.folder.pending_password, password)
        try:
            told = keeping.ask_host(host, "admin", password=password, place="data")
            if not told.get("set"):
                raise HostFailed("it has no database of users yet: run `mlflow-ops up`.")
        except HostFailed as error:
            raise MlflowOpsError(
                "The server takes none of the admin's passwords that are known here, and a new "
                f"one could not be set on its host: {error}"
            ) from error
        return password

    def _with(self, password: str) -> Accounts:
        return Accounts(replace(self.tracking, username=serving.ADMIN, password=password))
