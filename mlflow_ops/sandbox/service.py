"""The sandbox's process: its API, its machine and the machine's SSH server, from start to end."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import secrets
import signal
import socket
import sys
import threading
from functools import partial
from typing import TYPE_CHECKING

from mlflow_ops.sandbox import cloud, running, switch, warmth
from mlflow_ops.sandbox.api import Front
from mlflow_ops.sandbox.children import Children
from mlflow_ops.sandbox.machine import Machine
from mlflow_ops.sandbox.metadata import Metadata
from mlflow_ops.sandbox.places import Places
from mlflow_ops.sandbox.running import ADDRESS, Sandbox
from mlflow_ops.sandbox.server import serve
from mlflow_ops.sandbox.sshd import Sshd

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

log = logging.getLogger(__name__)


async def run(folder: Path, ready: Callable[[], None]) -> None:
    """Be the sandbox of this folder until told to stop; call `ready` once everything answers."""
    places, children, stopped = Places(folder), Children(), asyncio.Event()
    machine = Machine(places.home, cloud.instances)
    loop = asyncio.get_running_loop()

    def stop() -> None:
        loop.call_soon_threadsafe(stopped.set)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    children.adopt_orphans()
    sshd = Sshd(places, machine, children)
    machine.hang_up, machine.show = sshd.hang_up, sshd.show
    with socket.create_server((ADDRESS, 0)) as door, _reserved_port() as server_port:
        sandbox = Sandbox(
            folder=folder,
            pid=os.getpid(),
            endpoint=f"http://{ADDRESS}:{_port(door)}",
            ssh_port=await sshd.listen(),
            server_port=server_port,
            token=secrets.token_urlsafe(32),
        )
        front = Front(
            cloud.application(places.images),
            sandbox,
            changed=machine.follow,
            hand_in=machine.hand_in,
            stop=stop,
            metadata=Metadata(sandbox.metadata_secret, power_off=partial(switch.off, machine)),
        )
        sshd.environment = {"AWS_EC2_METADATA_SERVICE_ENDPOINT": sandbox.metadata}
        with serve(door, front):
            running.write(sandbox)
            ready()
            threading.Thread(target=warmth.load, args=(front.moto,), daemon=True).start()
            log.info("The sandbox is ready.")
            await stopped.wait()
            await asyncio.to_thread(machine.end)
            sshd.close()


@contextlib.contextmanager
def _reserved_port() -> Iterator[int]:
    """Choose a free port, and on Linux keep others from being given it.

    There a server that sets SO_REUSEADDR, as servers do, may still bind it. On macOS it could
    not, so there the port is only known to have been free.
    """
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind((ADDRESS, 0))
        port = _port(holder)
        if sys.platform != "linux":
            holder.close()
        yield port


def _port(bound: socket.socket) -> int:
    return int(bound.getsockname()[1])
