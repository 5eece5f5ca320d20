"""A real SSH server in a process of its own, with a folder for the machine behind it.

    python ssh.py HOME KEYS ADDRESS PORT PATH

KEYS is a file of public keys, one a line, or the URL of an AWS API, where live instances' key
pairs are let in; its region follows the URL after a `#`. The host key is the one that the live
instance was launched with; or it stands, private, in a file beside KEYS whose name ends in `.host`.
It prints the port once it listens.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncssh

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    Run = Callable[[asyncssh.SSHServerProcess[bytes]], Awaitable[None]]


@dataclass(frozen=True)
class SshDouble:
    """A running double; `commands` are those it was asked to run."""

    home: Path
    address: str
    port: int

    @property
    def commands(self) -> list[str]:
        """Return every command it was asked to run."""
        log = self.home / ".commands"
        return log.read_text(encoding="utf-8").split("\0") if log.exists() else []


@contextmanager
def running(
    home: Path, keys: str, *, address: str = "127.0.0.1", port: int = 0, path: str = os.defpath
) -> Iterator[SshDouble]:
    """Serve while the context lasts; then end it and all that was started in it."""
    home.mkdir(exist_ok=True)
    words = [sys.executable, __file__, str(home), keys, address, str(port), path]
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        try:
            assert process.stdout
            yield SshDouble(home, address, int(process.stdout.readline()))
        finally:
            os.killpg(process.pid, signal.SIGKILL)


def _ec2(keys: str) -> Any:  # noqa: ANN401 - one of boto3's clients
    import boto3  # noqa: PLC0415 - only where a cloud is asked

    return boto3.client(
        "ec2",
        region_name=keys.partition("#")[2] or "us-east-1",
        endpoint_url=keys.partition("#")[0],
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
    )


def _live(ec2: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - likewise
    live = [{"Name": "instance-state-name", "Values": ["running"]}]
    found = ec2.describe_instances(Filters=live)["Reservations"]
    return [instance for reservation in found for instance in reservation["Instances"]]


def _host_key(keys: str) -> asyncssh.SSHKey:
    if not keys.startswith("http"):
        return asyncssh.read_private_key(f"{keys}.host")
    ec2 = _ec2(keys)
    for instance in _live(ec2):
        asked = {"InstanceId": instance["InstanceId"], "Attribute": "userData"}
        data = ec2.describe_instance_attribute(**asked)["UserData"].get("Value", "")
        wishes = json.loads(base64.b64decode(data).decode().partition("\n")[2] or "{}")
        if given := wishes.get("ssh_keys"):
            return asyncssh.import_private_key(given["ed25519_private"])
    return asyncssh.generate_private_key("ssh-ed25519")


def _known(keys: str) -> list[str]:
    if not keys.startswith("http"):
        return Path(keys).read_text(encoding="utf-8").splitlines()
    ec2 = _ec2(keys)
    names = {instance.get("KeyName") for instance in _live(ec2)}
    pairs = ec2.describe_key_pairs(IncludePublicKey=True)["KeyPairs"]
    return [pair["PublicKey"] for pair in pairs if pair["KeyName"] in names]


def _gate(keys: str) -> type[asyncssh.SSHServer]:
    class Gate(asyncssh.SSHServer):
        def begin_auth(self, username: str) -> bool:
            return True

        def public_key_auth_supported(self) -> bool:
            return True

        def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
            known = [asyncssh.import_public_key(text) for text in _known(keys)]
            return username == "ubuntu" and key in known

        def connection_requested(self, dest_host: str, *_: object) -> bool:
            return dest_host == "127.0.0.1"

    return Gate


async def _pump(source: asyncio.StreamReader | None, sink: asyncssh.SSHWriter[bytes]) -> None:
    while source and (data := await source.read(65_536)):
        sink.write(data)
        await sink.drain()


async def _serve(words: list[str]) -> None:
    home, (keys, address, port, path) = Path(words[0]), words[1:]

    async def run(process: asyncssh.SSHServerProcess[bytes]) -> None:
        with (home / ".commands").open("a", encoding="utf-8") as log:
            log.write(f"{process.command}\0")
        child = await asyncio.create_subprocess_shell(
            process.command or "",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=home,
            env={"HOME": str(home), "USER": "ubuntu", "PATH": path, "LANG": "C.UTF-8"},
        )
        await process.redirect(stdin=child.stdin)
        pumps = (_pump(child.stdout, process.stdout), _pump(child.stderr, process.stderr))
        await asyncio.gather(*pumps)
        process.exit(await child.wait())

    with socket.create_server((address, int(port))) as listener:
        listener.setblocking(False)  # noqa: FBT003 - socket's own signature
        print(listener.getsockname()[1], flush=True)  # noqa: T201 - what `running` waits for
        connections = set[asyncio.Task[None]]()
        while True:
            line, _ = await asyncio.get_running_loop().sock_accept(listener)
            connections.add(asyncio.create_task(_connection(line, keys, run)))


async def _connection(line: socket.socket, keys: str, run: Run) -> None:
    """Serve one connection, with the host key that there is now."""
    key = await asyncio.to_thread(_host_key, keys)
    with suppress(OSError, asyncssh.Error):
        await asyncssh.run_server(
            line,
            server_factory=_gate(keys),
            server_host_keys=[key],
            process_factory=run,
            encoding=None,
        )


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1:]))
