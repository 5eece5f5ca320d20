"""A real SSH server in a process of its own, with a folder for the machine behind it.

    python ssh.py HOME KEYS ADDRESS PORT PATH

KEYS is a file of public keys, one a line, or the URL of an AWS API, where live instances' key
pairs are let in; its region follows the URL after a `#`.
It prints the port once it listens.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncssh

if TYPE_CHECKING:
    from collections.abc import Iterator


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


def _known(keys: str) -> list[str]:
    if not keys.startswith("http"):
        return Path(keys).read_text(encoding="utf-8").splitlines()
    import boto3  # noqa: PLC0415 - only where a cloud is asked

    ec2: Any = boto3.client(
        "ec2",
        region_name=keys.partition("#")[2] or "us-east-1",
        endpoint_url=keys.partition("#")[0],
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
    )
    live = [{"Name": "instance-state-name", "Values": ["running"]}]
    names = {
        instance.get("KeyName")
        for reservation in ec2.describe_instances(Filters=live)["Reservations"]
        for instance in reservation["Instances"]
    }
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

    return Gate


async def _pump(source: asyncio.StreamReader | None, sink: asyncssh.SSHWriter[bytes]) -> None:
    while source and (data := await source.read(65_536)):
        sink.write(data)
        await sink.drain()


async def _serve(home: Path, keys: str, address: str, port: int, path: str) -> None:
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

    acceptor = await asyncssh.listen(
        address,
        port,
        server_factory=_gate(keys),
        server_host_keys=[asyncssh.generate_private_key("ssh-ed25519")],
        process_factory=run,
        encoding=None,
    )
    print(acceptor.get_port(), flush=True)  # noqa: T201 - what `running` waits for
    await acceptor.wait_closed()


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4]), sys.argv[5]))
