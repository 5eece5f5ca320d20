"""A host for quick runs: a real SSH server and the MLflow API in a thread, with a folder behind.

Each instance that the cloud launches gets a disk and a host key of its own, and lets in the key
it was launched with; terminating it takes all of that away.
"""

from __future__ import annotations

import asyncio
import re
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import asyncssh

from . import backends, cloud_init
from .home import Home
from .programs import lay_out
from .sshd import Listeners
from .wire import Dropped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from mlflow_ops.target import Ports

    from .wire import Answer, Ask, Call

    Result = tuple[int, bytes]
    Passing = Callable[[str, Callable[[], Result]], Result]

LAUNCHED = re.compile(rb"<instanceId>(i-[0-9a-f]+)</instanceId>")


@dataclass
class Machine:
    """The machine of one instance; `host_key` is what it shows, `born_with` what it was given."""

    instance: str
    home: Home
    host_key: asyncssh.SSHKey
    born_with: asyncssh.SSHKey
    pushed: list[str] = field(default_factory=list)
    on: bool = True


@dataclass
class Host:
    """What is behind the newest running instance; `passing` may stop or delay any command.

    `fed` is what each of the `commands` was given to read.
    """

    folder: Path
    ports: Ports = field(init=False)
    machines: dict[str, Machine] = field(default_factory=dict)
    launched: list[str] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    fed: list[str] = field(default_factory=list)
    passing: Passing | None = None
    mine: Callable[[Call], bool] = field(default=lambda _: True)

    def __post_init__(self) -> None:
        self.listeners = Listeners(self)
        self._fakes = lay_out(self.folder / "fakes")

    def rule(self, call: Call, ask: Ask) -> Answer:
        """Let the machines follow what is done to their instances."""
        answer = ask()
        if answer.good and call.service == "ec2":
            self._follow(call, answer)
        pushed_to = self.machines.get(call.parameters.get("InstanceId", ""))
        if answer.good and pushed_to and call.operation == "SendSSHPublicKey":
            pushed_to.pushed.append(call.parameters["SSHPublicKey"])
        return answer

    def reset(self) -> None:
        """Take every machine away."""
        for instance in list(self.machines):
            self._end(instance)
        self.commands.clear()
        self.fed.clear()
        self.launched.clear()

    @property
    def live(self) -> Machine | None:
        """The machine that answers."""
        return next((m for m in reversed(self.machines.values()) if m.on), None)

    def need(self) -> Machine:
        """Return the machine that answers, which there must be."""
        assert self.live
        return self.live

    def _follow(self, call: Call, answer: Answer) -> None:
        named = call.parameters.get("InstanceIds", [])
        if call.operation == "RunInstances" and self.mine(call):
            found = LAUNCHED.search(answer.body)
            assert found, answer.body
            self._boot(found[1].decode(), call)
        for machine in [self.machines[one] for one in named if one in self.machines]:
            if call.operation == "TerminateInstances":
                self._end(machine.instance)
            elif call.operation in {"StopInstances", "StartInstances"}:
                machine.on = call.operation == "StartInstances"
                self._show_key()

    def _boot(self, instance: str, call: Call) -> None:
        if instance in self.launched:  # it was asked for again
            return
        self.launched.append(instance)
        pairs = backends.ec2(call.region).key_pairs
        home = Home(self.folder / instance, self._fakes)
        given = cloud_init.host_key(call.parameters.get("UserData", ""))
        home.boot(str(pairs[call.parameters["KeyName"]].public_key), given)
        key = asyncssh.import_private_key(given)
        self.machines[instance] = Machine(instance, home, key, key)
        self._show_key()

    def _end(self, instance: str) -> None:
        self.machines.pop(instance).home.wipe()
        self._show_key()

    def _show_key(self) -> None:
        """Let the next connection meet the live machine's host key."""
        if self.live:
            self.listeners.show(self.live.host_key)

    def answer(self, command: str, stdin: bytes) -> Result:
        """Run a command on the live machine."""
        if (machine := self.live) is None:
            raise Dropped
        self.commands.append(command)
        self.fed.append(stdin.decode())
        go = partial(self._run, machine, command, stdin)
        return self.passing(command, go) if self.passing else go()

    def _run(self, machine: Machine, command: str, stdin: bytes) -> Result:
        """Run a command, after which sshd may show another key."""
        result = machine.home.run(command, stdin)
        key = asyncssh.import_private_key(machine.home.host_key)
        if key != machine.host_key:
            machine.host_key = key
            self._show_key()
        return result


@contextmanager
def running(folder: Path) -> Iterator[Host]:
    """Serve hosts in a thread of this process while the context lasts."""
    host, ready = Host(folder), threading.Event()
    loop, stop = asyncio.new_event_loop(), asyncio.Event()
    thread = threading.Thread(
        target=loop.run_until_complete, args=(host.listeners.serve(stop, ready),)
    )
    thread.start()
    try:
        assert ready.wait(10)
        yield host
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()
