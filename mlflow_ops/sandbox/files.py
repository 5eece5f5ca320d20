"""The host's files over SFTP: those in its home, for the rest is the user's own machine."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

import asyncssh

if TYPE_CHECKING:
    from asyncssh import SSHServerChannel


class Files(asyncssh.SFTPServer):
    """Serves one client; paths begin at the home, and no link leads out of it."""

    def __init__(self, home: Path, channel: SSHServerChannel[bytes]) -> None:
        super().__init__(channel)
        self._home = home.resolve()

    def map_path(self, path: bytes) -> bytes:
        """Return the file that a client means; raise SFTPPermissionDenied outside of the home."""
        found = Path(os.path.normpath(self._home / os.fsdecode(path)))
        if found == self._home.parent:  # which is listed in the home as `..`
            found = self._home
        if not found.resolve().is_relative_to(self._home):
            raise asyncssh.SFTPPermissionDenied("in the sandbox there is the host's home alone")
        return os.fsencode(found)

    def exit(self) -> None:
        """End as a real server does, with an exit code: else `scp` takes it for a failure."""
        with contextlib.suppress(OSError):  # it is lost already
            self.channel.exit(0)
