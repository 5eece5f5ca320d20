"""The stack's local files: private from the moment they exist, and gone after `down`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlflow_ops import files
from mlflow_ops.errors import WrongPlace
from mlflow_ops.journal import Journal

if TYPE_CHECKING:
    from pathlib import Path

    from mlflow_ops.names import Names


@dataclass(frozen=True)
class Folder:
    """The stack's local files; private, and gone after `down`."""

    path: Path

    @property
    def place(self) -> Path:
        """In which account and region the stack of this name stands."""
        return self.path / "stack.json"

    @property
    def access_key(self) -> Path:
        """The access key with its secret, as the console's download has it."""
        return self.path / "accessKeys.csv"

    @property
    def private_key(self) -> Path:
        """The SSH private key, which never leaves this machine."""
        return self.path / "id_ed25519"

    @property
    def known_hosts(self) -> Path:
        """The host keys pinned at the first connection, by instance id."""
        return self.path / "known_hosts"

    @property
    def host_log(self) -> Path:
        """All that the commands on the host have printed."""
        return self.path / "host.log"

    @property
    def journal(self) -> Journal:
        """What was asked of AWS."""
        return Journal(self.path / "journal.jsonl")

    def settle(self, names: Names) -> None:
        """Write down where the stack stands, before anything of it is made."""
        place = {"account": names.account, "region": names.region}
        files.write_private(self.place, json.dumps(place) + "\n")

    def check(self, names: Names) -> None:
        """Raise WrongPlace when the stack of this name stands somewhere else."""
        if not self.place.exists():
            return
        place = json.loads(self.place.read_text(encoding="utf-8"))
        if place != {"account": names.account, "region": names.region}:
            raise WrongPlace(
                f"The stack {names.stack!r} of this machine stands in account {place['account']}, "
                f"{place['region']}, but this command looks in account {names.account}, "
                f"{names.region}: say --region or --profile, or take another --name."
            )

    def forget(self, home: Path) -> None:
        """Remove every file of ours, and the folders up to `home` that are empty then."""
        known = (self.place, self.access_key, self.private_key, self.known_hosts, self.host_log)
        for path in (*known, self.journal.path):
            path.unlink(missing_ok=True)
            files.temporary_of(path).unlink(missing_ok=True)
        files.remove_empty(self.path, home)
