"""Who may log in to the server, by the REST API of MLflow's login app.

https://mlflow.org/docs/latest/self-hosting/security/basic-http-auth/
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlflow_ops.errors import BadOption, MlflowOpsError, Refused
from mlflow_ops.server import serving

if TYPE_CHECKING:
    from mlflow_ops.reach.tracking import Tracking

# Bytes from the system's source of randomness; 32 characters of text.
LENGTH = 24
# MLflow's own rule: https://github.com/mlflow/mlflow/pull/25751
SHORTEST = 12
LONGEST = 64
NAME = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._@+-]{{0,{LONGEST - 1}}}")
FORBIDDEN, UNAUTHORIZED = 403, 401


@dataclass(frozen=True)
class Account:
    """A user of the server."""

    name: str
    is_admin: bool


@dataclass(frozen=True)
class Accounts:
    """The server's users, as an admin sees them."""

    tracking: Tracking

    def all(self) -> list[Account]:
        """Return every user, by name."""
        found = self._call("GET", "/users/list")["users"]
        return sorted(
            (Account(str(user["username"]), bool(user["is_admin"])) for user in found),
            key=lambda account: account.name,
        )

    def add(self, name: str, password: str, *, admin: bool) -> None:
        """Add a user, who writes to nobody else's runs; raise MlflowOpsError if there is one."""
        if name in {account.name for account in self.all()}:
            raise MlflowOpsError(
                f"There is a user {short(name)} already: `mlflow-ops user password {name}` gives "
                f"them a new password, `mlflow-ops user remove {name}` removes them."
            )
        self._call("POST", "/users/create", {"username": name, "password": password})
        if admin:
            self._call("PATCH", "/users/update-admin", {"username": name, "is_admin": True})

    def remove(self, name: str) -> None:
        """Remove a user; MlflowOpsError for one who is unknown, and for the stack's own admin.

        Who asks is an admin and cannot be removed either, so that there is always one.
        """
        self._check_known(name)
        if name in {serving.ADMIN, self.tracking.username}:
            raise MlflowOpsError(
                f"The user {short(name)} stays: mlflow-ops itself works with this login. "
                "`mlflow-ops user password` gives it a new password."
            )
        self._call("DELETE", "/users/delete", {"username": name})

    def set_password(self, name: str, password: str) -> None:
        """Give a user, perhaps the one we are, a new password; raises as `remove` does."""
        self._check_known(name)
        change = {"username": name, "password": password}
        if name == self.tracking.username:
            change["current_password"] = self.tracking.password
        self._call("PATCH", "/users/update-password", change)

    def is_let_in(self) -> bool:
        """Whether the server takes our login; raises NotReady when it gives no answer."""
        try:
            self.tracking.get("/users/current")
        except Refused as error:
            if error.status == UNAUTHORIZED:
                return False
            raise
        return True

    def _check_known(self, name: str) -> None:
        if name not in {account.name for account in self.all()}:
            raise MlflowOpsError(
                f"There is no user {short(name)}: `mlflow-ops user list` shows who there is."
            )

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        try:
            return self.tracking.call(method, path, body)
        except Refused as error:
            raise self._explained(error) from error

    def _explained(self, error: Refused) -> MlflowOpsError:
        who = short(self.tracking.username)
        if error.status == UNAUTHORIZED:
            return MlflowOpsError(
                f"The server does not take the password of {who} that this machine has: "
                "`mlflow-ops up` takes the one that the host keeps; only if nobody has it, "
                f"`mlflow-ops user password {serving.ADMIN}` sets a new one. Or ask an admin."
            )
        if error.status == FORBIDDEN:
            return MlflowOpsError(f"The user {who} is no admin: ask one to do this.")
        return error


def checked(name: str) -> str:
    """Return a new user's name when it is a good one; raise BadOption otherwise."""
    if not NAME.fullmatch(name):
        raise BadOption(
            f"The user name {short(name)} will not do: take 1 to 64 letters of a to z, digits and "
            "any of . _ @ + -, beginning with a letter or a digit."
        )
    return name


def is_good(password: str) -> bool:
    """Whether this can be a password: one line, long enough, that survives every file."""
    return len(password) >= SHORTEST and password.isprintable() and password == password.strip()


def good(password: str) -> str:
    """Return a password that somebody chose; raise BadOption, without showing it, for a bad one."""
    if not is_good(password):
        raise BadOption(
            f"The password will not do: take one line of {SHORTEST} characters or more, without "
            "tabs or other control characters, and without spaces around it."
        )
    return password


def generated() -> str:
    """Return a new password."""
    return secrets.token_urlsafe(LENGTH)


def short(name: str) -> str:
    """Return a name in quotes as a sentence can hold it, whatever it is."""
    return ascii(name if len(name) <= LONGEST else f"{name[:LONGEST]}...")
