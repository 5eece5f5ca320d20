"""What only the stack's operators may hold, on the host: hidden there from the server itself.

With it another machine's `up` takes the stack over without a change for anybody: the CA that
clients pin stays, and so does the admin's password.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlflow_ops.host import Host

FOLDER = ".mlflow-ops"
CA_KEY, CA_CERTIFICATE, ADMIN_PASSWORD = "ca.key", "ca.crt", "admin-password"


def get(host: Host, name: str) -> str:
    """Return what the vault holds under this name, or nothing; it stands in no log."""
    return host.get(f"{FOLDER}/{name}")


def put(host: Host, name: str, text: str) -> None:
    """Keep this text in the vault, in a file born 0600 in a folder that is 0700."""
    host.run(f"mkdir -p {FOLDER} && chmod 700 {FOLDER}")
    host.put(f"{FOLDER}/{name}", text)
