"""Commands on the host, over one SSH connection."""

from __future__ import annotations

import logging
import shlex
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import paramiko

from mlflow_ops import transcript
from mlflow_ops.errors import CommandFailed, HostUnreachable, NotReady
from mlflow_ops.host.draining import drained, noted

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mlflow_ops.reach.line import Line

OPEN_DEADLINE = 10.0
# Without a handler, what paramiko logs of a host's own words would reach the terminal as it is:
# https://docs.python.org/3/library/logging.html#logging.lastResort
logging.getLogger("paramiko").addHandler(logging.NullHandler())
LOST = "The SSH connection to the host was lost: run the same command again."


@dataclass
class Host:
    """One SSH connection, over which commands run one after the other.

    Lines go to `on_line` as they come, and all that is printed to `log`.
    """

    client: paramiko.SSHClient
    log: Path | None = None
    on_line: Callable[[str], None] = field(default=lambda _: None)

    def run(self, command: str, *, deadline: float = 60.0, stdin: str = "") -> str:
        """Run a shell command, feed it `stdin`, and return what it printed, of much the end.

        Raises CommandFailed, with the last lines, when it ends with an error or is not done
        within `deadline` seconds; then it is ended on the host, too.
        """
        end = time.monotonic() + deadline + transcript.GRACE
        channel = self._open(transcript.limited(command, deadline), stdin)
        printed = transcript.Ending()
        try:
            with noted(command, self.log, self.on_line) as note:
                for piece in drained(channel, end):
                    printed.add(piece)
                    note(piece)
            # Only after the output is drained, and never without a deadline:
            # https://github.com/paramiko/paramiko/issues/448 and /1815
            if not channel.status_event.wait(max(0.0, end - time.monotonic())):
                raise TimeoutError
        except TimeoutError:
            channel.exit_status = transcript.TIMED_OUT
        finally:
            channel.close()
        if channel.exit_status == 0:
            return str(printed)
        if channel.exit_status < 0:
            raise HostUnreachable(LOST)
        how = transcript.ended(channel.exit_status, deadline)
        what = transcript.short(command) + transcript.tail([str(printed)])
        raise CommandFailed(f"{how}: {what}")

    def ask(self, command: str, *, deadline: float = 60.0) -> str:
        """Run a command that changes nothing there, and return what it printed, as `run` does."""
        return self.run(command, deadline=deadline)

    def put(self, path: str, text: str) -> None:
        """Write text to a file of the login user, born 0600 and replaced in one move."""
        part, whole = shlex.quote(f"{path}.part"), shlex.quote(path)
        self.run(f"umask 077 && cat > {part} && mv -- {part} {whole}", stdin=text)

    def get(self, path: str) -> str:
        """Return what a file of the login user holds, nothing if there is none; no log tells it.

        Raises CommandFailed when the file is there and cannot be read.
        """
        file = shlex.quote(path)
        try:
            return Host(self.client).ask(f"[ ! -e {file} ] || cat {file}")
        except CommandFailed:  # without what it printed: that may be half a secret
            cure = "look at it there, and run the command again"
            raise CommandFailed(f"The host cannot read its file {path}: {cure}.") from None

    def line(self, address: str, port: int) -> Line:
        """Return a stream to where the host reaches the address.

        Raises NotReady when nothing answers there, HostUnreachable when the connection is lost.
        """
        transport = self.client.get_transport()
        try:
            if transport is None:
                raise EOFError
            return transport.open_channel(
                "direct-tcpip", (address, port), ("127.0.0.1", 0), timeout=OPEN_DEADLINE
            )
        except paramiko.ChannelException as error:
            raise NotReady(
                f"Nothing answers on the host at {address}:{port}: {error.text}."
            ) from error
        except (OSError, EOFError, paramiko.SSHException) as error:
            raise HostUnreachable(LOST) from error

    @property
    def shown(self) -> str:
        """The key that the host has shown and proven to have, base64."""
        transport = self.client.get_transport()
        if transport is None:
            raise HostUnreachable(LOST)
        return transport.get_remote_server_key().get_base64()

    def close(self) -> None:
        """End the connection."""
        self.client.close()

    def _open(self, command: str, stdin: str) -> paramiko.Channel:
        transport = self.client.get_transport()
        try:
            if transport is None:
                raise EOFError
            channel = transport.open_session(timeout=OPEN_DEADLINE)
            channel.set_combine_stderr(True)
            channel.settimeout(OPEN_DEADLINE)
            channel.exec_command(command)
            channel.sendall(stdin.encode())
            channel.shutdown_write()
        except (OSError, EOFError, paramiko.SSHException) as error:
            raise HostUnreachable(LOST) from error
        return channel
